"""Reservations and savings plans, over TLS: what they cost by the hour and whom they cover."""

from decimal import Decimal
from typing import Any

import pytest

from ingest.capacity import CapacitySource, CommitmentKind, Scope
from ingest.port import RejectedSourceError
from ingest.settings import AzureAccountSettings
from ingest.sources.azure.account import AzureAccount
from tests.ingest.azure.conftest import NOW
from tests.peers.azure import SUBSCRIPTION, Answer, FakeAzure, refused

H100 = "Standard_ND96isr_H100_v5"
ORDER = "/providers/Microsoft.Capacity/reservationOrders/order-1"
RESERVED = {
    "id": f"{ORDER}/reservations/reservation-1",
    "name": "order-1/reservation-1",
    "location": "eastus",
    "sku": {"name": H100},
    "properties": {
        "appliedScopeType": "Shared",
        "displayName": "H100 for a year",
        "displayProvisioningState": "Succeeded",
        "effectiveDateTime": "2026-01-01T00:00:00Z",
        "expiryDateTime": "2027-01-01T00:00:00Z",
        "quantity": 2,
        "reservedResourceType": "VirtualMachines",
        "term": "P1Y",
    },
}
PLANNED = {
    "id": "/providers/microsoft.billingbenefits/savingsPlanOrders/o/savingsPlans/plan-1",
    "name": "o/plan-1",
    "sku": {"name": "Compute_Savings_Plan"},
    "properties": {
        "appliedScopeType": "Single",
        "appliedScopeProperties": {"subscriptionId": f"/{SUBSCRIPTION}"},
        "billingPlan": "P1M",
        "commitment": {"amount": 12.5, "currencyCode": "EUR", "grain": "Hourly"},
        "displayProvisioningState": "Succeeded",
        "effectiveDateTime": "2026-02-01T00:00:00Z",
        "expiryDateTime": "2029-02-01T00:00:00Z",
        "term": "P3Y",
    },
}


def ordered(plan: str, amount: float, *payments: float) -> Answer:
    """An order of 4 machines, its price, and what is paid when."""
    money = {"currencyCode": "USD", "amount": amount}
    paid = [{"pricingCurrencyTotal": {"currencyCode": "USD", "amount": one}} for one in payments]
    information = {"pricingCurrencyTotal": money, "transactions": paid}
    properties = {"billingPlan": plan, "originalQuantity": 4, "planInformation": information}
    return Answer(body={"properties": properties})


def contracts(
    peer: FakeAzure, reserved: list[dict[str, Any]], planned: list[dict[str, Any]]
) -> None:
    """Have the tenant hold these contracts."""
    peer.lists["/providers/Microsoft.Capacity/reservations"] = [
        Answer(body={"value": reserved[:1]}),
        Answer(body={"value": reserved[1:]}),
    ]
    peer.lists["/providers/Microsoft.BillingBenefits/savingsPlans"] = [
        Answer(body={"value": planned})
    ]


def changed(one: dict[str, Any], **properties: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """A contract with other properties."""
    return one | {"properties": one["properties"] | properties}


def test_a_reservation_costs_what_its_order_does_by_machines_and_hours(
    peer: FakeAzure, account: AzureAccount
) -> None:
    """2,102,400 USD for 4 machines and 8,760 hours are 60 each; 2 of them are in this one."""
    peer.lists[ORDER] = [ordered("Upfront", 2102400)]
    contracts(peer, [RESERVED], [])

    [fact] = account.capacity().commitments

    assert isinstance(account, CapacitySource)
    assert (fact.id, fact.kind, fact.machines) == ("reservation-1", CommitmentKind.USAGE, 2)
    assert (fact.hourly_rate, fact.currency) == (Decimal(60), "USD")
    assert fact.scope == Scope(region="eastus", machine_type=H100)
    assert (fact.payment_option, fact.state) == ("Upfront", "Succeeded")
    assert f"{fact.start:%Y-%m-%d} {fact.end:%Y-%m-%d}" == "2026-01-01 2027-01-01"


def test_a_monthly_payment_is_one_of_twelve(peer: FakeAzure, account: AzureAccount) -> None:
    """175,200 a month are 2,102,400 a year: 60 an hour for each of 4 machines, as before."""
    contracts(peer, [RESERVED], [])
    peer.lists[ORDER] = [ordered("Monthly", 175200, 175200, 175200)]
    [paying] = account.capacity().commitments
    peer.lists[ORDER] = [ordered("Monthly", 175200)]
    [scheduled] = account.capacity().commitments

    assert (paying.hourly_rate, scheduled.hourly_rate) == (Decimal(60), Decimal(60))


def test_two_reservations_of_an_order_ask_for_its_price_once(
    peer: FakeAzure, account: AzureAccount
) -> None:
    """An order was split in two; a monthly plan without any amount leaves the rate open."""
    other = RESERVED | {"id": f"{ORDER}/reservations/reservation-2"}
    contracts(peer, [RESERVED, other], [])
    peer.lists[ORDER] = [Answer(body={"properties": {"billingPlan": "Monthly"}})]

    found = account.capacity().commitments

    assert [(one.id, one.hourly_rate) for one in found] == [
        ("reservation-1", None),
        ("reservation-2", None),
    ]
    assert len(peer.asked(ORDER.lower())) == 1


def test_a_savings_plan_promises_money_by_the_hour(peer: FakeAzure, account: AzureAccount) -> None:
    """12.50 EUR an hour for three years, in one subscription."""
    contracts(peer, [], [PLANNED])

    [fact] = account.capacity().commitments

    assert (fact.kind, fact.machines, fact.product) == (
        CommitmentKind.SPEND,
        None,
        "Compute_Savings_Plan",
    )
    assert (fact.hourly_rate, fact.currency, fact.payment_option) == (Decimal("12.5"), "EUR", "P1M")
    assert fact.scope.account == SUBSCRIPTION.partition("/")[2]


def test_contracts_that_are_over_or_of_something_else_are_left_out(
    peer: FakeAzure, account: AzureAccount
) -> None:
    """Cancelled, for a database, of another subscription, by the month: none of them counts."""
    other = {"appliedScopeType": "Single", "appliedScopes": ["/subscriptions/other"]}
    contracts(
        peer,
        [
            changed(RESERVED, displayProvisioningState="Cancelled"),
            changed(RESERVED, reservedResourceType="SqlDatabases"),
            changed(RESERVED, **other),
        ],
        [
            changed(PLANNED, displayProvisioningState="Expired"),
            changed(PLANNED, commitment={"grain": "Monthly"}),
        ],
    )

    found = account.capacity()

    assert found.commitments == ()
    assert found.notes == ("savings plan o/plan-1: left out, as it is not by the hour",)


def test_an_order_that_may_not_be_read_leaves_the_rate_open(
    peer: FakeAzure, account: AzureAccount
) -> None:
    """The reservation counts with its machines, and the note says why there is no rate."""
    contracts(peer, [RESERVED], [])
    peer.lists[ORDER] = [refused(403, "AuthorizationFailed", "no")]

    found = account.capacity()

    assert (found.commitments[0].hourly_rate, found.commitments[0].machines) == (None, 2)
    assert "order order-1: its price is not known" in found.notes[0]


def test_one_kind_of_contract_may_be_closed_to_us_but_not_both(
    peer: FakeAzure, account: AzureAccount
) -> None:
    """Savings plans are read where reservations may not be; where neither may, that is an error."""
    contracts(peer, [], [PLANNED])
    closed = refused(403, "AuthorizationFailed", "no")
    peer.lists["/providers/Microsoft.Capacity/reservations"] = [closed]

    found = account.capacity()
    peer.lists["/api/retail/prices"] = [Answer(body={"Items": []})]
    checks = account.check()

    assert (len(found.commitments), len(found.notes)) == (1, 1)
    assert [one.passed for one in checks] == [True, False]
    peer.lists["/providers/Microsoft.BillingBenefits/savingsPlans"] = [closed]
    with pytest.raises(RejectedSourceError, match="give it the role Cost Management Reader"):
        account.capacity()


def test_without_a_scope_there_is_nobody_to_ask(accounting: AzureAccountSettings) -> None:
    """Prices need no sign-in, contracts do."""
    source = AzureAccount(accounting.model_copy(update={"scope": None}), clock=lambda: NOW)

    assert source.capacity().notes == ("reservations and savings plans: scope is not set",)
