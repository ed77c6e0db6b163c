"""Small queues and price lists for the tests of planning; amounts are easy to add up."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb

from ingest.machines import machine_types
from optimizer.instance import Job, Option
from service.documents.capacity import CapacityDocument
from service.documents.workload import WorkloadDocument
from service.domain.exchange import Exchange
from service.domain.horizon import Horizon
from service.domain.workloads import Workload, WorkloadState
from service.usecases.build_instance import Market, Problem, build_instance, requests_of
from service.usecases.current_prices import Price
from warehouse.commit import commit
from warehouse.lake import Lake
from warehouse.port import Partition, StagedFile

START = datetime(2026, 11, 21, 3, tzinfo=UTC)
H100X8, H100X1, A100X8 = "p5.48xlarge", "p5.4xlarge", "p4d.24xlarge"


def price(
    machine: str,
    dollars: str,
    *,
    market: str = "on_demand",
    region: str = "us-east-1",
    zone: str | None = None,
    provider: str = "aws",
) -> Price:
    """What a machine costs an hour, in USD."""
    micros = int(Decimal(dollars) * 10**6)
    return Price(machine_types()[provider, machine], region, zone, market, micros)


def workload(**changes: object) -> WorkloadDocument:
    """A best-effort training of 4 hours on one machine of 8 H100, with some fields set."""
    form: dict[str, Any] = {
        "name": "w",
        "team": "research",
        "run": {"image": "i"},
        "kind": "training",
        "accelerators": [{"model": "H100", "count_per_node": 8}],
        "work": {"duration_hours": 4},
    }
    document = WorkloadDocument.model_validate(form | changes)
    assert list(document.contradictions()) == []
    return document


def stored(document: WorkloadDocument, number: int = 1) -> Workload:
    """The workload as the store keeps it."""
    return Workload(
        id=UUID(int=number),
        name=document.name,
        team=document.team,
        project=None,
        user=None,
        state=WorkloadState.QUEUED,
        submitted_at=START,
        idempotency_key=None,
        body_sha256="",
        document=document.model_dump(mode="json", by_alias=True),
    )


def capacity(**parts: Sequence[Mapping[str, Any]]) -> CapacityDocument:
    """A capacity file in effect."""
    form = {"version": 1, "effective_from": "2026-01-01", **parts}
    return CapacityDocument.model_validate(form)


def quota(machine: str | None, machines: int, **changes: object) -> dict[str, Any]:
    """A quota in us-east-1, of a machine type or (with ``family``) of a family."""
    form: dict[str, Any] = {"provider": "AWS", "region": "us-east-1", "machines": machines}
    return form | ({} if machine is None else {"machine_type": machine}) | changes


def term(name: str, machine: str, machines: int, **changes: object) -> dict[str, Any]:
    """Something paid for in us-east-1 for the whole horizon."""
    form: dict[str, Any] = {
        "id": name,
        "provider": "AWS",
        "region": "us-east-1",
        "machine_type": machine,
    }
    times = {"start": "2026-11-01T00:00:00Z", "end": "2026-12-31T00:00:00Z"}
    return form | times | {"machines": machines} | changes


def market(
    prices: Iterable[Price], document: CapacityDocument | None = None, default: int = 8
) -> Market:
    """What can be bought, in USD; a EUR is 1.08 USD."""
    exchange = Exchange("USD", {"EUR": Decimal("1.08")})
    return Market(tuple(prices), document, exchange, default)


def horizon(slots: int = 24) -> Horizon:
    """Some hours from START on."""
    return Horizon(START, slots)


def hour(slot: int) -> str:
    """When a slot begins, as a workload file says it."""
    return (START + timedelta(hours=slot)).isoformat()


OD = "aws/us-east-1/*/p5.48xlarge/on_demand"
SPOT = "aws/us-east-1/use1-az1/p5.48xlarge/spot"
BOTH = (
    price(H100X8, "50"),
    price(H100X8, "20", market="spot", zone="use1-az1"),
)
CHECKPOINT = {"interval_minutes": 30, "save_minutes": 0, "restore_minutes": 9}


def problem(
    *documents: WorkloadDocument,
    prices: Sequence[Price] = BOTH,
    document: CapacityDocument | None = None,
    default: int = 8,
    slots: int = 24,
) -> Problem:
    """The problem of these workloads."""
    queue = requests_of(stored(one, number) for number, one in enumerate(documents, 1))
    return build_instance(queue, market(prices, document, default), horizon(slots))


def only_job(made: Problem) -> Job:
    """The one job that was made."""
    (job,) = made.instance.jobs
    return job


def options(made: Problem) -> dict[str, Option]:
    """The options of the one job by offer."""
    return {option.offer: option for option in only_job(made).options}


def capacities(made: Problem) -> dict[str, int]:
    """The capacity of each offer, which is the same in every slot."""
    assert all(len(set(offer.capacity)) == 1 for offer in made.instance.offers)
    return {offer.id: offer.capacity[0] for offer in made.instance.offers}


PRICE_COLUMNS = (
    "provider VARCHAR, region VARCHAR, zone VARCHAR, machine_type VARCHAR, purchase_model VARCHAR,"
    " unit VARCHAR, amount DECIMAL(38,12), currency VARCHAR, valid_from TIMESTAMPTZ,"
    " valid_to TIMESTAMPTZ, x_SourceId VARCHAR, x_BillingPeriod VARCHAR"
)


def load_prices(
    lake: Lake, rows: Sequence[Mapping[str, Any]], *, source: str = "prices", number: int = 1
) -> None:
    """Commit price rows (USD on-demand p5.48xlarge of us-east-1 unless said) as one delivery."""
    usual: dict[str, Any] = {
        "provider": "AWS",
        "region": "us-east-1",
        "zone": None,
        "machine_type": H100X8,
        "purchase_model": "on_demand",
        "unit": "machine-hour",
        "amount": "10",
        "currency": "USD",
        "valid_from": "2026-11-01T00:00:00Z",
        "valid_to": None,
    }
    partition = Partition("price", source, "2026-11")
    load_id = UUID(int=1_000_000 + number)
    path = Path(lake.folder(load_id)) / "prices.parquet"
    with duckdb.connect(":memory:") as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"CREATE TABLE line ({PRICE_COLUMNS})")
        connection.executemany(
            "INSERT INTO line VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [[*(usual | dict(row)).values(), source, partition.period] for row in rows],
        )
        connection.sql("FROM line").write_parquet(str(path))
    staged = StagedFile(str(path), len(rows), path.stat().st_size, partition)
    commit(
        lake,
        "price",
        partitions=[partition],
        files=[staged],
        load_id=load_id,
        version=number,
        delivered={f"f{number}": "prices.csv"},
    )
    lake.close_load(load_id)
