"""Cost Explorer, to hold the lake's bills against AWS's own totals; every request costs money.

What it answered is kept in a file and used again for some hours.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from ingest.bill_totals import BillTotal, BillTotals
from ingest.sources.aws.asking import asking
from ingest.sources.aws.rates import signed_amount
from ingest.sources.aws.session import AwsClients

PRICE_PER_REQUEST = Decimal("0.01")
"""What AWS charges for one request, one page of an answer (USD)."""

_METRIC = "UnblendedCost"
_SAME_SERVICE = {
    "Amazon Elastic Compute Cloud - Compute": "Amazon Elastic Compute Cloud",
    "EC2 - Other": "Amazon Elastic Compute Cloud",
}
"""Cost Explorer splits EC2 into services that no bill knows."""


@dataclass(frozen=True, slots=True)
class CostExplorer:
    """Asks for what was billed in a month, by account and service."""

    clients: AwsClients
    clock: Callable[[], datetime]
    cache_hours: int

    def billed(self, period: str, cache: Path) -> BillTotals:
        """Return a month's unblended cost, from ``cache`` where that is fresh enough.

        Raises:
            SourceError: When AWS cannot be asked, or its answer cannot be read.
        """
        held = self._held(cache)
        if held is not None:
            return _totals(held, requests=0)
        pages = list(self._asked(period))
        asked_at = self.clock()
        answer = {"asked_at": asked_at.isoformat(), "pages": pages}
        part = cache.with_suffix(".part")
        cache.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part.write_text(json.dumps(answer), encoding="utf-8")
        part.replace(cache)
        return _totals(answer, requests=len(pages))

    def _held(self, cache: Path) -> dict[str, Any] | None:
        """Return what was answered before, if it is not too old and can still be read."""
        try:
            held: dict[str, Any] = json.loads(cache.read_text(encoding="utf-8"))
            asked_at = datetime.fromisoformat(held["asked_at"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        age = self.clock() - asked_at
        return held if timedelta(0) <= age < timedelta(hours=self.cache_hours) else None

    def _asked(self, period: str) -> Iterator[list[dict[str, Any]]]:
        client = self.clients.client("ce")
        start = date.fromisoformat(f"{period}-01")
        end = (start + timedelta(days=31)).replace(day=1)
        asked: dict[str, Any] = {
            "TimePeriod": {"Start": str(start), "End": str(end)},
            "Granularity": "MONTHLY",
            "Metrics": [_METRIC],
            "GroupBy": [
                {"Type": "DIMENSION", "Key": "LINKED_ACCOUNT"},
                {"Type": "DIMENSION", "Key": "SERVICE"},
            ],
        }
        with asking(f"the cost of {period}", "ce:GetCostAndUsage"):
            while True:
                answer = client.get_cost_and_usage(**asked)
                yield answer.get("ResultsByTime", [])
                if not answer.get("NextPageToken"):
                    return
                asked["NextPageToken"] = answer["NextPageToken"]


def _totals(answer: Mapping[str, Any], *, requests: int) -> BillTotals:
    results = [result for page in answer["pages"] for result in page]
    sums: dict[tuple[str, str, str], Decimal] = {}
    for result in results:
        for group in result.get("Groups", ()):
            account, service = group["Keys"]
            found = group["Metrics"][_METRIC]
            key = account, _SAME_SERVICE.get(service, service), found["Unit"]
            cost = signed_amount(found["Amount"], f"cost of {service} of {account}")
            sums[key] = sums.get(key, Decimal(0)) + cost
    return BillTotals(
        rows=tuple(BillTotal(*key, billed) for key, billed in sorted(sums.items())),
        as_of=datetime.fromisoformat(answer["asked_at"]).astimezone(UTC),
        estimated=any(result.get("Estimated", False) for result in results),
        requests=requests,
        price_of_requests=requests * PRICE_PER_REQUEST,
        price_currency="USD",
    )
