"""Reads the rows of an allocation behind a statement line, and the lines of bills behind them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pyarrow as pa

from service.domain.money import Money
from service.domain.policy import Policy
from service.domain.pools import Driver, Sharing
from service.usecases.charge_owners import owned_charges
from service.usecases.driver_use import driver_use
from service.usecases.ledger.explained import ExplainedCostLine, ExplainedRow, LineRows
from service.usecases.ledger.share_words import Share
from service.usecases.pool_shares import use_of_pools
from service.usecases.split_origins import OriginWeights, Signals

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from service.domain.periods import Period
    from service.domain.policy import CostBasis
    from service.domain.pools import Pool, Shares
    from service.domain.records import DeliveryRecord
    from service.domain.statements import LineKey
    from service.store.store import Store
    from service.usecases.charge_owners import Reader

Row = dict[str, Any]

_ORIGIN = pa.schema(
    [
        *((name, pa.int32()) for name in ("number", "wanted")),
        ("charge_day", pa.date32()),
        ("charge_days", pa.int32()),
        *((name, pa.string()) for name in ("pool", "provider", "account", "service", "sku")),
        *((name, pa.string()) for name in ("charge_category", "commitment_status", "currency")),
        *((name, pa.string()) for name in ("invoice_issuer", "invoice", "commitment")),
        *((name, pa.string()) for name in ("accelerator_model", "owner")),
        *((name, pa.int32()) for name in ("contracted_unknown", "list_unknown")),
    ]
)
_DAYS = pa.schema([_ORIGIN.field(name) for name in ("charge_day", "charge_days", "pool")])
_KEY = ("team", "line", "pool", "provider", "account", "service", "charge_category", "commitment")
_COLUMNS = {
    "effective": "EffectiveCost",
    "billed": "BilledCost",
    "contracted": "ContractedCost",
    "list": "ListCost",
}


@dataclass(frozen=True, slots=True)
class Depth:
    """How much is told: rows of a line, and cost lines of each."""

    rows: int = 5
    cost_lines: int = 3


USUAL = Depth()
"""What is told unless somebody wants more."""


@dataclass(frozen=True, slots=True)
class RowReader:
    """Reads what one run allocated in one period, from the snapshots that ``reader`` sees."""

    period: Period
    run: UUID
    policy: Policy | None
    reader: Reader
    store: Store

    def rows(self, key: LineKey, cost: CostBasis, depth: Depth) -> LineRows:
        """Return the largest rows that the line of ``key`` sums, whatever its origin period."""
        params: dict[str, object] = {name: getattr(key, name) for name in _KEY}
        params |= {"method_id": key.method_id, "currency": key.currency, "cost": str(cost)}
        params |= {"run": str(self.run), "period": str(self.period), "limit": depth.rows}
        rows = self.reader.ask("rows_of_line", params).to_pylist()
        if not rows:
            return LineRows((), 0, Money.zero(key.currency))
        policy = self.policy or Policy(effective_from=self.period.first_day, teams=frozenset())
        machine = self.reader.ask("machine_times")
        bills = self._bills(rows, policy, machine, cost, depth)
        weights = _Weights(rows, policy, machine, self.reader)
        told = tuple(
            _row(row, key, weights.of(row, key), bills.get(number, ()))
            for number, row in enumerate(rows)
        )
        whole = _money(rows[0]["line_cost"], key.currency) or Money.zero(key.currency)
        return LineRows(told, rows[0]["rows_of_line"], whole)

    def _bills(
        self, rows: Sequence[Row], policy: Policy, machine: pa.Table, cost: CostBasis, depth: Depth
    ) -> Mapping[int, Sequence[ExplainedCostLine]]:
        """Return the dearest cost lines by the number of their row."""
        origins = [
            {**row, "number": number, "wanted": depth.cost_lines} for number, row in enumerate(rows)
        ]
        reader = self.reader
        asked = owned_charges(self.period, policy, machine, reader, "ask/cost_lines_of_origins")
        inputs = {**asked.inputs, "origin": pa.Table.from_pylist(origins, _ORIGIN)}
        found = reader.engine.query(replace(asked, inputs=inputs), reader.view).to_pylist()
        loads = self._loads({row["x_LoadId"] for row in found})
        by_row: dict[int, list[ExplainedCostLine]] = {}
        for row in found:
            told = row[_COLUMNS[cost]]
            if told is None:
                told = row["EffectiveCost"]
            amount = _money(told, rows[row["number"]]["currency"])
            load = loads.get(row["x_LoadId"])
            by_row.setdefault(row["number"], []).append(_cost_line(row, amount, load))
        return by_row

    def _loads(self, ids: set[str | None]) -> Mapping[str | None, DeliveryRecord]:
        with self.store.work() as work:
            records = {one: work.deliveries.by_id(UUID(one)) for one in ids if one}
        return {one: record for one, record in records.items() if record is not None}


class _Weights:
    """What the pools of some rows were divided by, measured again."""

    def __init__(
        self, rows: Sequence[Row], policy: Policy, machine: pa.Table, reader: Reader
    ) -> None:
        names = {row["pool"] for row in rows}
        pools = [pool for name, pool in policy.pools.items() if name in names]
        origins = pa.Table.from_pylist(list(rows), _DAYS)
        by_use = any(pool.sharing is Sharing.BY_USE for pool in pools)
        by_driver = any(pool.driver not in {None, Driver.GPUS_RESERVED} for pool in pools)
        signals = Signals(
            use_of_pools(origins, policy, machine, reader) if by_use else {},
            driver_use(origins, policy, machine, reader) if by_driver else {},
        )
        self._pools = {pool.name: pool for pool in pools}
        self._weights = {
            pool.name: OriginWeights(pool, policy, signals, {})
            for pool in pools
            if pool.sharing is not Sharing.PROPORTIONAL
        }

    def of(self, row: Row, key: LineKey) -> tuple[Pool, Shares] | None:
        """Return pool and weights of a row, if they give the ratio that was stored with it."""
        weights = self._weights.get(row["pool"])
        if weights is None or row["distributed_from"] is not None:
            return None
        shares = weights.of(row["charge_day"], row["charge_days"], row["currency"])
        if shares.ratios.get((key.team, key.line)) != row["allocated_ratio"]:
            return None
        return self._pools[row["pool"]], shares


def _row(
    row: Row,
    key: LineKey,
    divided: tuple[Pool, Shares] | None,
    cost_lines: Sequence[ExplainedCostLine],
) -> ExplainedRow:
    amount, whole = (_money(row[name], key.currency) for name in ("cost", "whole_cost"))
    return ExplainedRow(
        day=row["charge_day"],
        days=row["charge_days"],
        sku=row["sku"],
        invoice_issuer=row["invoice_issuer"],
        invoice=row["invoice"],
        amount=amount,
        method=row["method_id"],
        ratio=row["allocated_ratio"],
        whole=whole,
        words=Share(row, key.team, key.line, amount, whole, divided).words,
        lines_in_all=row["origin_lines"] or 0,
        cost_lines=tuple(cost_lines),
    )


def _cost_line(row: Row, amount: Money | None, load: DeliveryRecord | None) -> ExplainedCostLine:
    return ExplainedCostLine(
        amount=amount,
        resource=row["ResourceName"] or row["ResourceId"],
        description=row["ChargeDescription"] or row["SkuId"],
        source=row["x_SourceId"],
        file=_file(row["x_FileId"], load),
        record_number=row["x_RecordNumber"],
        loaded_at=None if load is None else load.loaded_at,
        load=row["x_LoadId"],
    )


def _file(file_id: str | None, load: DeliveryRecord | None) -> str | None:
    """Return the name of a file: its id is what its SHA-256 begins with."""
    files = () if load is None or not file_id else load.files
    return next((name for name, sha256 in files if sha256.startswith(file_id or "")), None)


def _money(amount: Any, currency: str | None) -> Money | None:  # noqa: ANN401 -- a value of a row
    return None if amount is None else Money.parse(amount, currency or "")
