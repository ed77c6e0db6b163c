"""Tries what the account source needs, with the least call of each kind."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from ingest.machines import machine_types
from ingest.port import Check, SourceError
from ingest.sources.aws.asking import asking, is_denied
from ingest.sources.aws.errors import code_of
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
    call: Callable[[], object]


def account_checks(clients: AwsClients, question: Question, at: datetime) -> list[Check]:
    """Try each action in each region; Cost Explorer is not tried, as every request is charged."""
    probes = [*_savings(clients), *_pricing(clients, question, at)]
    probes += [probe for region in question.regions for probe in _in_region(clients, region)]
    return [*_reference(question), *(_tried(probe) for probe in probes)]


def _reference(question: Question) -> Iterator[Check]:
    """Say which machine types we know nothing of."""
    known = machine_types()
    for name in question.machine_types:
        if ("aws", name) not in known:
            what = f"machine type {name} is in the reference"
            advice = "look at its spelling; prices of it are loaded, and no plan can use them"
            yield Check(what, passed=False, advice=advice)


def _tried(probe: _Probe) -> Check:
    what = f"{probe.what} ({probe.action})"
    try:
        with asking(probe.what, probe.action):
            _called(probe)
    except SourceError as problem:
        need = f"allow the action {probe.action}; {_POLICY}. " if is_denied(problem) else ""
        return Check(what, passed=False, advice=f"{need}{problem}")
    return Check(what, passed=True)


def _called(probe: _Probe) -> None:
    """Call; EC2 answers a dry run that would have been allowed with an error of its own."""
    try:
        probe.call()
    except ClientError as problem:
        if code_of(problem) != _WOULD_HAVE_DONE:
            raise


def _savings(clients: AwsClients) -> Iterator[_Probe]:
    calls = {
        "savingsplans:DescribeSavingsPlans": ("Savings Plans", "describe_savings_plans"),
        "savingsplans:DescribeSavingsPlansOfferingRates": (
            "rates of Savings Plans",
            "describe_savings_plans_offering_rates",
        ),
    }
    for action, (what, operation) in calls.items():
        call = _call(clients, "savingsplans", "us-east-1", operation, maxResults=1)
        yield _Probe(what, action, call)


def _pricing(clients: AwsClients, question: Question, at: datetime) -> Iterator[_Probe]:
    first = {pricing_home(region): region for region in reversed(question.regions)}
    for home, region in first.items():
        lists = {
            "ServiceCode": SERVICE,
            "EffectiveDate": at,
            "CurrencyCode": currency_of(region),
            "MaxResults": 1,
        }
        call = _call(clients, "pricing", home, "list_price_lists", **lists)
        yield _Probe("published price lists", "pricing:ListPriceLists", call)
        products = {"ServiceCode": SERVICE, "MaxResults": 1}
        call = _call(clients, "pricing", home, "get_products", **products)
        yield _Probe("prices", "pricing:GetProducts", call)


def _in_region(clients: AwsClients, region: str) -> Iterator[_Probe]:
    for action, (what, operation, arguments) in _EC2.items():
        call = _call(clients, "ec2", region, operation, DryRun=True, **arguments)
        yield _Probe(f"{what} in {region}", action, call)
    call = _call(
        clients, "service-quotas", region, "list_service_quotas", ServiceCode="ec2", MaxResults=1
    )
    yield _Probe(f"quotas in {region}", "servicequotas:ListServiceQuotas", call)


def _call(
    clients: AwsClients,
    service: str,
    region: str,
    operation: str,
    **arguments: Any,  # noqa: ANN401 - boto3 has no types
) -> Callable[[], object]:
    """Return a call that is made later, client and all."""
    return lambda: getattr(clients.client(service, region), operation)(**arguments)
