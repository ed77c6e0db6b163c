"""Quotas of EC2: how many vCPUs of which families may run, on demand and on spot apart."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from ingest.capacity import Market, QuotaFact, QuotaUnit
from ingest.sources.aws.asking import all_pages, asking
from ingest.sources.aws.session import AwsClients

_ON_DEMAND = re.compile(r"Running On-Demand (?P<families>.+) instances", re.IGNORECASE)
_SPOT = re.compile(r"All (?P<families>.+) Spot Instance Requests", re.IGNORECASE)
_LETTERS = re.compile(r"[a-z]+")
_FAMILY = re.compile(r"[A-Za-z]+[0-9]*[a-z-]*")


def machine_quotas(
    clients: AwsClients, regions: Sequence[str], machine_types: Collection[str]
) -> Iterator[QuotaFact]:
    """Yield the quotas that hold for any of ``machine_types``.

    A quota of which AWS says no value is left out: then nothing is known, not that none may run.

    Raises:
        SourceError: When AWS cannot be asked.
    """
    for region in regions:
        client = clients.client("service-quotas", region)
        with asking(f"quotas in {region}", "servicequotas:ListServiceQuotas"):
            found = all_pages(client, "list_service_quotas", "Quotas", {"ServiceCode": "ec2"})
            for one in found:
                yield from _facts(one, region, machine_types)


def _facts(
    one: Mapping[str, Any], region: str, machine_types: Collection[str]
) -> Iterator[QuotaFact]:
    title = one.get("QuotaName", "")
    market, words = _subject(title)
    families = tuple(
        family for family in words if any(_is_of(name, family) for name in machine_types)
    )
    if market is None or not families or one.get("Value") is None:
        return
    yield QuotaFact(
        id=one.get("QuotaCode", title),
        title=title,
        provider="aws",
        region=region,
        market=market,
        unit=QuotaUnit.VCPU,
        limit=int(one["Value"]),
        families=families,
    )


def _is_of(machine_type: str, family: str) -> bool:
    """Say whether a machine type is of a family: p5.48xlarge of p and p5, trn1.2xlarge not of t."""
    letters = _LETTERS.match(machine_type)
    return family == (letters and letters[0]) or (
        family[-1:].isdigit() and machine_type.startswith(family)
    )


def _subject(title: str) -> tuple[Market | None, list[str]]:
    """Read the market and the families from a name as 'All P4, P3 and P2 Spot ... Requests'."""
    for market, pattern in ((Market.ON_DEMAND, _ON_DEMAND), (Market.SPOT, _SPOT)):
        if said := pattern.fullmatch(title.strip()):
            return market, families_in(said["families"])
    return None, []


def families_in(text: str) -> list[str]:
    """Return the prefixes of machine types in words as 'Standard (A, C, D)' or 'G and VT'."""
    words = _FAMILY.findall(re.sub(r"\band\b|Standard|High Memory", " ", text))
    return [word.lower() for word in words]
