"""Tells what each team owes for a period: as it was closed, or as it stands now."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.domain.closing import PeriodState, finality
from service.domain.money import money_sums
from service.domain.policy import CostBasis
from service.errors import ConflictError, NotFoundError
from service.exports.journal_file import Journal
from service.exports.statement import Statement
from service.usecases.ledger.reporting import needs, reporting_now, reporting_when_closed
from service.usecases.ledger.wanted import wanted_books
from service.usecases.stale_periods import loaded_periods, open_periods

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from service.domain.closing import PeriodClose
    from service.domain.ledger import AccountKind
    from service.domain.money import Money
    from service.domain.periods import Period
    from service.domain.reporting import Reported, Reporting
    from service.domain.statements import StatementLine
    from service.store.store import Store
    from warehouse.lake import Lake
    from warehouse.port import Engine


@dataclass(frozen=True, slots=True)
class PeriodLines:
    """All statement lines of a period, and what they rest on."""

    period: Period
    basis: CostBasis
    lines: tuple[StatementLine, ...]
    close: PeriodClose | None


def period_lines(period: Period, *, lake: Lake, engine: Engine, store: Store) -> PeriodLines:
    """Return the lines of all teams: those that were closed, else those of the newest allocation.

    Raises:
        NotFoundError: When no bill of it was loaded.
        ConflictError: When its facts changed since it was allocated, or change meanwhile.
    """
    with store.work() as work:
        close = work.closes.of(str(period))
        stored = work.statements.of(str(period)) if close else ()
    if close is not None:
        return PeriodLines(period, CostBasis(close.cost), stored, close)
    books = wanted_books(period, lake=lake, engine=engine, store=store)
    return PeriodLines(period, books.basis, books.lines, None)


def statements_of(  # noqa: PLR0913  (every long-lived part comes by name)
    period: Period,
    *,
    company: str,
    lake: Lake,
    engine: Engine,
    store: Store,
    clock: Callable[[], datetime],
    teams: frozenset[str] | None = None,
    reporting_currency: str | None = None,
) -> tuple[Statement, ...]:
    """Return the statement of every team that bears something, by name; of ``teams`` if given.

    With ``reporting_currency`` each also tells its total in that currency; that of a closed period
    in the currency, and at the rates, that it was closed with.

    Raises:
        MissingRatesError: When a rate of an open period is not stored.
        NotFoundError: When no bill of the period was loaded, or a team bears nothing in it.
        ConflictError: When its facts changed since it was allocated, or change meanwhile.
    """
    found = period_lines(period, lake=lake, engine=engine, store=store)
    wanted = _wanted(found, teams)
    reporting = _reporting(found, reporting_currency, wanted, store)
    with store.work() as work:
        closed = [close.period for close in work.closes.all()]
    opened = [str(one) for one in open_periods(lake=lake, store=store)]
    final = finality(period, closed, opened, allocated=True)
    before = _totals_before(period, lake, engine, store)
    reconciliation = _reconciliation(found)
    return tuple(
        Statement(
            company=company,
            period=period,
            team=team,
            state=final.state,
            lines=tuple(lines),
            currency=_currency(lines),
            created=found.close.at if found.close else clock(),
            reconciliation=reconciliation,
            cost=found.basis,
            final_through=final.final_through,
            head=found.close.head if found.close else None,
            previous=before.get(team),
            reported=_reported(lines, reporting),
        )
        for team, lines in sorted(wanted.items())
    )


def _wanted(found: PeriodLines, teams: frozenset[str] | None) -> dict[str, list[StatementLine]]:
    """Return the lines of the wanted teams, of all if none are named."""
    by_team = _by_team(found.lines)
    if unknown := sorted((teams or frozenset()) - set(by_team)):
        raise NotFoundError(
            f"{', '.join(unknown)} bears nothing in {found.period}; teams that do:"
            f" {', '.join(sorted(by_team)) or 'none'}"
        )
    return {team: lines for team, lines in by_team.items() if teams is None or team in teams}


def _reporting(
    found: PeriodLines,
    currency: str | None,
    wanted: Mapping[str, Iterable[StatementLine]],
    store: Store,
) -> Reporting | None:
    """Return the rates that the statements of the wanted teams tell their totals at."""
    with store.work() as work:
        if found.close is not None:
            return reporting_when_closed(found.close, work)
        if currency is None:
            return None
        needed = needs(line for lines in wanted.values() for line in lines)
        reporting = reporting_now(str(found.period), currency, needed, work)
    reporting.used(needed)  # refuses what is missing for any team in one sentence
    return reporting


def _reported(lines: Iterable[StatementLine], reporting: Reporting | None) -> Reported | None:
    if reporting is None:
        return None
    return reporting.reported((line.origin_period, line.charged) for line in lines)


def _by_team(lines: Iterable[StatementLine]) -> dict[str, list[StatementLine]]:
    found: defaultdict[str, list[StatementLine]] = defaultdict(list)
    for line in lines:
        found[line.team].append(line)
    return found


def _totals_before(
    period: Period, lake: Lake, engine: Engine, store: Store
) -> Mapping[str, Mapping[str, Money]]:
    """Return what each team owed in the month before, by currency, where that is known."""
    if period.previous not in loaded_periods(lake):
        return {}
    try:
        found = period_lines(period.previous, lake=lake, engine=engine, store=store)
    except ConflictError:
        return {}
    return {
        team: money_sums(line.charged for line in lines)
        for team, lines in _by_team(found.lines).items()
    }


def _currency(lines: Iterable[StatementLine]) -> str:
    """Return the currency that most is owed in; ties by name."""
    sums = money_sums(line.charged for line in lines)
    return min(sums, key=lambda currency: (-abs(sums[currency]).pico, currency))


def _reconciliation(found: PeriodLines) -> str:
    sums = money_sums(line.effective for line in found.lines if not line.origin_period)
    amounts = " and ".join(f"{amount.text(2)} {currency}" for currency, amount in sums.items())
    state = PeriodState.CLOSED if found.close else PeriodState.PROVISIONAL
    return (
        f"All teams together bear {amounts} of effective cost in {found.period}, which is what the"
        f" bills come to to the last digit ({state})."
    )


def journal_of(period: Period, gl_accounts: Mapping[AccountKind, str], store: Store) -> Journal:
    """Return the postings of a period for a general ledger.

    Raises:
        NotFoundError: When nothing was posted in it.
    """
    with store.work() as work:
        close = work.closes.of(str(period))
        postings = work.ledger.postings(str(period))
    if not postings:
        raise NotFoundError(f"nothing was posted in {period} yet; run comptroller nightly first")
    return Journal(
        period=period,
        state=PeriodState.PROVISIONAL if close is None else PeriodState.CLOSED,
        postings=postings,
        gl_accounts=gl_accounts,
        head=close.head if close else None,
    )
