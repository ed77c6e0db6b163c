"""Reporting waste and unit costs from the stored accounts: the numbers of docs/usage.md."""

from decimal import Decimal
from pathlib import Path

import pytest

from service.bootstrap import Wiring
from service.domain.gpu_accounts import HOUR_MS
from service.domain.money import Money
from service.domain.periods import Period
from service.domain.unit_costs import UnitCost
from service.errors import InputError
from service.usecases.apply_policy import apply_policy, propose_policy
from service.usecases.gpu_time.account_period import account_period
from service.usecases.gpu_time.report_unit_costs import report_unit_costs
from service.usecases.gpu_time.report_waste import WasteRow, report_waste
from tests.service.facts import at, job, line, put, usage
from tests.service.usage_example import POLICY, put_example

OCTOBER = Period("2026-10")


def account_october(parts: Wiring, folder: Path, *months: Period) -> None:
    """Apply the example's policy and account October, or these months."""
    file = folder / "policy.yaml"
    file.write_text(POLICY)
    lake, engine, store = parts.lake, parts.engine, parts.store
    new_id, clock = parts.new_id, parts.clock
    apply_policy(
        propose_policy(file, lake=lake, engine=engine, store=store),
        lake=lake,
        engine=engine,
        store=store,
        new_id=new_id,
        clock=clock,
        actor="test",
    )
    for month in months or (OCTOBER,):
        account_period(
            month, lake=lake, engine=engine, store=store, carbon={}, new_id=new_id, clock=clock
        )


@pytest.fixture
def parts(wiring: Wiring, tmp_path: Path) -> Wiring:
    """Return parts with the worked example accounted."""
    put_example(wiring.lake)
    account_october(wiring, tmp_path)
    return wiring


def told(row: WasteRow) -> tuple[str, str, str, int, str]:
    """Return a row as one reads it: hours, and dollars with cents."""
    cost = "unknown" if row.cost is None else row.cost.text(2)
    return row.key, row.kind, row.team, row.gpu_ms // HOUR_MS, cost


def cents(figure: UnitCost) -> str:
    """Return a figure with four decimals, or why it is unknown."""
    return figure.amount.text(4) if figure.amount is not None else str(figure.reason)


def test_waste_by_class_has_hours_money_and_owner(parts: Wiring) -> None:
    """Of 192 hours 66 were at work; the rest is 52.50 dollars."""
    report = report_waste(OCTOBER, "kind", lake=parts.lake, engine=parts.engine, store=parts.store)

    assert [told(row) for row in report.rows] == [
        ("unused", "unused", "vision", 48, "20.00"),
        ("unused", "unused", "nlp", 18, "7.50"),
        ("no_process", "no_process", "nlp", 24, "10.00"),
        ("unreserved_idle", "unreserved_idle", "platform", 24, "10.00"),
        ("unobserved", "unobserved", "nlp", 12, "5.00"),
    ]
    assert [told(row) for row in report.lost] == [
        ("lost_failed", "lost_failed", "vision", 8, "3.33")
    ]
    bases = (report.reserved, report.allocated, report.utilised)
    assert [(one.gpu_ms // HOUR_MS, one.cost["USD"].text(2)) for one in bases] == [
        (192, "80.00"),
        (168, "70.00"),
        (66, "27.50"),
    ]


@pytest.mark.parametrize(
    ("by", "first", "lost"),
    [
        ("team", ("nlp", "no_process", "nlp", 24, "10.00"), "vision"),
        ("job", ("train", "unused", "vision", 48, "20.00"), "train"),
        ("pool", ("h100", "unused", "vision", 48, "20.00"), "(none)"),
    ],
)
def test_waste_can_be_seen_by_team_job_and_pool(
    parts: Wiring, by: str, first: tuple[str, str, str, int, str], lost: str
) -> None:
    """The key that wastes most comes first: nlp 22.50, train 20, the only pool 52.50."""
    report = report_waste(OCTOBER, by, lake=parts.lake, engine=parts.engine, store=parts.store)

    assert told(report.rows[0]) == first
    assert [row.key for row in report.lost] == [lost]


def test_cost_that_no_time_explains_is_not_called_waste(wiring: Wiring, tmp_path: Path) -> None:
    """3 dollars of a machine nobody saw, 4 of an unknown one; 2 of a promise: 3 + 2 were held."""
    lines = [
        line("3", ResourceId="i-1"),
        line("4", ResourceId="i-9", x_AcceleratorHours=Decimal("1.5")),
        line("2", x_AcceleratorModel="H100", CommitmentDiscountStatus="Unused"),
    ]
    put_example(wiring.lake)
    put(wiring.lake, "cost_line", lines)
    put(wiring.lake, "gpu_usage", [], period="2026-10-05")
    account_october(wiring, tmp_path)

    report = report_waste(
        OCTOBER, "kind", lake=wiring.lake, engine=wiring.engine, store=wiring.store
    )

    assert [told(row)[1:] for row in report.rows] == [
        ("unused_commitment", "unallocated", 0, "2.00")
    ]
    assert [(row.kind, row.team, row.gpu_ms, told(row)[-1]) for row in report.unexplained] == [
        ("unmatched_no_node", "unallocated", 5_400_000, "4.00"),
        ("unmatched_no_usage", "platform", 0, "3.00"),
    ]
    assert (report.reserved.cost["USD"].text(2), report.allocated.cost) == ("5.00", {})


def test_unit_costs_by_team_are_those_of_the_page(parts: Wiring) -> None:
    """Vision: 38 of 40 dollars for 96 hours, 48 at work; nlp: 75 % of serving time is observed."""
    report = report_unit_costs(OCTOBER, lake=parts.lake, engine=parts.engine)

    nlp, vision = report.rows
    assert (vision.key, cents(vision.gpu_hour), cents(vision.utilised_hour)) == (
        "vision",
        "0.3958",
        "0.7917",
    )
    assert (cents(vision.run), cents(vision.useful_hour)) == ("40.0000", "0.4545")
    assert cents(vision.million_tokens) == "no tokens were counted"
    assert (nlp.key, nlp.tokens, cents(nlp.million_tokens)) == ("nlp", 24_000_000, "0.8333")
    assert nlp.million_tokens_used == UnitCost(
        None, "activity was measured for less than 90 % of the time", 750
    )
    assert nlp.utilised_hour.known_permille == 833
    assert cents(nlp.run) == "15.0000"


@pytest.mark.parametrize(
    ("by", "keys"),
    [("project", ["(none)"]), ("workload", ["notebook", "serve", "train"]), ("model", ["H100"])],
)
def test_unit_costs_can_be_seen_by_project_workload_and_model(
    parts: Wiring, by: str, keys: list[str]
) -> None:
    """Jobs without a workload of the queue stand for themselves; all is one model's."""
    report = report_unit_costs(OCTOBER, by, lake=parts.lake, engine=parts.engine)

    assert [row.key for row in report.rows] == keys
    assert sum(row.held.allocated_ms for row in report.rows) == 168 * HOUR_MS
    assert [row.known_by for row in report.rows] == ["job" if by == "workload" else None] * len(
        keys
    )
    assert sum(row.useful.jobs for row in report.rows) == 3
    assert sum(row.finished.jobs for row in report.rows) == 3


def test_time_without_a_cost_is_unknown_and_not_free(wiring: Wiring, tmp_path: Path) -> None:
    """One hour on a host that nothing was paid for: no currency, no figure, and the reasons."""
    put(wiring.lake, "gpu_usage", [usage("host-x", 1, "j1")], period="2026-10-05")
    put(wiring.lake, "job_run", [job("j1", "nlp", started=at(5, 3), ended=at(5, 4), gpus=1)])
    account_october(wiring, tmp_path)

    (row,) = report_unit_costs(OCTOBER, lake=wiring.lake, engine=wiring.engine).rows
    waste = report_waste(OCTOBER, lake=wiring.lake, engine=wiring.engine, store=wiring.store)

    assert (row.key, row.currency, row.held.cost) == ("nlp", None, Money.zero(""))
    assert cents(row.gpu_hour) == "the cost is known for less than 90 % of the time"
    assert cents(row.run) == "the cost is known for less than 90 % of jobs"
    assert [told(one) for one in waste.rows] == [("nlp", "unobserved", "nlp", 1, "unknown")]


def test_another_property_is_refused(wiring: Wiring) -> None:
    """The sentence names what is accepted."""
    with pytest.raises(InputError, match="by 'host'; accepted are team, kind, job, pool"):
        report_waste(OCTOBER, "host", lake=wiring.lake, engine=wiring.engine, store=wiring.store)
    with pytest.raises(InputError, match="by 'host'; accepted are team, project, workload, model"):
        report_unit_costs(OCTOBER, "host", lake=wiring.lake, engine=wiring.engine)
