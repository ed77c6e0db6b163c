"""What the company wrote down: its allocation policy and its capacity."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import yaml

from service.demo.clouds import CLOUDS
from service.demo.commitments import Commitment
from service.demo.fleet import ACCOUNT_OWNERS, POOLS, Pool
from service.demo.market import Market
from service.demo.records import text
from service.demo.teams import ALIASES, BY_NAME, PLATFORM, TEAMS
from service.demo.timeline import Timeline

OVERHEAD = "overhead"
"""The pool of what all teams share evenly: control planes, support, credits, tax."""

QUOTAS = {
    "p5.48xlarge": (2, 3),
    "p5en.48xlarge": (1, 1),
    "p4d.24xlarge": (2, 2),
    "g5.xlarge": (8, 0),
    "g5.12xlarge": (3, 4),
    "g6.12xlarge": (3, 4),
    "g6e.12xlarge": (2, 0),
    "Standard_ND96isr_H100_v5": (1, 0),
    "Standard_ND96isr_H200_v5": (1, 0),
    "Standard_NC40ads_H100_v5": (3, 0),
    "Standard_NC80adis_H100_v5": (2, 0),
    "Standard_NC24ads_A100_v4": (3, 0),
    "Standard_NC96ads_A100_v4": (1, 0),
    "a3-highgpu-8g": (1, 2),
    "a2-highgpu-8g": (1, 2),
    "a2-highgpu-1g": (4, 4),
    "g2-standard-12": (4, 4),
    "g2-standard-48": (2, 3),
}
"""Machines that a provider allows at once in one region: on demand, spot."""

Document = dict[str, object]


def write_policy(path: Path, timeline: Timeline) -> Path:
    """Write who pays for what, from the first month of the window on."""
    return _write(
        {
            "version": 1,
            "effective_from": timeline.months()[0].begins.date(),
            "teams": [{"name": team.name} for team in TEAMS],
            "pools": [*map(_pool, POOLS), _overhead()],
            "rules": list(_rules()),
        },
        path,
    )


def _rules() -> Iterator[Document]:
    """Unused promises, pools, accounts, tags, namespaces, overhead: the first match decides."""
    yield {"match": {"commitment_status": "Unused"}, "team": PLATFORM}
    for pool in POOLS:
        yield {"match": {"pool": pool.name}, "pool": pool.name}
        yield {"match": {"tag": {"key": "pool", "value": pool.name}}, "pool": pool.name}
    for account, owner in ACCOUNT_OWNERS.items():
        yield {"match": {"account": account.id}, "team": owner}
    aliases = {alias: _team_of(project) for project, alias in ALIASES.items()}
    yield {"match": {"tag": {"key": "team"}}, "team_from_tag": "team", "aliases": aliases}
    for team in TEAMS:
        yield {"match": {"namespace": team.name}, "team": team.name}
        yield {"match": {"namespace": f"{team.name}-*"}, "team": team.name}
    for category in ("Tax", "Credit"):
        yield {"match": {"charge_category": category}, "pool": OVERHEAD}
    for cloud in CLOUDS:
        for service in (cloud.kubernetes, cloud.support):
            yield {"match": {"service": service}, "pool": OVERHEAD}


def _team_of(project: str) -> str:
    return next(team.name for team in BY_NAME.values() if project in team.projects)


def _pool(pool: Pool) -> Document:
    if pool.shares is None:
        return {"name": pool.name, "owner": PLATFORM, "share": "by_use"}
    return {
        "name": pool.name,
        "owner": PLATFORM,
        "share": "by_reservation",
        "reservations": pool.shares,
        "capacity_gpus": pool.gpus,
    }


def _overhead() -> Document:
    names = [team.name for team in TEAMS]
    return {"name": OVERHEAD, "owner": PLATFORM, "share": "evenly", "teams": names}


def write_capacity(
    commitments: Sequence[Commitment], market: Market, path: Path, timeline: Timeline
) -> Path:
    """Write the quotas of every region, the commitments, a reservation and a capacity block."""
    return _write(
        {
            "version": 1,
            "effective_from": timeline.today,
            "currency": "USD",
            "quotas": _quotas(market),
            "commitments": [_commitment(one, timeline) for one in commitments],
            "reservations": [_reservation(timeline)],
            "capacity_blocks": [_block(timeline)],
        },
        path,
    )


def _quotas(market: Market) -> list[Document]:
    places = dict.fromkeys(
        (one.provider, one.region, one.machine_type, one.purchase_model)
        for one in market.prices
        if one.purchase_model != "committed"
    )
    return [
        {
            "provider": provider,
            "region": region,
            "machine_type": machine_type,
            "market": model,
            "machines": QUOTAS[machine_type][model == "spot"],
        }
        for provider, region, machine_type, model in places
    ]


def _commitment(commitment: Commitment, timeline: Timeline) -> Document:
    offer = commitment.pool.offer
    return {
        "id": commitment.id,
        "provider": offer.provider,
        "region": offer.region,
        "machine_type": offer.machine_type,
        "machines": commitment.machines,
        "start": text(timeline.start),
        "end": text(timeline.start + timedelta(days=365)),
        "owner": PLATFORM,
        "hourly_rate": str(commitment.pool.committed_rate),
    }


def _reservation(timeline: Timeline) -> Document:
    return {
        "id": "cr-0b7d1f5a93c2e6481",
        "provider": "aws",
        "region": "us-east-1",
        "zone": "use1-az4",
        "machine_type": "g6.12xlarge",
        "machines": 2,
        "start": text(timeline.start),
        "end": text(timeline.at(timeline.ticks) + timedelta(days=30)),
        "owner": "inference-platform",
    }


def _block(timeline: Timeline) -> Document:
    """A week of two machines that begins the day after tomorrow; the price is the company's own."""
    start = timeline.at(timeline.ticks) + timedelta(days=2)
    return {
        "id": "cb-04e8c6d1b2f7a9350",
        "provider": "aws",
        "region": "us-east-2",
        "zone": "use2-az3",
        "machine_type": "p5en.48xlarge",
        "machines": 2,
        "start": text(start),
        "end": text(start + timedelta(days=7)),
        "owner": "foundation-models",
        "price_upfront": "11289.60",
    }


def _write(document: Document, path: Path) -> Path:
    path.write_text(yaml.safe_dump(document, sort_keys=False, width=100), encoding="utf-8")
    return path
