"""Lines of what is not a machine: storage, traffic, control planes, support."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from service.demo.clouds import REGION_NAMES, Cloud
from service.demo.columns import Column, coded
from service.demo.compute import sku, tags_text
from service.demo.fleet import AWS_SHARED, AZURE_SHARED, GCP_SHARED, Account, account_of
from service.demo.lines import Charges, consumed, paid, priced, times
from service.demo.reference import pico, service_prices
from service.demo.teams import TEAMS
from service.demo.timeline import Ints, Timeline

UNTAGGED_SHARE = 0.08
HOME_REGIONS = {"aws": "us-east-1", "azure": "eastus", "gcp": "us-central1"}
SHARED_ACCOUNTS = {"aws": AWS_SHARED, "azure": AZURE_SHARED, "gcp": GCP_SHARED}
CLUSTERS = {"aws": ("lh-aws", "lh-aws-dev"), "azure": ("lh-azure",), "gcp": ("lh-gcp",)}


@dataclass(frozen=True, slots=True)
class _Service:
    """What all lines of a service share; ``kind`` names its price in the reference table."""

    kind: str
    name: str
    category: str
    subcategory: str
    resource_type: str
    unit: str
    meter: str
    what: str


@dataclass(frozen=True, slots=True)
class _Resource:
    """A bucket, a link or a cluster, and who owns it."""

    id: str
    name: str
    account: Account
    tags: tuple[tuple[str, str], ...]


def storage_lines(cloud: Cloud, timeline: Timeline, rng: np.random.Generator) -> pa.Table:
    """Each team's bucket, a line a day; buckets grow."""
    service = _Service(
        kind="object_storage",
        name=cloud.storage,
        category="Storage",
        subcategory="Object Storage",
        resource_type=cloud.bucket,
        unit="GB-Months",
        meter="Storage",
        what="standard storage",
    )
    day = np.arange(timeline.days)
    size = rng.lognormal(np.log(180_000), 0.9, (len(TEAMS), 1))
    growth = 1 + rng.uniform(0, 0.006, (len(TEAMS), 1)) * day
    hundredths = np.asarray(size * growth / 30 * 100, dtype=np.int64)
    return _daily(cloud, service, _team_resources(cloud, "data", rng), hundredths, timeline)


def traffic_lines(cloud: Cloud, timeline: Timeline, rng: np.random.Generator) -> pa.Table:
    """What each team sent to the internet, a line a day."""
    service = _Service(
        kind="internet_egress",
        name=cloud.transfer,
        category="Networking",
        subcategory="Network Connectivity",
        resource_type="Network link",
        unit="GB",
        meter="Data Transfer Out",
        what="data transfer to the internet",
    )
    scale = rng.lognormal(np.log(220), 1.0, (len(TEAMS), 1))
    wobble = rng.lognormal(0, 0.5, (len(TEAMS), timeline.days))
    hundredths = np.asarray(scale * wobble * 100, dtype=np.int64)
    return _daily(cloud, service, _team_resources(cloud, "egress", rng), hundredths, timeline)


def cluster_lines(cloud: Cloud, timeline: Timeline) -> pa.Table:
    """The control planes of the Kubernetes clusters, a line an hour."""
    service = _Service(
        kind="kubernetes_control_plane",
        name=cloud.kubernetes,
        category="Compute",
        subcategory="Containers",
        resource_type="Cluster",
        unit="Hours",
        meter="Cluster Hours",
        what="cluster control plane",
    )
    account = SHARED_ACCOUNTS[cloud.provider]
    clusters = [
        _Resource(f"cluster/{name}", name, account, (("cluster", name),))
        for name in CLUSTERS[cloud.provider]
    ]
    hours = np.tile(np.arange(timeline.hours), len(clusters))
    owner = np.repeat(np.arange(len(clusters)), timeline.hours)
    charges = Charges(cloud, timeline, hours, hours + 1)
    return _table(charges, service, clusters, owner, np.full(charges.rows, 100))


def _team_resources(cloud: Cloud, what: str, rng: np.random.Generator) -> list[_Resource]:
    forgotten = rng.random(len(TEAMS)) < UNTAGGED_SHARE
    return [
        _Resource(
            id=f"{cloud.provider}://lh-{team.name}-{what}",
            name=f"lh-{team.name}-{what}",
            account=account_of(team.name, cloud.provider),
            tags=() if untagged else (("team", team.name),),
        )
        for team, untagged in zip(TEAMS, forgotten.tolist(), strict=True)
    ]


def _daily(
    cloud: Cloud,
    service: _Service,
    resources: Sequence[_Resource],
    hundredths: Ints,
    timeline: Timeline,
) -> pa.Table:
    day = np.tile(np.arange(timeline.days), len(resources)) * 24
    owner = np.repeat(np.arange(len(resources)), timeline.days)
    charges = Charges(cloud, timeline, day, day + 24)
    return _table(charges, service, resources, owner, hundredths.reshape(-1))


def _table(
    charges: Charges,
    service: _Service,
    resources: Sequence[_Resource],
    owner: Ints,
    quantity: Ints,
) -> pa.Table:
    cloud = charges.cloud
    price = np.full(charges.rows, _price(cloud.provider, service.kind))
    cost = times(price, quantity)
    region = HOME_REGIONS[cloud.provider]
    return pa.table(
        {
            **charges.frame(),
            **charges.texts(
                {
                    "ChargeCategory": "Usage",
                    "ChargeFrequency": "Usage-Based",
                    "ChargeDescription": f"{service.what} in {REGION_NAMES[region]}",
                    "PricingCategory": "Standard",
                    "PricingUnit": service.unit,
                    "ServiceName": service.name,
                    "ServiceCategory": service.category,
                    "ServiceSubcategory": service.subcategory,
                    "ResourceType": service.resource_type,
                    "RegionId": region,
                    "RegionName": REGION_NAMES[region],
                    "SkuId": sku(cloud.provider, service.kind),
                    "SkuPriceId": sku(cloud.provider, service.kind, "standard"),
                    "SkuMeter": service.meter,
                }
            ),
            **_owned(resources, owner),
            **priced(quantity, price, price),
            **paid(cost, cost),
            **consumed(quantity, service.unit),
        }
    )


def _owned(resources: Sequence[_Resource], owner: Ints) -> dict[str, Column]:
    return {
        "ResourceId": coded([one.id for one in resources], owner),
        "ResourceName": coded([one.name for one in resources], owner),
        "SubAccountId": coded([one.account.id for one in resources], owner),
        "SubAccountName": coded([one.account.name for one in resources], owner),
        "Tags": coded([tags_text(one.tags) for one in resources], owner),
    }


def _price(provider: str, kind: str) -> int:
    return next(
        pico(one.amount)
        for one in service_prices()
        if (one.provider, one.service) == (provider, kind)
    )
