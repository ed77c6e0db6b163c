"""Puts accounts into columns, as the lake keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from service.domain.gpu_accounts import node_cost
from service.usecases.run_period import numbered
from warehouse.tables import ATTEMPT_COST, GPU_ACCOUNT, TableSpec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from service.domain.policy import NodeSplit
    from service.usecases.gpu_time.attempt_costs import Entry, RunCost

_MONEY = ("effective_cost", "gpu_cost", "cpu_cost", "memory_cost")
_MEASURES = ("energy", "tokens_in", "tokens_out", "requests", "memory_max", "memory_total")
_PLACE = ("day", "host", "pool", "accelerator_model", "mode")
_HOLDER = ("team", "project", "job_id", "workload_id", "namespace")
_ATTEMPT = (
    *("job_id", "attempt", "workload_id", "user_name", "project"),
    *("state", "gpus", "started", "ended", "source"),
)
_RUN = (
    *("team", "accelerator_model", "gpu_ms", "utilised_ms", "observed_ms", "lost_ms"),
    *("energy", "carbon", "tokens_in", "tokens_out"),
)
_FIXED = frozenset(("run_id", "x_SourceId", "x_BillingPeriod", "x_LoadId", "x_FileId"))


def entry_table(entries: Iterable[Entry], weights: NodeSplit) -> pa.Table:
    """Return a row for each entry, its cost split into GPU, CPU and memory."""
    return _table(GPU_ACCOUNT, (_entry(entry, weights) for entry in entries))


def run_table(runs: Iterable[RunCost]) -> pa.Table:
    """Return a row for each attempt, with its number."""
    return numbered(_table(ATTEMPT_COST, map(_run, runs)))


def _entry(entry: Entry, weights: NodeSplit) -> dict[str, object]:
    account = entry.account
    row: dict[str, object] = {
        "kind": str(account.kind),
        "gpu_ms": account.gpu_ms,
        "provider": entry.provider,
        "region": entry.region,
        "carbon": entry.carbon,
    }
    row |= {name: getattr(account.place, name) for name in _PLACE}
    row |= {name: getattr(account.holder, name) for name in _HOLDER}
    row |= {name: getattr(account.measures, name) for name in _MEASURES}
    if entry.cost is None:
        return row
    parts = node_cost(entry.cost, weights)
    amounts = (parts.effective, parts.gpu, parts.cpu, parts.memory)
    costs = {name: amount.decimal for name, amount in zip(_MONEY, amounts, strict=True)}
    return row | costs | {"currency": entry.cost.currency}


def _run(run: RunCost) -> dict[str, object]:
    row: dict[str, object] = {name: getattr(run.attempt, name) for name in _ATTEMPT}
    row |= {name: getattr(run, name) for name in _RUN}
    if run.cost is None or run.lost_cost is None:
        return row
    costs = {"effective_cost": run.cost.decimal, "lost_cost": run.lost_cost.decimal}
    return row | costs | {"currency": run.cost.currency}


def _table(spec: TableSpec, rows: Iterable[dict[str, object]]) -> pa.Table:
    """Keep rows by column as they come: a million small dictionaries would be large."""
    kinds = {
        name: kind.value.arrow
        for name, kind in spec.columns.items()
        if name not in _FIXED and name != "x_RecordNumber"
    }
    columns: dict[str, list[object]] = {name: [] for name in kinds}
    for row in rows:
        for name, column in columns.items():
            column.append(row.get(name))
    return pa.table({name: pa.array(columns[name], kind) for name, kind in kinds.items()})
