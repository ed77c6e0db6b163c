"""Cost Explorer: totals to hold bills against, asked for as seldom as can be."""

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ingest.bill_totals import BillTotal, TotalsSource
from ingest.port import RejectedSourceError, TransientSourceError
from tests.ingest.aws.account.world import NOW, account
from tests.peers.aws_model import FakeAws, Handler, Params, refusing

COSTS = ("ce", "GetCostAndUsage")


def group(account_id: str, service: str, amount: str, unit: str = "USD") -> dict[str, Any]:
    """Write what one account was billed for one service."""
    return {
        "Keys": [account_id, service],
        "Metrics": {"UnblendedCost": {"Amount": amount, "Unit": unit}},
    }


def costs(*pages: list[dict[str, Any]], estimated: bool = False) -> Handler:
    """Answer October in pages."""

    def handler(params: Params) -> Params:
        number = int(params.get("NextPageToken") or 0)
        more = {"NextPageToken": str(number + 1)} if number + 1 < len(pages) else {}
        period = {"Start": "2026-10-01", "End": "2026-11-01"}
        result = {"TimePeriod": period, "Groups": pages[number], "Estimated": estimated}
        return {"ResultsByTime": [result], **more}

    return handler


def test_totals_are_by_account_and_service_and_cost_a_cent_a_page(
    peer: FakeAws, tmp_path: Path
) -> None:
    """EC2 is split into 100.5 of machines and 9.5 of the rest: 110; two pages cost 0.02 USD."""
    peer.handlers[COSTS] = costs(
        [
            group("1111", "Amazon Elastic Compute Cloud - Compute", "100.5"),
            group("1111", "Amazon Simple Storage Service", "-0.25"),
        ],
        [group("1111", "EC2 - Other", "9.5"), group("2222", "Tax", "7", "CNY")],
        estimated=True,
    )
    source = account(peer)

    found = source.billed("2026-10", tmp_path)

    assert isinstance(source, TotalsSource)
    assert found.rows == (
        BillTotal("1111", "Amazon Elastic Compute Cloud", "USD", Decimal(110)),
        BillTotal("1111", "Amazon Simple Storage Service", "USD", Decimal("-0.25")),
        BillTotal("2222", "Tax", "CNY", Decimal(7)),
    )
    assert (found.requests, found.price_of_requests) == (2, Decimal("0.02"))
    assert (found.estimated, found.as_of) == (True, NOW)
    asked = peer.asked("GetCostAndUsage")[0]
    assert asked["TimePeriod"] == {"Start": "2026-10-01", "End": "2026-11-01"}
    assert (asked["Granularity"], asked["Metrics"]) == ("MONTHLY", ["UnblendedCost"])


@pytest.mark.parametrize(
    ("age", "requests"),
    [(timedelta(hours=23), 0), (timedelta(hours=24), 1), (timedelta(hours=-1), 1)],
)
def test_an_answer_is_used_again_for_a_day(
    peer: FakeAws, tmp_path: Path, age: timedelta, requests: int
) -> None:
    """After 23 hours it costs nothing; after 24, or with a clock set back, one request."""
    times = iter([NOW, NOW + age, NOW + age])
    peer.handlers[COSTS] = costs([group("1111", "Tax", "7")])
    source = account(peer, clock=lambda: next(times))
    first = source.billed("2026-10", tmp_path / "cache")

    again = source.billed("2026-10", tmp_path / "cache")

    assert again.rows == first.rows
    assert again.requests == requests
    assert again.price_of_requests == requests * Decimal("0.01")
    assert again.as_of == (NOW if requests == 0 else NOW + age)


@pytest.mark.parametrize("held", ["", "{}", '{"asked_at": 1}', "[]", '{"asked_at": "soon"}'])
def test_a_damaged_cache_is_asked_for_again(peer: FakeAws, tmp_path: Path, held: str) -> None:
    """A file that was cut off costs a cent, and no trust."""
    peer.handlers[COSTS] = costs([group("1111", "Tax", "7")])
    (tmp_path / "aws-account-2026-10.json").write_text(held)

    assert account(peer).billed("2026-10", tmp_path).requests == 1


def test_a_month_without_cost_is_empty(peer: FakeAws, tmp_path: Path) -> None:
    """February has 28 days; there is no group."""
    peer.handlers[COSTS] = lambda _: {"ResultsByTime": []}

    found = account(peer).billed("2026-02", tmp_path)

    assert (found.rows, found.estimated) == ((), False)
    assert peer.asked("GetCostAndUsage")[0]["TimePeriod"]["End"] == "2026-03-01"


def test_faults_are_told(peer: FakeAws, tmp_path: Path) -> None:
    """A limit may pass; a missing permission does not; nothing is kept of either."""
    at: datetime = NOW
    peer.handlers[COSTS] = refusing("LimitExceededException", "too many")
    with pytest.raises(TransientSourceError, match="AWS is busy"):
        account(peer, clock=lambda: at).billed("2026-10", tmp_path)
    peer.handlers[COSTS] = refusing("AccessDeniedException", "no", 403)
    with pytest.raises(RejectedSourceError, match=r"\(ce:GetCostAndUsage\)"):
        account(peer).billed("2026-10", tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_an_amount_that_is_none_is_refused(peer: FakeAws, tmp_path: Path) -> None:
    """It names the service and the account."""
    peer.handlers[COSTS] = costs([group("1111", "Tax", "NaN")])

    with pytest.raises(RejectedSourceError, match="cost of Tax of 1111: 'NaN' is no amount"):
        account(peer).billed("2026-10", tmp_path)
