"""Finds the stored accounts of a period and answers questions about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from service.errors import ConflictError, NotFoundError
from service.usecases.account_state import TABLES, known_periods, stored_run
from warehouse.port import Engine, Question, View

if TYPE_CHECKING:
    from service.domain.periods import Period
    from warehouse.lake import Lake


@dataclass(frozen=True, slots=True)
class StoredAccounts:
    """One stored accounting run, and who answers questions about it."""

    run: str
    period: Period
    engine: Engine
    view: View

    def ask(self, name: str, by: str) -> list[dict[str, Any]]:
        """Answer one question of ``warehouse/sql/ask`` about the run."""
        params = {"run": self.run, "period": str(self.period), "by": by}
        rows: list[dict[str, Any]] = self.engine.query(
            Question(f"ask/{name}", params), self.view
        ).to_pylist()
        return rows


def stored_accounts(
    period: Period, *, lake: Lake, engine: Engine, teams: frozenset[str] | None = None
) -> StoredAccounts:
    """Return the newest accounts of ``period``, of ``teams`` or of all.

    Raises:
        NotFoundError: When nothing is known of the period; the message names periods that are.
        ConflictError: When it is not accounted, or an accounting of it was not finished.
    """
    view = lake.view(TABLES, teams)
    run = stored_run(period, lake)
    if run is not None:
        return StoredAccounts(run, period, engine, view)
    periods = known_periods(lake)
    if period in periods:
        raise ConflictError(
            f"the GPU time of {period} is not accounted, or that was not finished; run"
            " comptroller nightly"
        )
    known = ", ".join(map(str, periods)) or "none yet; load a bill or GPU usage first"
    raise NotFoundError(f"nothing was loaded for {period} (periods with facts: {known})")
