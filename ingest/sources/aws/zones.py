"""Zones by their ids: the name ``us-east-1a`` is another zone in every account."""

from collections.abc import Mapping

from ingest.sources.aws.asking import asking
from ingest.sources.aws.session import AwsClients


class Zones:
    """Looks up the id of a zone, as ``use1-az4``; every region is asked once."""

    def __init__(self, clients: AwsClients) -> None:
        """Take the way to AWS."""
        self._clients = clients
        self._known: dict[str, Mapping[str, str]] = {}

    def id_of(self, region: str, name: str | None, zone_id: str | None = None) -> str | None:
        """Return the id of a zone, or its name where AWS does not know it any more.

        Raises:
            SourceError: When AWS cannot be asked.
        """
        if zone_id or not name:
            return zone_id or None
        if region not in self._known:
            self._known[region] = self._asked(region)
        return self._known[region].get(name, name)

    def _asked(self, region: str) -> Mapping[str, str]:
        client = self._clients.client("ec2", region)
        with asking(f"the zones of {region}", "ec2:DescribeAvailabilityZones"):
            found = client.describe_availability_zones()["AvailabilityZones"]
        return {one["ZoneName"]: one["ZoneId"] for one in found}
