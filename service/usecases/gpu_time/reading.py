"""Finds the stored accounts of a period and answers questions about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from service.domain.money import Money
from service.errors import ConflictError, InputError, NotFoundError
from service.usecases.gpu_time.state import ACCOUNTING, known_periods
from service.usecases.lake_runs import stored_run
from service.usecases.report_costs import NONE
from warehouse.port import Engine, Question, View

if TYPE_CHECKING:
    from collections.abc import Mapping
    from enum import StrEnum

    import pyarrow as pa

    from service.domain.periods import Period
    from warehouse.lake import Lake


@dataclass(frozen=True, slots=True)
class StoredAccounts:
    """One stored accounting run, what it is broken down by, and who answers questions about it."""

    run: str
    period: Period
    by: str
    engine: Engine
    view: View

    def ask(
        self, name: str, params: Mapping[str, object] | None = None, **inputs: pa.Table
    ) -> list[dict[str, Any]]:
        """Answer one question of ``warehouse/sql/ask`` by the wanted property.

        It is asked about the run, unless it has other ``params``. Every row has a ``key``.
        """
        about = {"run": self.run} if params is None else params
        asked = {"period": str(self.period), "by": self.by, **about}
        found = self.engine.query(Question(f"ask/{name}", asked, inputs), self.view)
        rows: list[dict[str, Any]] = found.to_pylist()
        return [row | {"key": NONE if row["key"] is None else row["key"]} for row in rows]


def stored_accounts(  # noqa: PLR0913 - a reader has this many parts, most by name
    period: Period,
    by: str,
    accepted: type[StrEnum],
    *,
    lake: Lake,
    engine: Engine,
    teams: frozenset[str] | None = None,
) -> StoredAccounts:
    """Return the newest accounts of ``period``, of ``teams`` or of all, to be broken down ``by``.

    Raises:
        InputError: When ``by`` is none of those that are ``accepted``.
        NotFoundError: When nothing is known of the period; the message names periods that are.
        ConflictError: When it is not accounted, or an accounting of it was not finished.
    """
    if by not in set(accepted):
        names = ", ".join(accepted)
        raise InputError(f"GPU time cannot be shown by {by!r}; accepted are {names}")
    view = lake.view(ACCOUNTING.tables, teams)
    run = stored_run(ACCOUNTING, period, lake)
    if run is not None:
        return StoredAccounts(run, period, by, engine, view)
    periods = known_periods(lake)
    if period in periods:
        raise ConflictError(
            f"the GPU time of {period} is not accounted, or that was not finished; run"
            " comptroller nightly"
        )
    known = ", ".join(map(str, periods)) or "none yet; load a bill or GPU usage first"
    raise NotFoundError(f"nothing was loaded for {period} (periods with facts: {known})")


def cost_of(row: Mapping[str, Any], column: str = "effective_cost") -> Money | None:
    """Return the cost in a row; ``None`` where it is not known."""
    return None if row[column] is None else Money.parse(row[column], row["currency"])
