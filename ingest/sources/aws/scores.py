"""Spot placement scores: how likely AWS says a request for spot machines is to succeed."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from botocore.exceptions import ClientError

from ingest.sources.aws.asking import all_pages, asking, portions
from ingest.sources.aws.errors import code_of
from ingest.sources.aws.session import AwsClients
from ingest.sources.aws.spooled import LookRow

_REGIONS_AT_ONCE = 10
_MACHINES = 1
_ENOUGH = "MaxConfigLimitExceeded"
_UNKNOWN = frozenset(
    {"InvalidParameterValue", "InvalidInstanceType", "InvalidParameterCombination"}
)


def placement_scores(
    clients: AwsClients, regions: Sequence[str], machine_types: Sequence[str], at: datetime
) -> Iterator[LookRow]:
    """Yield the score of one machine of each type in each zone.

    AWS answers so many different questions a day and no more; what was answered until then counts.

    Raises:
        SourceError: When AWS cannot be asked.
    """
    client = clients.client("ec2", regions[0])
    for machine_type in machine_types:
        for some in portions(regions, _REGIONS_AT_ONCE):
            try:
                yield from _scores(client, some, machine_type, at)
            except _AskedEnough:
                return


class _AskedEnough(Exception):
    """AWS answers no more different questions today."""


def _scores(
    client: object, regions: Sequence[str], machine_type: str, at: datetime
) -> Iterator[LookRow]:
    asked = {
        "InstanceTypes": [machine_type],
        "TargetCapacity": _MACHINES,
        "TargetCapacityUnitType": "units",
        "SingleAvailabilityZone": True,
        "RegionNames": list(regions),
    }
    with asking(f"spot placement scores of {machine_type}", "ec2:GetSpotPlacementScores"):
        try:
            operation, key = "get_spot_placement_scores", "SpotPlacementScores"
            for one in all_pages(client, operation, key, asked):
                zone = one.get("AvailabilityZoneId")
                yield LookRow(at, one["Region"], zone, machine_type, _MACHINES, one["Score"])
        except ClientError as problem:
            if code_of(problem) == _ENOUGH:
                raise _AskedEnough from problem
            if code_of(problem) not in _UNKNOWN:
                raise
