"""Holds the bills in the lake against what the provider itself says was billed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingest.bill_totals import TotalsSource
from ingest.machines import provider_key
from ingest.registry import source_of
from service.domain.money import Money
from service.errors import InputError
from service.usecases.check_sources import named
from warehouse.port import Question

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from pathlib import Path

    from ingest.bill_totals import BillTotals
    from ingest.settings import SourceSettings
    from service.domain.periods import Period
    from warehouse.lake import Lake
    from warehouse.port import Engine

_PROVIDERS = {"aws-account": "aws"}

Key = tuple[str, str, str]
"""Account, service and currency."""


class NoTotals(InputError):
    """The source cannot tell what was billed."""

    code = "no-totals"


@dataclass(frozen=True, slots=True)
class ReconciledRow:
    """What the lake and the provider say of one account and service; ``None`` is nothing said."""

    account: str
    service: str
    currency: str
    lake_billed: Money | None
    provider_billed: Money | None
    difference: Money


@dataclass(frozen=True, slots=True)
class Reconciled:
    """A period held against the provider's totals, the largest difference first."""

    period: Period
    rows: tuple[ReconciledRow, ...]
    totals: BillTotals


def totals_source(
    settings: Sequence[SourceSettings], name: str, *, clock: Callable[[], datetime]
) -> tuple[TotalsSource, str]:
    """Return the configured source of this name, and whose bills it can tell.

    Raises:
        NotFoundError: When there is none.
        NoTotals: When it is of another type.
    """
    (setting,) = named(settings, [name])
    provider = _PROVIDERS.get(setting.type)
    source = source_of(setting, clock=clock) if provider else None
    if provider is None or not isinstance(source, TotalsSource):
        raise NoTotals(
            f"{name} is of type {setting.type}, which cannot tell what was billed;"
            f" accepted are sources of type {', '.join(_PROVIDERS)}"
        )
    return source, provider


def reconcile_bills(  # noqa: PLR0913  (every long-lived part comes by name)
    period: Period,
    source: TotalsSource,
    provider: str,
    *,
    lake: Lake,
    engine: Engine,
    cache_folder: Path,
) -> Reconciled:
    """Compare billed cost by account, service and currency; nothing is stored.

    Raises:
        SourceError: When the provider cannot be asked.
    """
    totals = source.billed(str(period), cache_folder)
    theirs = {
        (row.account, row.service, row.currency): Money.parse(row.billed, row.currency)
        for row in totals.rows
    }
    ours = _ours(period, provider, lake, engine)
    rows = [_row(key, ours.get(key), theirs.get(key)) for key in {**ours, **theirs}]
    rows.sort(key=lambda row: (-abs(row.difference.pico), row.account, row.service, row.currency))
    return Reconciled(period, tuple(rows), totals)


def _ours(period: Period, provider: str, lake: Lake, engine: Engine) -> dict[Key, Money]:
    question = Question("ask/billed_by_service", {"period": str(period)})
    found: dict[Key, Money] = {}
    for row in engine.query(question, lake.view(["cost_line"])).to_pylist():
        if provider_key(row["provider"] or "") != provider:
            continue
        currency = row["currency"]
        key = row["account"] or "", row["service"] or "", currency
        billed = Money.parse(row["billed"], currency)
        # One provider has several names, as AWS and Amazon Web Services.
        found[key] = found.get(key, Money.zero(currency)) + billed
    return found


def _row(key: Key, ours: Money | None, theirs: Money | None) -> ReconciledRow:
    nothing = Money.zero(key[2])
    return ReconciledRow(*key, ours, theirs, (ours or nothing) - (theirs or nothing))
