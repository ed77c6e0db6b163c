"""Computes what the GPUs of one period did and what it cost; storing it is another matter."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from ingest.machines import provider_key
from service.domain.gpu_accounts import (
    CAPACITY,
    Account,
    Holder,
    Kind,
    Measures,
    accounts,
    carbon_g,
    idle_owners,
)
from service.domain.money import Money, apportion, money_sums
from service.domain.policy import NodeSplit, Policy
from service.errors import ComptrollerError
from service.usecases.charge_owners import Reader, charge_groups
from service.usecases.gpu_time.attempt_costs import Entry, RunCost, run_costs
from service.usecases.gpu_time.costs import Cost, Machines, costs_of, machines_of
from service.usecases.gpu_time.holders import Use, use_of
from service.usecases.gpu_time.job_attempts import attempts_in
from service.usecases.gpu_time.spread import spread

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    import pyarrow as pa

    from service.domain.periods import Period


Carbon: TypeAlias = "Mapping[tuple[str, str], float]"
"""Grams of CO2 equivalent for a kilowatt-hour, by provider's short name and region."""


class AccountsDifferError(ComptrollerError):
    """The accounts do not add up to the bills or to the GPU time; nothing was stored."""

    code = "accounts-differ"


@dataclass(frozen=True, slots=True)
class Proof:
    """What the accounts add up to: all GPU time, and the lines' effective cost by currency."""

    capacity_ms: int
    lines: Mapping[str, Money]


@dataclass(frozen=True, slots=True)
class Accounts:
    """The accounts of a period and its attempts at jobs, with the proof that nothing is lost.

    ``by_host_ms`` is the held time that job runs of a host tell of and no label does,
    ``disputed_ms`` time of jobs that several sources of job runs may mean.
    """

    entries: tuple[Entry, ...]
    runs: tuple[RunCost, ...]
    node_split: NodeSplit
    proof: Proof
    by_host_ms: int = 0
    disputed_ms: int = 0


def account(period: Period, policy: Policy | None, reader: Reader, carbon: Carbon) -> Accounts:
    """Give every GPU-millisecond of ``period`` a kind and an owner, and each its part of the cost.

    Raises:
        AccountsDifferError: When the parts differ from the bills or from the time that there was.
    """
    policy = policy or Policy(effective_from=period.first_day, teams=frozenset())
    machine = reader.ask("machine_times")
    groups = charge_groups(period, policy, machine, reader, "node_costs")
    costs = costs_of(groups, policy)
    machines = machines_of(costs, period)
    attempts = attempts_in(period.window, reader)
    use = use_of(period, policy, attempts, machine, reader)
    found = (*use.held, *_unheld(use, policy, machines))
    entries = tuple(_entries(found, costs, machines, period, carbon))
    runs = run_costs(entries, attempts, policy, period)
    proof = _proof(entries, machine, period, reader)
    return Accounts(entries, runs, policy.node_split, proof, use.by_host_ms, use.disputed_ms)


def _unheld(use: Use, policy: Policy, machines: Machines) -> Iterator[Account]:
    """Give idle time to those who should have held it, by pool and day, the rest to its owner."""
    held = use.held_ms()
    idle: Counter[tuple[str | None, date]] = Counter()
    for one in use.unheld:
        idle[one.place.pool, one.place.day] += one.idle_ms
    for one in use.unheld:
        key = one.place.pool, one.place.day
        pool = policy.pools.get(one.place.pool or "")
        machine = machines.of(one.place)
        owner = Holder(machine.team if pool is None else pool.owner)
        parts = {(kind, owner): ms for kind, ms in one.not_idle_ms.items()}
        if one.idle_ms:
            weights = idle_owners(pool, machine, held.get(key, Counter()), idle[key])
            shared = apportion(one.idle_ms, weights)
            parts |= {(Kind(kind), Holder(team)): ms for (kind, team), ms in shared.items()}
        yield from accounts(one.place, parts, one.measures)


def _entries(
    found: Sequence[Account],
    costs: Sequence[Cost],
    machines: Machines,
    period: Period,
    carbon: Carbon,
) -> Iterator[Entry]:
    paid = spread(costs, found, period)
    for account_, amounts in zip(found, paid.costs, strict=True):
        provider, region = machines.places.get(account_.place.host or "", (None, None))
        factor = carbon.get((provider_key(provider or ""), region or ""))
        grams = carbon_g(account_.measures.energy, factor)
        yield from _in_currencies(Entry(account_, None, provider, region, grams), amounts)
    for account_, cost in paid.unmatched:
        yield Entry(account_, cost.amount, cost.provider, cost.region, None)


def _in_currencies(entry: Entry, amounts: Mapping[str, Money]) -> Iterator[Entry]:
    """Yield the entry with its cost; time and measures stand on the first currency only."""
    if not amounts:
        yield entry
    for number, currency in enumerate(sorted(amounts)):
        if number == 0:
            yield replace(entry, cost=amounts[currency])
        else:
            nothing = replace(entry.account, gpu_ms=0, measures=Measures())
            yield replace(entry, account=nothing, cost=amounts[currency], carbon=None)


def _proof(entries: Sequence[Entry], machine: pa.Table, period: Period, reader: Reader) -> Proof:
    """Hold the accounts against what there was and what was paid, each counted by itself.

    Raises:
        AccountsDifferError: When they differ.
    """
    window: dict[str, object] = {"begin": period.start, "until": period.end}
    [[capacity]] = (row.values() for row in reader.ask("capacity_total", window).to_pylist())
    counted = sum(one.account.gpu_ms for one in entries if one.account.kind in CAPACITY)
    bills = reader.ask("node_cost_total", {"period": str(period)}, machine=machine).to_pylist()
    lines = money_sums(Money.parse(row["effective_cost"], row["currency"] or "") for row in bills)
    parts = money_sums(one.cost for one in entries if one.cost is not None)
    if (counted, parts) != (capacity, lines):
        raise AccountsDifferError(
            f"the accounts of {period} have {counted} of {capacity} GPU-milliseconds and"
            f" {_texts(parts)} of {_texts(lines)}; nothing was stored"
        )
    return Proof(capacity, lines)


def _texts(amounts: Mapping[str, Money]) -> str:
    return " and ".join(f"{amounts[one].text()} {one}" for one in sorted(amounts)) or "no cost"
