"""Cost-details reports, over TLS through the real client: made, waited for and downloaded."""

from pathlib import Path

import pytest

from ingest.port import Delivery, Kind, RejectedSourceError, Source, TransientSourceError
from ingest.sources.azure import azure_source
from ingest.sources.azure.details import AzureDetails
from tests.ingest.azure.conftest import NOW
from tests.ingest.source_contract import SourceContract
from tests.peers.azure import SUBSCRIPTION, Answer, FakeAzure, refused, report_of

BILL = b"date,costInBillingCurrency,billingCurrency\n10/01/2026,1.5,USD\n"
OTHER = b"date,costInBillingCurrency,billingCurrency\n11/01/2026,7,USD\n"
WAITING = Answer(202)


def october(source: AzureDetails, folder: Path) -> Delivery:
    """Fetch October."""
    [announced] = [one for one in source.announced({}) if one.period == "2026-10"]
    return source.fetch(announced, folder, 7)


class TestAzureDetails(SourceContract):
    @pytest.fixture
    def source(self, peer: FakeAzure, details: AzureDetails) -> Source:
        """October and November."""
        peer.put("october.csv", BILL)
        peer.put("november.csv", OTHER)
        peer.reports["2026-10"] = [report_of(peer.url, "october.csv")]
        peer.reports["2026-11"] = [report_of(peer.url, "november.csv")]
        return details


def test_a_report_is_waited_for(peer: FakeAzure, details: AzureDetails, tmp_path: Path) -> None:
    """Azure answers 202 twice and then the report, whose two files are downloaded."""
    peer.put("a.csv", BILL)
    peer.put("b.csv", OTHER)
    made = report_of(peer.url, "a.csv", "b.csv", sizes=[len(BILL), len(OTHER)])
    peer.reports["2026-10"] = [WAITING, WAITING, made]

    delivery = october(details, tmp_path)

    assert (delivery.kind, delivery.dialect, delivery.period, delivery.version) == (
        Kind.FOCUS,
        "azure-amortized",
        "2026-10",
        7,
    )
    assert [file.name for file in delivery.files] == ["a.csv", "b.csv"]
    [asked] = peer.asked("/generateCostDetailsReport")
    assert asked.json == {
        "metric": "AmortizedCost",
        "timePeriod": {"start": "2026-10-01", "end": "2026-10-31"},
    }


def test_the_current_month_is_asked_for_up_to_today(
    peer: FakeAzure, details: AzureDetails, tmp_path: Path
) -> None:
    """On 21 November the report ends with the 21st."""
    peer.reports["2026-11"] = [Answer(body={"status": "NoDataFound"})]

    details.fetch(details.announced({})[-1], tmp_path, 7)

    [asked] = peer.asked("/generateCostDetailsReport")
    assert asked.json["timePeriod"] == {"start": "2026-11-01", "end": "2026-11-21"}


def test_open_months_are_always_fetched_and_closed_ones_once(details: AzureDetails) -> None:
    """Since 2026-01 there are 11 months; all but October and November carry a mark."""
    setting = details._setting.model_copy(update={"since": "2026-01"})

    found = azure_source(setting, clock=lambda: NOW).announced({})

    marks = {one.period: one.mark for one in found}
    assert len(marks) == 11
    assert (marks["2026-11"], marks["2026-10"]) == (None, None)
    assert marks["2026-09"] == "AmortizedCost of a closed month"


def test_azure_keeps_thirteen_months(details: AzureDetails) -> None:
    """November 2025 is the oldest of them, whatever since says."""
    setting = details._setting.model_copy(update={"since": "2020-01"})

    assert AzureDetails(setting, clock=lambda: NOW).announced({})[0].period == "2025-11"


@pytest.mark.parametrize(
    "answers",
    [[Answer(204)], [WAITING, Answer(204)], [WAITING, Answer(body={"status": "NoDataFound"})]],
)
def test_a_month_without_charges_is_empty(
    peer: FakeAzure, details: AzureDetails, tmp_path: Path, answers: list[Answer]
) -> None:
    """Azure says so at once, when it was asked again, or in the report."""
    peer.reports["2026-10"] = answers

    delivery = october(details, tmp_path)

    assert (delivery.period, delivery.files) == ("2026-10", ())


@pytest.mark.parametrize(
    ("error", "told"),
    [({"code": "E1", "message": "too much"}, r"\(E1: too much\)"), (None, r"\(Failed\)")],
)
def test_a_report_that_failed_is_tried_again(
    peer: FakeAzure, details: AzureDetails, tmp_path: Path, error: object, told: str
) -> None:
    """The sentence holds Azure's reason."""
    peer.reports["2026-10"] = [Answer(body={"status": "Failed", "error": error})]

    with pytest.raises(TransientSourceError, match=f"for 2026-10: Azure could not make it {told}"):
        october(details, tmp_path)


def test_a_report_whose_file_is_shorter_than_told_is_tried_again(
    peer: FakeAzure, details: AzureDetails, tmp_path: Path
) -> None:
    """The report says 999 bytes."""
    peer.put("a.csv", BILL)
    peer.reports["2026-10"] = [report_of(peer.url, "a.csv", sizes=[999])]

    with pytest.raises(TransientSourceError, match=r"a.csv: has 62 bytes where .* says 999"):
        october(details, tmp_path)


def test_a_file_without_an_address_is_refused(
    peer: FakeAzure, details: AzureDetails, tmp_path: Path
) -> None:
    """There is nothing to download."""
    body = {"status": "Completed", "manifest": {"blobs": [{"byteCount": 1}]}}
    peer.reports["2026-10"] = [Answer(body=body)]

    with pytest.raises(RejectedSourceError, match="azure: a file of 2026-10 has no address"):
        october(details, tmp_path)


def test_an_answer_that_is_no_report_is_tried_again(
    peer: FakeAzure, details: AzureDetails, tmp_path: Path
) -> None:
    """A proxy in between answers 200 with a page."""
    peer.reports["2026-10"] = [Answer(200, b"<html>", {"Content-Type": "text/html"})]

    with pytest.raises(TransientSourceError, match="for 2026-10: the answer is no report"):
        october(details, tmp_path)


def test_a_report_that_takes_too_long_is_given_up(
    peer: FakeAzure, details: AzureDetails, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half an hour is the most; here it is no time at all."""
    monkeypatch.setattr("ingest.sources.azure.details._LONGEST_REPORT_S", 0)
    peer.reports["2026-10"] = [WAITING, WAITING, Answer(body={"status": "NoDataFound"})]

    with pytest.raises(TransientSourceError, match="is not made after 30 minutes"):
        october(details, tmp_path)


@pytest.mark.parametrize(
    ("answer", "advice"),
    [
        (refused(403, "RBACAccessDenied", "no"), "give it the role Cost Management Reader on the"),
        (refused(404, "SubscriptionNotFound", "no"), "there is no such subscription"),
    ],
)
def test_a_scope_that_may_not_be_read_says_what_to_do(
    peer: FakeAzure, details: AzureDetails, answer: Answer, advice: str
) -> None:
    """The check asks for this month's costs in one sum."""
    peer.scripted.append(("/query", answer))

    [check] = details.check()

    assert (check.passed, check.what) == (False, f"reading costs of {SUBSCRIPTION}")
    assert advice in check.advice


@pytest.mark.parametrize(
    "header",
    ["Retry-After", "x-ms-ratelimit-microsoft.costmanagement-entity-retry-after"],
)
def test_too_many_requests_are_waited_out(
    peer: FakeAzure, details: AzureDetails, header: str
) -> None:
    """Azure asks twice to be left alone, with Retry-After or a header of its own; then it works."""
    busy = Answer(429, {"error": {"code": "429", "message": "slow"}}, {header: "0.01"})
    peer.scripted += [("/query", busy), ("/query", busy)]

    [check] = details.check()

    assert (check.passed, len(peer.asked("/query"))) == (True, 3)


def test_what_stays_busy_is_told(peer: FakeAzure, details: AzureDetails) -> None:
    """After six tries more the check says that Azure is busy."""
    busy = Answer(503, {"error": {"code": "Busy", "message": "no"}}, {"Retry-After": "0.01"})
    peer.scripted += [("/query", busy)] * 7

    [check] = details.check()

    assert (check.passed, "Azure is busy (Busy); try again later" in check.advice) == (False, True)
    assert len(peer.asked("/query")) == 7
