"""Accounts one billing period and stores the run in the lake."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from service.domain.gpu_accounts import CAPACITY, HELD, OBSERVED, Kind
from service.domain.money import money_sums
from service.usecases.account_state import account_inputs, partitions
from service.usecases.account_tables import entry_table, run_table
from service.usecases.account_usage import Accounts, Carbon, account
from service.usecases.allocate_period import BillsChangedError, no_guard
from service.usecases.charge_owners import Reader
from service.usecases.stale_periods import INPUTS, READS
from service.usecases.stored_documents import policy_in_effect
from warehouse.commit import commit
from warehouse.errors import OlderDelivery
from warehouse.port import Engine, Guard, Question, View

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from uuid import UUID

    from service.domain.money import Money
    from service.domain.periods import Period
    from service.store.store import Store
    from warehouse.lake import Lake

_TRIES = 5


@dataclass(frozen=True, slots=True)
class AccountRun:
    """One accounting of a period: its id, and how much of time and cost was explained."""

    id: UUID
    period: str
    policy_version: int | None
    coverage: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        """Write it for the record of a step; amounts are exact decimal strings."""
        return {"run": str(self.id), "policy_version": self.policy_version, **self.coverage}


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
) -> AccountRun:
    """Account GPU time and its cost in ``period`` by the policy in effect, and store both.

    Facts that are loaded meanwhile make it begin again, so that the newest ones win.

    Raises:
        AccountsDifferError: When accounts, bills and GPU time differ; nothing is stored then.
        BillsChangedError: When the facts changed at every try.
    """
    accountant = _Accountant(period, lake, engine, store, carbon, guard)
    for _ in range(_TRIES):
        try:
            return accountant.run(new_id(), clock())
        except (BillsChangedError, OlderDelivery):
            continue
    raise BillsChangedError(f"the facts of {period} change all the time; account them later")


@dataclass(frozen=True, slots=True)
class _Accountant:
    """One period, and the parts that it takes to account it."""

    period: Period
    lake: Lake
    engine: Engine
    store: Store
    carbon: Carbon
    guard: Guard

    def run(self, run_id: UUID, began: datetime) -> AccountRun:
        """Account once; the snapshots that are read here are all that is known."""
        found = policy_in_effect(self.store, self.period.first_day)
        version = found.version if found else None
        # The fingerprint is older than the view: what changes in between makes it stale.
        inputs = account_inputs(self.period, lake=self.lake, policy_version=version)
        reader = Reader(self.engine, self.lake.view(READS))
        accounts = account(self.period, found.policy if found else None, reader, self.carbon)
        self._store(accounts, run_id, began, version, inputs)
        return AccountRun(run_id, str(self.period), version, coverage(accounts))

    def _store(
        self, accounts: Accounts, run_id: UUID, began: datetime, version: int | None, inputs: str
    ) -> None:
        tables = {
            "attempt_cost": run_table(accounts.runs),
            "gpu_account": entry_table(accounts.entries, accounts.node_split),
        }

        def nothing_changed() -> None:
            self.guard()
            if account_inputs(self.period, lake=self.lake, policy_version=version) != inputs:
                raise BillsChangedError(f"the facts of {self.period} changed meanwhile")

        folder = self.lake.folder(run_id)
        try:
            for partition in partitions(self.period):
                part = {"part": tables[partition.table]}
                question = Question(f"ask/{partition.table}_rows", {"run": str(run_id)}, part)
                commit(
                    self.lake,
                    partition.table,
                    partitions=[partition],
                    files=self.engine.write(question, View({}), partition, folder),
                    load_id=run_id,
                    version=int(began.timestamp() * 1000),
                    delivered={inputs: INPUTS},
                    guard=nothing_changed,
                )
        finally:
            self.lake.close_load(run_id)


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
