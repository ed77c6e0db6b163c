"""Rows and figures that pages show."""

from typing import cast

import pytest

from ui import tables
from ui.answers import Costs, Plan


@pytest.fixture
def costs(answers: dict[str, tuple[int, object]]) -> Costs:
    """Return the canned costs: vision 7000, nlp 2500, unallocated 500, together 10,000 USD."""
    return cast("Costs", answers["/v1/costs"][1])


@pytest.fixture
def plan(answers: dict[str, tuple[int, object]]) -> Plan:
    """Return the canned plan: one workload placed for 1000 USD, one left out at 500."""
    return cast("Plan", answers["/v1/plans/latest"][1])


def test_a_table_has_the_rows_of_one_currency(costs: Costs) -> None:
    """All three rows are in dollars, none is in euros."""
    rows = tables.cost_rows(costs, "USD")

    assert [(row["Team"], row["Effective"]) for row in rows] == [
        ("vision", 7000.0),
        ("nlp", 2500.0),
        ("unallocated", 500.0),
    ]
    assert tables.cost_rows(costs, "EUR") == tables.chart_rows(costs, "EUR") == []


def test_a_bar_consists_of_the_parts_of_effective_cost(costs: Costs) -> None:
    """Vision's 7000 are 5000 direct, 1500 shared, 500 idle and nothing unallocated."""
    rows = [row for row in tables.chart_rows(costs, "USD") if row["team"] == "vision"]

    assert [(row["place"], row["part"], row["amount"]) for row in rows] == [
        (0, "Direct", 5000.0),
        (1, "Shared", 1500.0),
        (2, "Idle", 500.0),
        (3, "Unused commitment", 0.0),
        (4, "Distributed", 0.0),
        (5, "Unallocated", 0.0),
    ]


def test_the_difference_is_shown_to_whom_the_api_tells_it(costs: Costs) -> None:
    """A team's token gets no company totals, so there is nothing to compare."""
    total = costs["totals"][0]

    whole = tables.cost_figures(total)
    team = tables.cost_figures({**total, "difference": None})

    assert whole[-1].value == "0.00"
    assert [figure.label for figure in whole][:-1] == [figure.label for figure in team]


def of_a_team(plan: Plan) -> Plan:
    """Return the plan as a team's token gets it."""
    return {**plan, "left_out": None, "cost": None, "bound": None, "gap": None, "baselines": {}}


def test_a_plan_shows_bound_and_gap_to_whom_the_api_tells_them(plan: Plan) -> None:
    """A team's token sees its own spend and counts: three figures instead of seven."""
    whole = tables.plan_figures(plan)
    team = tables.plan_figures(of_a_team(plan))

    assert [(figure.label, figure.value) for figure in whole] == [
        ("Spend", "1,000.00"),
        ("Placed", "1"),
        ("Unplaced", "1"),
        ("Left out", "500.00"),
        ("Plan cost", "1,500.00"),
        ("Gap", "2.00 %"),
        ("Bound", "1,470.00"),
    ]
    assert team == whole[:3]


def test_other_ways_stand_beside_the_plan_with_what_they_place(plan: Plan) -> None:
    """Spend and total cost are apart, so that a penalty does not pass for a price."""
    rows = tables.way_rows(plan)

    assert [tuple(row.values()) for row in rows] == [
        ("This plan", 1, 1, 1000.0, 1500.0),
        ("Cheapest offer first", 1, 1, 1100.0, 1600.0),
        ("On demand within quotas", 0, 2, 0.0, 2500.0),
        ("On demand without limits", 2, 0, 2200.0, 2200.0),
    ]
    assert tables.way_rows(of_a_team(plan)) == []


def test_a_workload_without_a_place_says_why(plan: Plan) -> None:
    """It has no offer, no start and no end, but a reason."""
    placed, unplaced = tables.placement_rows(plan)

    assert placed["Start"] == "2026-11-21 05:00 UTC"
    assert [unplaced[name] for name in ("Offer", "Start", "End")] == ["—", "—", "—"]
    assert unplaced["Why"] == "no offer has 16 machines"


def test_reasons_are_counted(plan: Plan) -> None:
    """One workload has no place for want of capacity."""
    rows = tables.reason_rows(plan)

    assert rows == [
        {"Reason": "No capacity", "Workloads": 1, "For example": "no offer has 16 machines"}
    ]
