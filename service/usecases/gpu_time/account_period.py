"""Accounts one billing period and stores the run: accounts in the lake, proof in the store."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from service.domain.gpu_accounts import CAPACITY, HELD, OBSERVED, Kind
from service.domain.money import money_sums
from service.usecases.gpu_time.account import Accounts, Carbon, account
from service.usecases.gpu_time.state import ACCOUNTING
from service.usecases.gpu_time.tables import entry_table, run_table
from service.usecases.run_period import Attempt, Runner, no_guard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from uuid import UUID

    from service.domain.money import Money
    from service.domain.periods import Period
    from service.domain.records import PeriodRun
    from service.store.store import Store
    from warehouse.lake import Lake
    from warehouse.port import Engine, Guard


def account_period(  # noqa: PLR0913  (every long-lived part comes by name)
    period: Period,
    *,
    lake: Lake,
    engine: Engine,
    store: Store,
    carbon: Carbon,
    new_id: Callable[[], UUID],
    clock: Callable[[], datetime],
    guard: Guard = no_guard,
) -> PeriodRun:
    """Account GPU time and its cost in ``period`` by the policy in effect, and keep the run.

    Facts that are loaded meanwhile make it begin again, so that the newest ones win. The proof
    of the run says how much of time and cost is explained.

    Raises:
        AccountsDifferError: When accounts, bills and GPU time differ; nothing is stored then.
        FactsChangedError: When the facts changed at every try.
    """
    runner = Runner(ACCOUNTING, period, lake, engine, store, new_id, clock, guard)

    def once(attempt: Attempt) -> PeriodRun:
        accounts = account(period, attempt.policy, attempt.reader, carbon)
        tables = {
            "attempt_cost": run_table(accounts.runs),
            "gpu_account": entry_table(accounts.entries, accounts.node_split),
        }
        run = runner.write(attempt, tables, proof=coverage(accounts))
        with store.work() as work:
            work.period_runs.add(run)
        return run

    return runner.until_settled(once)


def coverage(accounts: Accounts) -> dict[str, Any]:
    """Return how much of GPU time and cost is explained, and by what the rest is not."""
    entries = accounts.entries
    by_kind = Counter({str(kind): 0 for kind in Kind})
    for one in entries:
        by_kind[one.account.kind] += one.account.gpu_ms
    known = [one for one in entries if one.cost is not None]
    unpriced = (one for one in entries if one.cost is None and one.account.kind in CAPACITY)
    return {
        "gpu_ms": dict(by_kind),
        "capacity_ms": accounts.proof.capacity_ms,
        "difference_ms": accounts.proof.capacity_ms - sum(by_kind[kind] for kind in CAPACITY),
        "allocated_ms": sum(by_kind[kind] for kind in HELD),
        "held_by_host_ms": accounts.by_host_ms,
        "disputed_ms": accounts.disputed_ms,
        "observed_ms": sum(by_kind[kind] for kind in OBSERVED),
        "unpriced_ms": sum(one.account.gpu_ms for one in unpriced),
        "cost_lines": _texts(accounts.proof.lines.values()),
        "matched": _texts(one.cost for one in known if one.cost and one.account.kind in CAPACITY),
        "unmatched": {
            str(kind): _texts(one.cost for one in known if one.cost and one.account.kind is kind)
            for kind in Kind
            if kind not in CAPACITY
        },
        "difference": _texts(
            [*accounts.proof.lines.values(), *(-one.cost for one in known if one.cost is not None)]
        ),
        "attempts": len(accounts.runs),
    }


def _texts(amounts: Iterable[Money]) -> dict[str, str]:
    return {currency: amount.text() for currency, amount in money_sums(amounts).items()}
