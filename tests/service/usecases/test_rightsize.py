"""From GPU usage in the lake to stored advice, and to what people make of it."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import pytest
import typer
from typer.testing import CliRunner

from service.bootstrap import Wiring
from service.cli import rightsize as commands
from service.domain.breakdowns import WasteBy
from service.domain.periods import Period
from service.domain.rightsizing import Confidence, RightsizingRun, Rule
from service.errors import ConflictError, InputError, NotFoundError
from service.store.roles import Logins
from service.usecases.gpu_time.report_waste import WasteRow, report_waste
from service.usecases.gpu_time.rightsize import advice, dismiss, rightsize
from tests.conftest import NOW
from tests.service.facts import HOUR_MS, at, job, line, put, usage
from tests.service.usecases.test_report_waste import account_october

HOURS = 300 * HOUR_MS


def look(wiring: Wiring) -> RightsizingRun:
    """Look at the last thirty days."""
    return rightsize(
        lake=wiring.lake,
        engine=wiring.engine,
        store=wiring.store,
        clock=lambda: NOW,
        new_id=uuid4,
    )


@pytest.fixture
def seen(wiring: Wiring) -> Wiring:
    """300 hours on an H100 at 10 USD, 5 % busy with 8,000 MiB, in 30 pods; 300 nobody saw."""
    told = {"accelerator_model": "H100", "activity_ms": HOURS // 60 // 20, "memory_max": 8_000.0}
    held = {"observed_ms": HOURS // 60, "allocated_ms": HOURS // 60, "no_process_ms": 0}
    pods = [
        usage("h1", 5, f"serve-{one}", day=30, namespace="vision", **told, **held)
        for one in range(60)
    ]
    unseen = usage("h1", 300, "blind-1", day=30, namespace="vision", accelerator_model="H100")
    put(wiring.lake, "gpu_usage", [*pods, unseen], period="2026-10-30")
    put(wiring.lake, "job_run", [job(f"serve-{one}", "vision") for one in range(60)])
    hours = {"x_AcceleratorModel": "H100", "x_AcceleratorHours": Decimal(600)}
    put(wiring.lake, "cost_line", [line("6000", **hours, ChargePeriodStart=at(30))])
    return wiring


def test_use_and_bills_become_advice(seen: Wiring) -> None:
    """60 pods are one kind of work; a seventh of an H100 suffices; one day tells little."""
    run = look(seen)

    [found] = run.recommendations
    assert (run.works, run.unseen) == (2, 1)
    assert (run.first, run.end) == (date(2026, 10, 1), date(2026, 10, 31))
    assert (found.work.name, found.rule, found.to) == ("serve", Rule.MIG_SLICE, "1g.10gb")
    assert found.saving.text(2) == "2571.43"
    assert found.confidence is Confidence.LOW


def test_the_team_is_that_of_the_policy_else_nobodys(seen: Wiring) -> None:
    """Without a policy no job's team is known, so the advice is for unallocated work."""
    [found] = look(seen).recommendations

    assert found.work.team == "unallocated"


def test_money_and_committed_hours_are_told_apart(seen: Wiring) -> None:
    """A quarter of 6,000 USD for a third of 600 hours is committed: 6/7 of 2,250 USD are saved.

    Of the 300 hours 6/7 become free, and a third of these, 85.7 hours, are paid nevertheless.
    """
    hours = {"x_AcceleratorModel": "H100", "ChargePeriodStart": at(30)}
    paid = [
        line("4500", **hours, x_AcceleratorHours=Decimal(400)),
        line("1500", **hours, x_AcceleratorHours=Decimal(200), x_PurchaseModel="committed"),
    ]
    put(seen.lake, "cost_line", paid)

    [found] = look(seen).recommendations

    assert found.saving.text(2) == "1928.57"
    assert round(found.committed_ms / HOUR_MS, 1) == 85.7
    assert found.excess.cost.text(2) == "2571.43"


def test_accounted_periods_are_judged_once_and_stand_in_the_waste_report(
    seen: Wiring, tmp_path: Path
) -> None:
    """300 hours that a seventh of a GPU would have done: 2,571.43 USD, contained in held time.

    The judgement is the one of right-sizing: what is dismissed there is no waste here.
    """
    before = [waste_of(seen, tmp_path, accounted=False)]
    look(seen)
    look(seen)
    with seen.store.work() as work:
        judged = work.recommendations.judged_accounts()
    after = waste_of(seen, tmp_path, accounted=True)
    rows = [
        (row.key, row.kind, row.team, row.gpu_ms, row.cost and row.cost.text(2))
        for by in WasteBy
        for row in waste_of(seen, tmp_path, by, accounted=True) or ()
    ]
    [found] = advice(store=seen.store)[0].recommendations
    dismiss(found.id, "grows soon", actor="ann", store=seen.store, at=NOW)

    assert before == [None]
    assert len(judged) == 1
    assert after is not None
    assert rows == [
        (key, "over_sized", "vision", HOURS, "2571.43")
        for key in ("vision", "over_sized", "serve", "(none)")
    ]
    assert waste_of(seen, tmp_path, accounted=True) == ()


def waste_of(
    parts: Wiring, folder: Path, by: str = WasteBy.TEAM, *, accounted: bool
) -> tuple[WasteRow, ...] | None:
    """Return the over-sized work of October, of which the accounts are made first if needed."""
    if not accounted:
        account_october(parts, folder)
    period = Period("2026-10")
    report = report_waste(period, by, lake=parts.lake, engine=parts.engine, store=parts.store)
    return report.over_sized


def test_a_lake_without_usage_recommends_nothing(wiring: Wiring) -> None:
    """The run is stored all the same: somebody looked."""
    run = look(wiring)

    assert (run.works, run.recommendations) == (0, ())
    assert advice(store=wiring.store) == (run, ())


def test_before_the_first_run_there_is_nothing_to_show(wiring: Wiring) -> None:
    """The error says what makes one."""
    with pytest.raises(NotFoundError, match="run comptroller nightly"):
        advice(store=wiring.store)


def test_what_was_dismissed_stays_dismissed_in_later_runs(seen: Wiring) -> None:
    """The next run says the same under the same id, with the reason beside it."""
    [first] = look(seen).recommendations
    dismiss(first.id, " grows soon ", actor="ann", store=seen.store, at=NOW)

    look(seen)

    _, [again] = advice(store=seen.store)
    assert again.recommendation == first
    assert again.dismissal is not None
    assert (again.dismissal.reason, again.dismissal.by) == ("grows soon", "ann")


def test_a_dismissal_needs_a_reason_and_something_to_dismiss_once(seen: Wiring) -> None:
    """No reason, an unknown id and a second dismissal are refused, each with its sentence."""
    [found] = look(seen).recommendations

    with pytest.raises(InputError, match="1 to 500 characters"):
        dismiss(found.id, "  ", actor="ann", store=seen.store, at=NOW)
    with pytest.raises(NotFoundError, match="comptroller rightsize list"):
        dismiss("beef", "why", actor="ann", store=seen.store, at=NOW)
    dismiss(found.id, "known", actor="ann", store=seen.store, at=NOW)
    with pytest.raises(ConflictError, match="dismissed by ann already: known"):
        dismiss(found.id, "again", actor="bob", store=seen.store, at=NOW)


def test_the_command_lists_shows_and_dismisses(
    seen: Wiring, database: Logins, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    """The list has the saving and loses what is dismissed; show has the evidence."""
    monkeypatch.setenv("COMPTROLLER_DATABASE_URL", database.app)
    monkeypatch.setenv("COMPTROLLER_DATA_DIR", f"{tmp_path}/data")
    monkeypatch.setenv("COMPTROLLER_LAKE_URI", str(seen.lake.root))
    app = typer.Typer()
    commands.register(app)
    [found] = look(seen).recommendations

    def said(*words: str) -> str:
        result = CliRunner().invoke(app, words, catch_exceptions=False)
        assert result.exit_code == 0
        return result.stdout

    assert "2,571.43" in said("rightsize", "list")
    assert "at most 10%" in said("rightsize", "show", found.id)
    assert found.id in said("rightsize", "list", "--format", "csv", "--team", "unallocated")
    said("rightsize", "dismiss", found.id, "--reason", "grows soon")
    assert found.id not in said("rightsize", "list")
    assert '"dismissed": "grows soon"' in said(
        "rightsize", "list", "--dismissed", "--format", "json"
    )
    with pytest.raises(NotFoundError, match="nothing under 'beef'"):
        CliRunner().invoke(app, ["rightsize", "show", "beef"], catch_exceptions=False)
