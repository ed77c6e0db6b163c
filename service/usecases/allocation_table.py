"""The columns of an allocation in memory, and the rows that are made of other rows."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from service.domain.allocation import Costs
from service.domain.money import Money
from service.domain.periods import Window
from service.domain.pools import Line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date
    from decimal import Decimal

    from service.domain.allocation import Part

MONEY = pa.decimal128(38, 12)
COSTS = ("billed_cost", "effective_cost", "contracted_cost", "list_cost")

_KEYS = (
    ("charge_day", pa.date32()),
    ("charge_days", pa.int32()),
    *((name, pa.string()) for name in ("pool", "provider", "account", "service", "sku")),
    *((name, pa.string()) for name in ("charge_category", "commitment_status", "currency")),
    *((name, pa.string()) for name in ("team", "line")),
)
_BILLS = tuple(
    (name, pa.string()) for name in ("invoice_issuer", "invoice", "commitment", "accelerator_model")
)
SCHEMA = pa.schema(
    [
        *_KEYS,
        *((name, MONEY) for name in COSTS),
        ("method_id", pa.string()),
        ("allocated_ratio", MONEY),
        ("cost_lines", pa.int64()),
        *_BILLS,
        ("distributed_from", pa.string()),
    ]
)
_ORDER = [name for name, _ in (*_KEYS, *_BILLS)]
_ORDER += ["method_id", "distributed_from", "contracted_cost", "list_cost", "allocated_ratio"]
_ORDER += ["effective_cost", "billed_cost", "cost_lines"]
"""A total order of the rows, so that the same facts give the same file."""

Bases = dict[str | None, dict[str, int]]
"""What each team bears, in trillionths, by currency."""


def shaped(rows: pa.Table) -> pa.Table:
    """Return the columns of an allocation in their order; one that is not there is empty."""
    for name in SCHEMA.names:
        if name not in rows.column_names:
            rows = rows.append_column(name, pa.nulls(rows.num_rows, SCHEMA.field(name).type))
    return rows.select(SCHEMA.names).cast(SCHEMA)


def in_order(rows: pa.Table) -> pa.Table:
    """Sort rows by all that tells them apart."""
    return rows.sort_by([(name, "ascending") for name in _ORDER])


def bases(rows: pa.Table) -> Bases:
    """Return what teams bear of their own use: effective cost on the lines direct and shared."""
    own = pa.array([str(Line.DIRECT), str(Line.SHARED)])
    rows = rows.filter(pc.is_in(rows["line"], own))
    sums = rows.group_by(["team", "currency"]).aggregate([("effective_cost", "sum")]).to_pylist()
    found: Bases = {}
    for row in sums:
        if row["effective_cost_sum"] is not None:
            cost = Money.parse(row["effective_cost_sum"], row["currency"] or "")
            found.setdefault(row["currency"], {})[row["team"]] = cost.pico
    return found


def window_of(origins: pa.Table) -> Window:
    """Return the days that origins cover, from the first to the last."""
    days = zip(origins["charge_day"].to_pylist(), origins["charge_days"].to_pylist(), strict=True)
    last = max(day + timedelta(days=count) for day, count in days)
    return Window(_midnight(pc.min(origins["charge_day"]).as_py()), _midnight(last))


def costs_in(rows: pa.Table, *names: str) -> Iterator[tuple[Costs, tuple[Any, ...]]]:
    """Yield the four costs of each row, and its values of other columns."""
    columns = [rows[name].to_pylist() for name in ("currency", *COSTS, *names)]
    for currency, billed, effective, contracted, list_, *others in zip(*columns, strict=True):
        yield _costs(currency, billed, effective, contracted, list_), tuple(others)


def _costs(currency: str | None, *costs: Decimal | None) -> Costs:
    known = currency or ""
    return Costs(*(None if cost is None else Money.parse(cost, known) for cost in costs))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


class PartRows:
    """Parts of origins, kept by column: millions of small objects would be slow to keep."""

    def __init__(self) -> None:
        """Begin without a row."""
        self._origins: list[int] = []
        self._counted: list[bool] = []
        self._columns: dict[str, tuple[list[Any], pa.DataType]] = {
            **{name: ([], pa.string()) for name in ("team", "line", "method_id")},
            **{name: ([], MONEY) for name in ("allocated_ratio", *COSTS)},
        }

    def add(self, origin: int, parts: Iterable[Part], *, counted: bool) -> None:
        """Add parts of the origin with this number; the first says its lines if ``counted``."""
        for place, part in enumerate(parts):
            self._origins.append(origin)
            self._counted.append(counted and place == 0)
            costs = part.costs
            four = (costs.billed, costs.effective, costs.contracted, costs.list)
            amounts = (None if cost is None else cost.decimal for cost in four)
            values = (part.team, part.line, part.method, part.ratio, *amounts)
            for (column, _), value in zip(self._columns.values(), values, strict=True):
                column.append(value)

    def table(self, origins: pa.Table, **same: str) -> pa.Table:
        """Return the rows with what they have of their origins, and what is the ``same`` in all."""
        of_origin = pa.array(self._origins, pa.int64())
        own: Mapping[str, pa.Array] = {
            name: pa.array(values, kind) for name, (values, kind) in self._columns.items()
        }
        kept = [name for name in origins.column_names if name not in {*own, *same, "cost_lines"}]
        rows = origins.select(kept).take(of_origin)
        for name, values in own.items():
            rows = rows.append_column(name, values)
        for name, value in same.items():
            rows = rows.append_column(name, pa.array([value] * rows.num_rows, pa.string()))
        lines = origins["cost_lines"].take(of_origin)
        return shaped(
            rows.append_column(
                "cost_lines", pc.if_else(pa.array(self._counted, pa.bool_()), lines, None)
            )
        )
