"""Reservations and savings plans of a tenant, as contracts.

Azure tells what was reserved with the reservation and what it costs with its order; a savings plan
says itself how much money an hour was promised.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from azure.core.rest import HttpRequest
from azure.mgmt.costmanagement import CostManagementClient

from ingest.capacity import CapacityFacts, CommitmentFact, CommitmentKind, Scope
from ingest.port import SourceError
from ingest.sources.azure.errors import nobody_signed_in, plain_errors
from ingest.sources.azure.rates import amount, moment, months_in, per_hour, term_hours
from ingest.sources.azure.spooled import PROVIDER

_API = "2022-11-01"
_RESERVATIONS = "/providers/Microsoft.Capacity/reservations"
_SAVINGS_PLANS = "/providers/Microsoft.BillingBenefits/savingsPlans"
_MACHINES = "VirtualMachines"
_OVER = frozenset({"Cancelled", "Expired", "Failed", "Merged", "Split", "BillingFailed"})
_ALL = "Shared"

Json = Mapping[str, Any]


class Contracts:
    """Asks for what was promised; ``scope`` limits it to what covers that subscription."""

    def __init__(self, costs: CostManagementClient, endpoint: str, scope: str) -> None:
        """Keep how Azure is reached."""
        self._costs = costs
        self._endpoint = endpoint.rstrip("/")
        self._subscription = _subscription_of(scope)

    def facts(self) -> CapacityFacts:
        """Return every contract in force that covers machines of the scope.

        Raises:
            SourceError: When neither kind of contract may be asked for.
        """
        notes: list[str] = []
        commitments: list[CommitmentFact] = []
        problems: list[SourceError] = []
        for kind, read in (("reservations", self._reserved), ("savings plans", self._planned)):
            try:
                commitments += read(notes)
            except SourceError as problem:
                if nobody_signed_in(problem):
                    raise
                problems.append(problem)
                notes.append(f"{kind} could not be asked for: {problem}")
        if len(problems) > 1:
            raise problems[0]
        return CapacityFacts(commitments=tuple(commitments), notes=tuple(notes))

    def _reserved(self, notes: list[str]) -> Iterator[CommitmentFact]:
        prices: dict[str, Json] = {}
        for one in self._listed(_RESERVATIONS):
            of = one["properties"]
            if of.get("reservedResourceType") != _MACHINES or not self._in_force(of):
                continue
            order = str(one["id"]).lower().partition("/reservations/")[0]
            if order not in prices:
                prices[order] = self._order(order, notes)
            yield self._reservation(one, prices[order])

    def _reservation(self, one: Json, order: Json) -> CommitmentFact:
        """Read a reservation; the rate is the order's price by its machines and hours."""
        of = one["properties"]
        what = f"reservation {of.get('displayName', one['name'])}"
        months = months_in(str(of.get("term", "")), what)
        currency, whole = _whole_price(order, months)
        machines = int(order.get("originalQuantity") or of["quantity"])
        return CommitmentFact(
            id=str(one["id"]).rpartition("/")[2],
            provider=PROVIDER,
            kind=CommitmentKind.USAGE,
            product="Reserved VM Instance",
            start=moment(_first(of, "effectiveDateTime", "purchaseDateTime", "purchaseDate"), what),
            end=moment(_first(of, "expiryDateTime", "expiryDate"), what),
            scope=Scope(
                region=one.get("location"),
                machine_type=one["sku"]["name"],
                account=_covered(of),
            ),
            currency=currency,
            hourly_rate=None
            if whole is None
            else per_hour(amount(whole, what), term_hours(months), machines),
            machines=int(of["quantity"]),
            payment_option=order.get("billingPlan") or of.get("billingPlan"),
            state=of.get("displayProvisioningState") or of.get("provisioningState"),
        )

    def _planned(self, notes: list[str]) -> Iterator[CommitmentFact]:
        for one in self._listed(_SAVINGS_PLANS):
            of = one["properties"]
            if not self._in_force(of):
                continue
            what = f"savings plan {of.get('displayName', one['name'])}"
            promised = of["commitment"]
            if promised.get("grain") != "Hourly":
                notes.append(f"{what}: left out, as it is not by the hour")
                continue
            yield CommitmentFact(
                id=str(one["id"]).rpartition("/")[2],
                provider=PROVIDER,
                kind=CommitmentKind.SPEND,
                product=str(one["sku"]["name"]),
                start=moment(_first(of, "effectiveDateTime", "purchaseDateTime"), what),
                end=moment(of["expiryDateTime"], what),
                scope=Scope(account=_covered(of)),
                currency=str(promised["currencyCode"]),
                hourly_rate=amount(promised["amount"], what),
                payment_option=of.get("billingPlan"),
                state=of.get("displayProvisioningState") or of.get("provisioningState"),
            )

    def _in_force(self, of: Json) -> bool:
        """Say whether a contract has not ended, and covers the scope."""
        state = of.get("displayProvisioningState") or of.get("provisioningState")
        covered = _covered(of)
        return state not in _OVER and (
            None in {covered, self._subscription} or covered == self._subscription
        )

    def _order(self, order: str, notes: list[str]) -> Json:
        """Return the order that a reservation was bought with; its price may not be for us."""
        what = f"order {order.rpartition('/')[2]}"
        try:
            answer = self._asked(order, {"$expand": "schedule"}, f"asking for the {what}")
        except SourceError as problem:
            notes.append(f"{what}: its price is not known ({problem})")
            return {}
        return dict(answer["properties"])

    def _listed(self, path: str) -> Iterator[Json]:
        """Yield what all pages of a list hold."""
        page = self._asked(path, {}, f"listing {path}")
        while True:
            yield from page.get("value", [])
            link = page.get("nextLink")
            if not link:
                return
            page = self._asked(str(link), None, f"listing {path}")

    def _asked(self, path: str, extra: dict[str, str] | None, what: str) -> Json:
        url = path if path.startswith("https://") else self._endpoint + path
        params = None if extra is None else {"api-version": _API, **extra}
        with plain_errors(what):
            answer = self._costs.send_request(HttpRequest("GET", url, params=params))
            answer.raise_for_status()
            return dict(answer.json())


def _whole_price(order: Json, months: int) -> tuple[str, object | None]:
    """Return what an order costs over its term; of a monthly plan a payment is one month."""
    plan = order.get("planInformation") or {}
    price = plan.get("pricingCurrencyTotal") or {}
    if order.get("billingPlan") == "Monthly":
        payments = plan.get("transactions") or []
        price = next((one["pricingCurrencyTotal"] for one in payments), price)
        if "amount" in price:
            whole = amount(price["amount"], "payment") * months
            return str(price.get("currencyCode", "USD")), whole
    return str(price.get("currencyCode", "USD")), price.get("amount")


def _covered(of: Json) -> str | None:
    """Return the subscription that a contract is bound to, if to one."""
    if of.get("appliedScopeType") in {_ALL, "ManagementGroup", None}:
        return None
    scope = of.get("appliedScopeProperties") or {}
    bound = scope.get("subscriptionId") or scope.get("resourceGroupId")
    listed = of.get("appliedScopes") or [None]
    return _subscription_of(str(bound or listed[0] or ""))


def _subscription_of(scope: str) -> str | None:
    parts = scope.strip("/").lower().split("/")
    return parts[1] if parts[0] == "subscriptions" and len(parts) > 1 else None


def _first(of: Json, *names: str) -> object:
    return next((of[name] for name in names if of.get(name)), "")
