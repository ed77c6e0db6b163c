"""The tables beside the bills: job runs, machines, price list."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time
from pathlib import Path

import pyarrow as pa

from service.demo.commitments import Commitment
from service.demo.files import write_csv
from service.demo.jobs import Attempt
from service.demo.machines import Machine
from service.demo.market import HOURS_A_WEEK, Market
from service.demo.reference import PICO, ListPrice
from service.demo.timeline import TICKS_PER_HOUR, Timeline

Row = dict[str, object]


def write_jobs(attempts: Iterable[Attempt], folder: Path, timeline: Timeline) -> tuple[Path, ...]:
    """Write a file for each month in which jobs were submitted."""
    by_month: dict[str, list[Row]] = {}
    for attempt in sorted(attempts, key=lambda one: (one.submitted, one.job.id, one.number)):
        row = _job_row(attempt, timeline)
        by_month.setdefault(str(row["submitted"])[:7], []).append(row)
    return tuple(
        _write(rows, folder / f"job-runs-{month}.csv") for month, rows in sorted(by_month.items())
    )


def _job_row(attempt: Attempt, timeline: Timeline) -> Row:
    job, saved = attempt.job, attempt.checkpoint
    return {
        "job_id": job.id,
        "attempt": attempt.number,
        "workload_id": job.workload_id or None,
        "user_name": job.user,
        "team": job.team,
        "project": job.project,
        "nodes": attempt.nodes,
        "gpus": job.gpus,
        "accelerator_model": attempt.offer.type.accelerator_model,
        "submitted": text(timeline.at(attempt.submitted)),
        "started": text(timeline.at(attempt.start)),
        "ended": None if attempt.state == "running" else text(timeline.at(attempt.end)),
        "checkpoint_at": None if saved is None else text(timeline.at(saved)),
        "state": attempt.state,
    }


def write_nodes(machines: Sequence[Machine], path: Path, timeline: Timeline) -> Path:
    """Write which machine had which host name and GPUs, from when to when; if it ever ran."""
    return _write([_node_row(one, timeline) for one in machines if one.spans], path)


def _node_row(machine: Machine, timeline: Timeline) -> Row:
    kind = machine.offer.type
    gone = machine.end < timeline.ticks
    return {
        "provider": kind.provider,
        "resource_id": machine.resource_id,
        "host": machine.host,
        "gpu_uuids": json.dumps(machine.gpu_uuids),
        "machine_type": kind.name,
        "accelerator_model": kind.accelerator_model,
        "accelerator_count": kind.accelerators,
        "pool": machine.pool or None,
        "valid_from": text(timeline.at(machine.start)),
        "valid_to": text(timeline.at(machine.end)) if gone else None,
    }


def write_prices(
    market: Market, commitments: Sequence[Commitment], path: Path, timeline: Timeline
) -> Path:
    """Write the price list: listed prices, weekly spot prices, the company's own commitments."""
    rows = [_price_row(one, timeline) for one in market.prices if one.purchase_model != "spot"]
    for number, price in enumerate(market.spot_prices):
        rows.extend(_spot_rows(price, market.spot[number].tolist(), timeline))
    rows.extend(_agreed_row(one, timeline) for one in commitments if not _is_listed(one, market))
    return _write(rows, path)


def _price_row(price: ListPrice, timeline: Timeline) -> Row:
    listed = datetime.combine(price.date, time(), UTC)
    return {
        "provider": price.provider,
        "region": price.region,
        "zone": price.zone or None,
        "machine_type": price.machine_type,
        "purchase_model": price.purchase_model,
        "term_months": price.term_months,
        "unit": price.unit,
        "amount": f"{price.amount:f}",
        "currency": price.currency,
        "valid_from": text(min(listed, timeline.start)),
        "valid_to": None,
    }


def _spot_rows(price: ListPrice, weeks: Sequence[int], timeline: Timeline) -> list[Row]:
    last = len(weeks) - 1
    ticks = HOURS_A_WEEK * TICKS_PER_HOUR
    return [
        _price_row(price, timeline)
        | {
            "amount": f"{amount / PICO:.4f}",
            "valid_from": text(timeline.at(week * ticks)),
            "valid_to": None if week == last else text(timeline.at((week + 1) * ticks)),
        }
        for week, amount in enumerate(weeks)
    ]


def _is_listed(commitment: Commitment, market: Market) -> bool:
    offer = commitment.pool.offer
    return any(
        (one.machine_type, one.region, one.purchase_model, one.term_months)
        == (offer.machine_type, offer.region, "committed", 12)
        for one in market.prices
    )


def _agreed_row(commitment: Commitment, timeline: Timeline) -> Row:
    offer = commitment.pool.offer
    return {
        "provider": offer.provider,
        "region": offer.region,
        "zone": None,
        "machine_type": offer.machine_type,
        "purchase_model": "committed",
        "term_months": 12,
        "unit": "machine-hour",
        "amount": f"{commitment.pool.committed_rate:f}",
        "currency": "USD",
        "valid_from": text(timeline.start),
        "valid_to": None,
    }


def text(moment: datetime) -> str:
    """A moment as ISO 8601 in UTC."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _write(rows: Sequence[Row], path: Path) -> Path:
    return write_csv(pa.Table.from_pylist(list(rows)), path)
