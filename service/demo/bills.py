"""What each cloud charges: all cost lines, and their totals before they are written."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from service.demo.clouds import Cloud
from service.demo.columns import MONTH
from service.demo.commitments import Commitment
from service.demo.compute import machine_lines
from service.demo.corrections import second_thoughts
from service.demo.files import exported, write_bill
from service.demo.invoices import invoice_lines
from service.demo.machines import Machine
from service.demo.market import Market
from service.demo.promises import purchase_lines, unused_lines
from service.demo.services import cluster_lines, storage_lines, traffic_lines
from service.demo.timeline import Timeline
from service.domain.money import Money


@dataclass(frozen=True, slots=True)
class BillTotal:
    """What a cloud's cost lines of one billing period sum to."""

    provider: str
    period: str
    lines: int
    billed: Money
    effective: Money
    contracted: Money
    listed: Money


@dataclass(frozen=True, slots=True)
class World:
    """Everything that bills are made from."""

    timeline: Timeline
    machines: Sequence[Machine]
    commitments: Sequence[Commitment]
    market: Market


def cost_lines(cloud: Cloud, world: World, rng: np.random.Generator) -> pa.Table:
    """Everything that one cloud charges for, sorted by billing period and charge period.

    Amounts are whole numbers of 10⁻¹² USD until they are written.
    """
    timeline = world.timeline
    ours = [one for one in world.machines if one.offer.provider == cloud.provider]
    promises = [one for one in world.commitments if one.cloud is cloud]
    charged = _joined(
        machine_lines(cloud, ours, promises, world.market, timeline),
        *(purchase_lines(one, timeline) for one in promises),
        *(unused_lines(one, world.market, timeline) for one in promises),
        storage_lines(cloud, timeline, rng),
        traffic_lines(cloud, timeline, rng),
        cluster_lines(cloud, timeline),
    )
    charged = _joined(charged, second_thoughts(cloud, charged, timeline))
    lines = _joined(charged, invoice_lines(cloud, charged, timeline))
    start = lines["ChargePeriodStart"].cast(pa.int64()).to_numpy()
    return lines.take(np.lexsort((start, lines[MONTH].to_numpy())))


def _joined(*tables: pa.Table) -> pa.Table:
    return pa.concat_tables(tables, promote_options="default").unify_dictionaries()


def write_bills(
    lines: pa.Table, cloud: Cloud, folder: Path, timeline: Timeline
) -> tuple[Path, ...]:
    """Write a file for each billing period."""
    table = exported(lines, cloud)
    return tuple(
        write_bill(table.slice(first, rows), folder / f"{cloud.provider}-focus-{name}", cloud)
        for name, first, rows in _periods(lines, timeline)
    )


def bill_totals(lines: pa.Table, cloud: Cloud, timeline: Timeline) -> tuple[BillTotal, ...]:
    """The sums of the four costs in each billing period."""
    return tuple(
        BillTotal(
            cloud.provider,
            name,
            rows,
            *(
                _sum(lines[cost].slice(first, rows).to_numpy())
                for cost in ("BilledCost", "EffectiveCost", "ContractedCost", "ListCost")
            ),
        )
        for name, first, rows in _periods(lines, timeline)
    )


def _periods(lines: pa.Table, timeline: Timeline) -> list[tuple[str, int, int]]:
    month = lines[MONTH].to_numpy()
    periods = []
    for number, period in enumerate(timeline.months()):
        first, end = np.searchsorted(month, [number, number + 1]).tolist()
        periods.append((period.name, first, end - first))
    return periods


def _sum(pico: np.typing.NDArray[np.int64]) -> Money:
    """Sum in two halves, because a quarter's bill in 10⁻¹² USD can pass 64 bits."""
    high, low = np.divmod(pico, 10**6)
    return Money(int(high.sum()) * 10**6 + int(low.sum()), "USD")
