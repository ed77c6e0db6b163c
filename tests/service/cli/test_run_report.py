"""What a nightly report looks like on a terminal."""

from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from service.cli.run_report import show

PLAN: dict[str, Any] = {
    "id": "00000000-0000-0000-0000-000000000008",
    "status": "feasible",
    "currency": "USD",
    "spend": "1030.00",
    "left_out": "40.00",
    "cost": "1070.00",
    "bound": "1048.60",
    "gap": 0.02,
    "placed": 2,
    "unplaced": 4,
    "reasons": {
        "no_offer": {"workloads": 1, "example": "no offer is left with 1 x [L4]"},
        "capacity_full": {"workloads": 3, "example": "o has 0 of 1 machines left"},
    },
    "baselines": {
        "on_demand_list": {"spend": "3000.00", "cost": "3000.00", "placed": 6, "unplaced": 0},
        "greedy": {"spend": "1100.00", "cost": "1180.00", "placed": 1, "unplaced": 5},
    },
    "stale_inputs": ["aws"],
}


@pytest.fixture
def report() -> dict[str, Any]:
    """Return a night in which a source was loaded, another failed, and nothing was left over."""
    return {
        "scheduled_at": "2026-11-21T02:30:00+00:00",
        "loads": [
            {
                "source": "gcp",
                "kind": "focus",
                "outcome": "loaded",
                "rows": 1500,
                "quarantined": 2,
                "seconds": 0.25,
            }
        ],
        "failed": {"load aws": "aws.csv is not there"},
        "periods": [
            {
                "period": "2026-10",
                "currency": "USD",
                "bills": "150.005",
                "allocated": "150.005",
                "difference": "0.00",
            }
        ],
        "usage": {
            "period": "2026-10",
            "run": "r",
            "rows": [
                {
                    "kind": "utilised",
                    "gpu_ms": 9_000_000,
                    "effective_cost": {"EUR": "1.005", "USD": "20.00"},
                },
                {"kind": "unobserved", "gpu_ms": 3_600_000, "effective_cost": {}},
            ],
        },
        "providers": [
            {
                "provider": "GCP",
                "currency": "USD",
                "periods": {"2026-10": "150.005"},
                "effective_cost": "150.005",
            }
        ],
        "teams": {
            "period": "2026-10",
            "rows": [_team("vision", "100.0025"), _team("nlp", "50.0025")],
        },
        "plan": dict(PLAN),
    }


def _team(team: str, direct: str) -> dict[str, str]:
    names = ("effective_cost", "direct", "billed_cost")
    none = dict.fromkeys(("shared", "idle", "unallocated"), "0.00")
    return {"team": team, "currency": "USD", **dict.fromkeys(names, direct), **none}


def printed(report: dict[str, Any], *, demo: bool = False) -> list[str]:
    """Return the lines of the report with single spaces."""
    text = StringIO()
    show(report, Console(file=text, width=80), demo=demo)
    return [" ".join(line.split()) for line in text.getvalue().splitlines()]


def test_a_report_shows_loads_cost_by_team_and_the_difference(report: dict[str, Any]) -> None:
    """100.0025 and 50.0025 are added before they are shortened: 150.005, which is 150.00."""
    lines = printed(report)

    assert "gcp focus loaded 1,500 2 0.2" in lines
    assert "GCP USD 150.00 150.00" in lines
    assert "vision USD 100.00 100.00 0.00 0.00 0.00 100.00" in lines
    assert "total USD 150.00 150.00 0.00 0.00 0.00 150.00" in lines
    assert "2026-10 USD 150.005 150.005 0.00" in lines
    assert "load aws failed: aws.csv is not there" in lines


def test_what_is_missing_of_a_load_is_told_below_the_table(report: dict[str, Any]) -> None:
    """One line for each note, with source and period."""
    report["loads"][0] |= {"period": "2026-11-20", "notes": ["06:00 to 07:00 UTC: [busy]"]}

    assert "gcp 2026-11-20: 06:00 to 07:00 UTC: [busy]" in printed(report)


def test_brackets_in_names_and_reasons_are_no_markup(report: dict[str, Any]) -> None:
    """A closing tag that nothing opened would otherwise end the report in the middle."""
    report["failed"] = {"load [/x]": "no file fits [a]/*.csv"}
    report["providers"][0]["provider"] = "GCP [/b]"
    report["plan"]["stale_inputs"] = ["[/x]"]

    lines = printed(report)

    assert "GCP [/b] USD 150.00 150.00" in lines
    assert "load [/x] failed: no file fits [a]/*.csv" in lines
    assert lines[-1] == "planned on stale inputs: [/x]"


def test_a_report_keeps_spend_and_the_price_of_leaving_out_apart(report: dict[str, Any]) -> None:
    """1,030 are spent and 40 are no money: 1,070 beside a bound of 1,048.60, 2 %."""
    lines = printed(report)

    start = lines.index("spend, 2 workloads placed 1,030.00 USD")
    assert lines[start + 1 : start + 5] == [
        "price of what is left out, 4 workloads 40.00 USD",
        "total cost 1,070.00 USD",
        "lower bound, proven 1,048.60 USD",
        "gap 2.00 %",
    ]
    assert lines[-1] == "planned on stale inputs: aws"


def test_other_ways_are_compared_by_what_they_place(report: dict[str, Any]) -> None:
    """The order is that of the names, not of the stored object, and a missing way is left out."""
    lines = printed(report)

    start = lines.index("way placed not placed spend total cost")
    assert lines[start + 1 : start + 4] == [
        "this plan 2 4 1,030.00 1,070.00",
        "cheapest offer first 1 5 1,100.00 1,180.00",
        "on demand, without limits 6 0 3,000.00 3,000.00",
    ]


def test_reasons_are_counted_and_the_most_frequent_comes_first(report: dict[str, Any]) -> None:
    """Three workloads met full offers, one has none; brackets in a name stay."""
    lines = printed(report)

    start = lines.index("Not placed")
    assert lines[start + 1 : start + 3] == [
        "3 x capacity_full, for example: o has 0 of 1 machines left",
        "1 x no_offer, for example: no offer is left with 1 x [L4]",
    ]


def test_an_empty_night_has_a_heading_only(report: dict[str, Any]) -> None:
    """Nothing loaded, nothing allocated, nothing planned; a demo is marked as one."""
    empty: dict[str, Any] = {"loads": [], "failed": {}, "periods": [], "providers": []}

    lines = printed({**report, **empty, "teams": None, "usage": None, "plan": None}, demo=True)

    assert lines == ["", "Nightly run of 2026-11-21 DEMO: an invented company"]


def test_a_plan_without_leftovers_gives_no_reasons(report: dict[str, Any]) -> None:
    """All are placed, so nothing is said about what is not."""
    all_placed = {**PLAN, "reasons": {}, "stale_inputs": []}

    lines = printed({**report, "plan": all_placed})

    assert "Not placed" not in lines


def test_gpu_time_is_shown_by_kind_and_what_is_not_known_says_so(report: dict[str, Any]) -> None:
    """9,000,000 ms are 2.5 GPU-hours; a kind without a known cost is unknown, not nothing."""
    lines = printed(report)

    assert "utilised 2.5 1.00 EUR" in lines
    assert "20.00 USD" in lines
    assert "unobserved 1.0 unknown" in lines


def test_rare_lines_of_cost_are_shown_where_there_are_any(report: dict[str, Any]) -> None:
    """Platform's 30 direct and 20 unused are passed on whole; a report from before has neither."""
    platform = _team("platform", "30.00") | {"effective_cost": "0.00", "billed_cost": "0.00"}
    platform |= {"unused_commitment": "20.00", "distributed": "-50.00"}
    rest = {"unused_commitment": "0.00", "distributed": "0.00"}
    report["teams"]["rows"] = [platform, _team("vision", "50.00") | rest]

    lines = printed(report)

    names = "direct shared idle unused distributed unallocated billed"
    assert f"team currency effective {names}" in lines
    assert "platform USD 0.00 30.00 0.00 0.00 20.00 -50.00 0.00 0.00" in lines
    assert "total USD 50.00 80.00 0.00 0.00 20.00 -50.00 0.00 50.00" in lines


def test_the_books_of_the_night_are_told_with_the_head_to_keep(report: dict[str, Any]) -> None:
    """October took 1,200 postings and was closed; November corrects it; December took none."""
    posted = {
        "2026-12": {"postings": 0, "restated": []},
        "2026-11": {"postings": 1, "restated": ["2026-10"]},
        "2026-10": {"postings": 1200, "restated": []},
    }
    newest = {"period": "2026-10", "head": "aa"}
    report["books"] = {"posted": posted, "closed": {"2026-10": "aa"}, "newest": newest}

    lines = printed(report)

    start = lines.index("Books")
    assert lines[start + 1 : start + 4] == [
        "2026-10: 1,200 postings",
        "2026-11: 1 posting, correcting 2026-10",
        "2026-10 is closed; head aa",
    ]
    assert not any(line.startswith("newest close") for line in lines)


def test_a_night_that_closed_nothing_tells_the_newest_head(report: dict[str, Any]) -> None:
    """The head of September's close stands in every report until the next one."""
    newest = {"period": "2026-09", "head": "bb"}

    told = printed({**report, "books": {"posted": {}, "closed": {}, "newest": newest}})
    quiet = printed({**report, "books": {"posted": {}, "closed": {}, "newest": None}})

    assert "newest close: 2026-09; head bb" in told
    assert "Books" not in quiet
