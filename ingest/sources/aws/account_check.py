"""Tries what the account source needs, with the least call of each kind."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from botocore.exceptions import ClientError

from ingest.machines import machine_types
from ingest.port import Check, SourceError
from ingest.sources.aws.asking import asking, is_denied
from ingest.sources.aws.errors import code_of, is_of_credentials, is_unreachable
from ingest.sources.aws.price_news import Question
from ingest.sources.aws.prices import SERVICE, pricing_home
from ingest.sources.aws.rates import currency_of
from ingest.sources.aws.session import AwsClients

_POLICY = "the policy in docs/connect/prices-and-capacity.md has it"
_WOULD_HAVE_DONE = "DryRunOperation"

_EC2: dict[str, tuple[str, str, dict[str, Any]]] = {
    "ec2:DescribeAvailabilityZones": ("zones", "describe_availability_zones", {}),
    "ec2:DescribeSpotPriceHistory": ("spot prices", "describe_spot_price_history", {}),
    "ec2:GetSpotPlacementScores": (
        "placement scores",
        "get_spot_placement_scores",
        {"TargetCapacity": 1},
    ),
    "ec2:DescribeCapacityBlockOfferings": (
        "capacity blocks on offer",
        "describe_capacity_block_offerings",
        {"CapacityDurationHours": 24},
    ),
    "ec2:DescribeReservedInstances": ("Reserved Instances", "describe_reserved_instances", {}),
    "ec2:DescribeCapacityReservations": (
        "capacity reservations and blocks",
        "describe_capacity_reservations",
        {},
    ),
}


@dataclass(frozen=True, slots=True)
class _Probe:
    """One action, what it is for, and a call that needs it and asks for next to nothing."""

    what: str
    action: str
    service: str
    region: str
    operation: str
    arguments: Mapping[str, Any]

    @property
    def place(self) -> tuple[str, str]:
        """The service and the region: one client asks there."""
        return self.service, self.region

    @property
    def title(self) -> str:
        """What the check is called."""
        return f"{self.what} ({self.action})"


def account_checks(clients: AwsClients, question: Question, at: datetime) -> list[Check]:
    """Try each action in each region; Cost Explorer is not tried, as every request is charged.

    Addresses that do not answer are told once, all together; credentials that are no good end it.
    """
    probes = [*_savings(), *_pricing(question, at)]
    probes += [probe for region in question.regions for probe in _in_region(region)]
    return [*_reference(question), *_tried(clients, probes)]


def _reference(question: Question) -> Iterator[Check]:
    """Say which machine types we know nothing of."""
    known = machine_types()
    for name in question.machine_types:
        if ("aws", name) not in known:
            what = f"machine type {name} is in the reference"
            advice = "look at its spelling; prices of it are loaded, and no plan can use them"
            yield Check(what, passed=False, advice=advice)


def _tried(clients: AwsClients, probes: Iterable[_Probe]) -> Iterator[Check]:
    """Try one place after the other; one whose address does not answer is left at once."""
    silent: dict[str, SourceError] = {}
    for place, group in groupby(probes, key=lambda probe: probe.place):
        try:
            client = clients.client(*place)
        except SourceError as fault:
            yield Check(f"reaching {' in '.join(place)}", passed=False, advice=str(fault))
            return
        address = str(client.meta.endpoint_url)
        for probe in group if address not in silent else ():
            problem = _problem(client, probe)
            if problem and is_unreachable(problem):
                silent[address] = problem
                break
            yield _check(probe, problem)
            if problem and is_of_credentials(problem):
                return
    if silent:
        yield _unreached(silent)


def _check(probe: _Probe, problem: SourceError | None) -> Check:
    if problem is None:
        return Check(probe.title, passed=True)
    need = f"allow the action {probe.action}; {_POLICY}. " if is_denied(problem) else ""
    return Check(probe.title, passed=False, advice=f"{need}{problem}")


def _unreached(silent: Mapping[str, SourceError]) -> Check:
    """Say of all addresses that did not answer what the first of them came to."""
    return Check(
        f"reaching {', '.join(silent)}",
        passed=False,
        advice="nothing there was tried further; look at the network, at endpoint_url in the "
        f"source's settings and at AWS_ENDPOINT_URL. {next(iter(silent.values()))}",
    )


def _problem(client: Any, probe: _Probe) -> SourceError | None:  # noqa: ANN401 - boto3 has no types
    try:
        with asking(probe.what, probe.action):
            _called(client, probe)
    except SourceError as problem:
        return problem
    return None


def _called(client: Any, probe: _Probe) -> None:  # noqa: ANN401 - boto3 has no types
    """Call; EC2 answers a dry run that would have been allowed with an error of its own."""
    try:
        getattr(client, probe.operation)(**probe.arguments)
    except ClientError as problem:
        if code_of(problem) != _WOULD_HAVE_DONE:
            raise


def _savings() -> Iterator[_Probe]:
    calls = {
        "savingsplans:DescribeSavingsPlans": ("Savings Plans", "describe_savings_plans"),
        "savingsplans:DescribeSavingsPlansOfferingRates": (
            "rates of Savings Plans",
            "describe_savings_plans_offering_rates",
        ),
    }
    for action, (what, operation) in calls.items():
        yield _Probe(what, action, "savingsplans", "us-east-1", operation, {"maxResults": 1})


def _pricing(question: Question, at: datetime) -> Iterator[_Probe]:
    first = {pricing_home(region): region for region in reversed(question.regions)}
    for home, region in first.items():
        lists = {
            "ServiceCode": SERVICE,
            "EffectiveDate": at,
            "CurrencyCode": currency_of(region),
            "MaxResults": 1,
        }
        what, action = "published price lists", "pricing:ListPriceLists"
        yield _Probe(what, action, "pricing", home, "list_price_lists", lists)
        products = {"ServiceCode": SERVICE, "MaxResults": 1}
        yield _Probe("prices", "pricing:GetProducts", "pricing", home, "get_products", products)


def _in_region(region: str) -> Iterator[_Probe]:
    for action, (what, operation, arguments) in _EC2.items():
        dry = {"DryRun": True, **arguments}
        yield _Probe(f"{what} in {region}", action, "ec2", region, operation, dry)
    ec2 = {"ServiceCode": "ec2", "MaxResults": 1}
    what, action = f"quotas in {region}", "servicequotas:ListServiceQuotas"
    yield _Probe(what, action, "service-quotas", region, "list_service_quotas", ec2)
