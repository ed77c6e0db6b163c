"""The cost of a run: all attempts at a job in all months, told in the month in which it ended."""

from pathlib import Path

import pytest

from service.bootstrap import Wiring
from service.domain.money import Money
from service.domain.periods import Period
from service.usecases.gpu_time.report_unit_costs import (
    UnitCostReport,
    UnitCostRow,
    report_unit_costs,
)
from tests.service.facts import Row, at, job, line, node, put, usage
from tests.service.usecases.test_report_waste import account_october, cents

SEPTEMBER, OCTOBER, NOVEMBER = Period("2026-09"), Period("2026-10"), Period("2026-11")


def attempt(number: int, started: object, ended: object, **columns: object) -> Row:
    """Return an attempt of vision's job j on one GPU of host h."""
    usual = {"attempt": number, "started": started, "ended": ended, "gpus": 1, "state": "failed"}
    return job("j", "vision", **(usual | {"hosts": '["h"]'} | columns))


def put_months(parts: Wiring, *runs: Row, source: str = "test") -> None:
    """Load 10, 20 and 40 dollars for an hour on the last of September, 5 October, 5 November.

    Job j held each of them; ``runs`` say whether it was one job.
    """
    lake = parts.lake
    put(lake, "node", [node("i-1", "h100", host="h", accelerator_model="H100")])
    for month, day, cost in ((9, 30, "10"), (10, 5, "20"), (11, 5, "40")):
        name = f"2026-{month:02d}"
        window = {"ChargePeriodStart": at(day, month=month), "ChargePeriodEnd": at(day, 12, month)}
        put(lake, "cost_line", [line(cost, ResourceId="i-1", **window)], period=name)
        seen = usage("h", 1, "j", hour=at(day, 3, month), observed_ms=3_600_000, activity_ms=0)
        put(lake, "gpu_usage", [seen], period=f"{name}-{day:02d}")
    for name in {f"{run['submitted']:%Y-%m}" for run in runs}:
        of = [run for run in runs if f"{run['submitted']:%Y-%m}" == name]
        put(lake, "job_run", of, period=name, source=source)


def shown(parts: Wiring, period: Period, by: str = "workload") -> UnitCostReport:
    """Return the unit costs of a month."""
    return report_unit_costs(period, by, lake=parts.lake, engine=parts.engine)


def counts(row: UnitCostRow) -> tuple[int, str, int, str]:
    """Return jobs and dollars of those that ended, then of those at work."""
    ended, running = row.finished, row.running
    return ended.jobs, ended.cost.text(2), running.jobs, running.cost.text(2)


@pytest.fixture
def three_months(wiring: Wiring, tmp_path: Path) -> Wiring:
    """Job j ran in September, failed at its end, ran again and ended on 5 November."""
    put_months(
        wiring,
        attempt(1, at(30, month=9), at(1), submitted=at(29, month=9)),
        attempt(2, at(5), at(5, 4, 11), submitted=at(5), state="completed"),
    )
    account_october(wiring, tmp_path, SEPTEMBER, OCTOBER, NOVEMBER)
    return wiring


def test_a_run_costs_all_its_attempts_in_all_months(three_months: Wiring) -> None:
    """10 + 20 + 40 dollars in November, where it ended; before it is at work with 10, then 30."""
    rows = [shown(three_months, month).rows for month in (SEPTEMBER, OCTOBER, NOVEMBER)]

    assert [counts(row) for [row] in rows] == [
        (0, "0.00", 1, "10.00"),
        (0, "0.00", 1, "30.00"),
        (1, "70.00", 0, "0.00"),
    ]
    assert [cents(row.run) for [row] in rows] == ["no job ended", "no job ended", "70.0000"]


def test_a_job_at_work_in_a_month_without_accounts_has_no_known_cost(
    wiring: Wiring, tmp_path: Path
) -> None:
    """September is not accounted: nobody adds 20 and 40 and calls it the cost of the run."""
    put_months(
        wiring,
        attempt(1, at(30, month=9), at(1), submitted=at(29, month=9)),
        attempt(2, at(5), at(5, 4, 11), submitted=at(5), state="completed"),
    )
    account_october(wiring, tmp_path, OCTOBER, NOVEMBER)

    [row] = shown(wiring, NOVEMBER).rows

    assert (row.finished.jobs, row.finished.without_cost) == (1, 1)
    assert row.finished.gaps == ("2026-09",)
    assert cents(row.run) == (
        "the cost is known for less than 90 % of jobs; 2026-09: not accounted"
    )


def test_a_month_in_which_a_job_only_waited_is_no_gap(wiring: Wiring, tmp_path: Path) -> None:
    """It was submitted in September and began in October: 20 dollars are all that it cost."""
    once = attempt(1, at(5), at(5, 4), submitted=at(1, month=9), state="completed")
    put_months(wiring, once)
    account_october(wiring, tmp_path)

    [row] = shown(wiring, OCTOBER).rows

    assert counts(row) == (1, "20.00", 0, "0.00")


def test_a_job_that_ended_with_the_month_ended_in_it(wiring: Wiring, tmp_path: Path) -> None:
    """Midnight of 1 November is the end of October's last hour."""
    put_months(wiring, attempt(1, at(5), at(1, month=11), submitted=at(5), state="completed"))
    account_october(wiring, tmp_path)

    [row] = shown(wiring, OCTOBER).rows

    assert (row.finished.jobs, row.running.jobs) == (1, 0)


def test_jobs_of_two_sources_with_the_same_id_are_two(wiring: Wiring, tmp_path: Path) -> None:
    """Clusters a and b both have a job 7; each held an hour on a host of its own for 10 dollars."""
    lake = wiring.lake
    machines = [node(f"i-{one}", "h100", host=one, accelerator_model="H100") for one in "ab"]
    put(lake, "node", machines)
    put(lake, "cost_line", [line("10", ResourceId=f"i-{one}") for one in "ab"])
    put(lake, "gpu_usage", [usage(one, 1, "7") for one in "ab"], period="2026-10-05")
    for one in "ab":
        hosts = f'["{one}"]'
        times = {"started": at(5, 3), "ended": at(5, 4), "gpus": 1, "state": "completed"}
        put(lake, "job_run", [job("7", "vision", hosts=hosts, **times)], source=one)
    account_october(wiring, tmp_path)

    [row] = shown(wiring, OCTOBER, "team").rows

    assert counts(row) == (2, "20.00", 0, "0.00")
    assert row.run.amount == Money.parse("10", "USD")


def test_tokens_of_a_workload_cost_all_its_pods(wiring: Wiring, tmp_path: Path) -> None:
    """Two pods of wl-7 for 10 dollars each, one of which answered: 2 million tokens cost 20.

    Of pods that no job run tells of only the namespace is known, and the row says so.
    """
    lake = wiring.lake
    put(lake, "node", [node("i-1", "h100", host="h", accelerator_model="H100")])
    put(lake, "cost_line", [line("30", ResourceId="i-1")])
    million = {"tokens_out": 1_000_000}
    samples = [
        usage("h", 1, None, gpu_uuid="GPU-1", namespace="web", pod="a-0", tokens_out=2_000_000),
        usage("h", 1, None, gpu_uuid="GPU-2", namespace="web", pod="a-1"),
        usage("h", 1, None, gpu_uuid="GPU-3", namespace="bots", pod="b-0", **million),
    ]
    put(lake, "gpu_usage", samples, period="2026-10-05")
    times = {"started": at(5, 3), "ended": at(5, 4), "gpus": 1, "workload_id": "wl-7"}
    put(lake, "job_run", [job(f"web/a-{one}", "nlp", **times) for one in (0, 1)])
    account_october(wiring, tmp_path)

    rows = {row.key: row for row in shown(wiring, OCTOBER).rows}

    assert {key: row.known_by for key, row in rows.items()} == {
        "wl-7": "workload",
        "bots": "namespace",
    }
    assert cents(rows["wl-7"].million_tokens) == "10.0000"
    assert cents(rows["bots"].million_tokens) == "10.0000"
