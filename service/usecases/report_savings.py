"""Answers what was saved in a period, from the newest stored allocation run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from service.domain.money import Money
from service.domain.savings import Pair, Savings
from service.errors import InputError
from service.usecases.report_costs import NONE, ask_newest_run

if TYPE_CHECKING:
    from service.domain.periods import Period
    from service.domain.records import AllocationRun
    from service.store.store import Store
    from warehouse.lake import Lake
    from warehouse.port import Engine

SavingsBy = Literal["team", "provider", "service", "model"]

SAVINGS_BY: tuple[str, ...] = get_args(SavingsBy)
"""What savings can be reported by; ``model`` is the accelerator's."""


@dataclass(frozen=True, slots=True)
class SavingsRow:
    """What one team (provider, service, model) saved in one currency."""

    key: str
    currency: str
    savings: Savings


@dataclass(frozen=True, slots=True)
class SavingsReport:
    """The savings of a period by one property, and the stored run that says so."""

    period: Period
    run: AllocationRun
    by: str
    rows: tuple[SavingsRow, ...]


def report_savings(  # noqa: PLR0913  (every long-lived part comes by name)
    period: Period,
    by: str = "team",
    *,
    lake: Lake,
    engine: Engine,
    store: Store,
    teams: frozenset[str] | None = None,
) -> SavingsReport:
    """Return one row per ``by`` and currency, of ``teams`` or of all.

    Raises:
        InputError: When ``by`` is none of the properties in ``SAVINGS_BY``.
        NotFoundError: When there are no bills of the period; the message names periods that are.
        ConflictError: When its bills are loaded and not allocated yet.
    """
    if by not in SAVINGS_BY:
        raise InputError(f"savings cannot be shown by {by!r}; accepted are {', '.join(SAVINGS_BY)}")
    run, answer = ask_newest_run(
        "savings_by", period, by, lake=lake, engine=engine, store=store, teams=teams
    )
    return SavingsReport(period, run, by, tuple(_row(row) for row in answer.to_pylist()))


def _row(row: dict[str, object]) -> SavingsRow:
    currency = str(row["currency"] or "")

    def known(name: str) -> Money | None:
        value = row[name]
        return None if value is None else Money.parse(str(value), currency)

    def amount(name: str) -> Money:
        return known(name) or Money.zero(currency)

    savings = Savings(
        negotiated=Pair(known("negotiated_list"), known("negotiated_contracted")),
        commitment=Pair(known("commitment_contracted"), known("commitment_effective")),
        total=Pair(known("total_list"), known("total_effective")),
        effective=amount("effective_cost"),
        effective_without_contracted=amount("effective_without_contracted"),
        effective_without_list=amount("effective_without_list"),
    )
    return SavingsRow(NONE if row["key"] is None else str(row["key"]), currency, savings)
