"""The export itself at Cost Management, over TLS through the real client."""

from datetime import UTC, datetime

import pytest

from ingest.port import RejectedSourceError
from ingest.settings import AzureExportSettings
from ingest.sources.azure.export import AzureExport
from ingest.sources.azure.exports_api import AzureExports
from tests.ingest.azure.conftest import NOW
from tests.peers.azure import (
    SUBSCRIPTION,
    Answer,
    FakeAzure,
    Part,
    Run,
    deliver_azure_export,
    refused,
)

STORAGE = f"/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/acct"
EXPORT = f"/{SUBSCRIPTION}/providers/Microsoft.CostManagement/exports/daily"


@pytest.fixture
def scoped(exporting: AzureExportSettings) -> AzureExportSettings:
    """The export of the subscription."""
    return exporting.model_copy(update={"scope": f"/{SUBSCRIPTION}"})


@pytest.fixture
def exports(scoped: AzureExportSettings) -> AzureExports:
    """The API of that export."""
    return AzureExports(scoped, clock=lambda: NOW)


def test_an_export_is_made_daily_as_parquet(peer: FakeAzure, exports: AzureExports) -> None:
    """FocusCost 1.2-preview of the month to date, from tomorrow on, split by size."""
    made = exports.create(storage_account_id=STORAGE)

    properties = peer.exports["daily"]["properties"]
    assert made == EXPORT
    assert properties["definition"] == {
        "type": "FocusCost",
        "timeframe": "MonthToDate",
        "dataSet": {"granularity": "Daily", "configuration": {"dataVersion": "1.2-preview"}},
    }
    assert properties["deliveryInfo"]["destination"] == {
        "type": "AzureBlob",
        "resourceId": STORAGE,
        "container": "bills",
        "rootFolderPath": "exports",
    }
    assert properties["schedule"]["recurrencePeriod"]["from"] == "2026-11-22T00:00:00Z"
    assert (properties["format"], properties["partitionData"]) == ("Parquet", True)


def test_the_storage_account_is_looked_up_by_its_name(
    peer: FakeAzure, exports: AzureExports
) -> None:
    """The container's address begins with localhost, which is how the account is called."""
    accounts = [{"name": "other", "id": "/x"}, {"name": "localhost:1", "id": "/y"}]
    path = f"/{SUBSCRIPTION}/providers/Microsoft.Storage/storageAccounts"
    host = peer.url.removeprefix("https://")
    peer.lists[path] = [Answer(body={"value": [*accounts, {"name": host, "id": STORAGE}]})]

    exports.create(type="AmortizedCost")

    properties = peer.exports["daily"]["properties"]
    assert properties["deliveryInfo"]["destination"]["resourceId"] == STORAGE
    assert properties["definition"]["dataSet"] == {"granularity": "Daily"}


def test_a_storage_account_that_is_not_found_has_to_be_given(
    peer: FakeAzure, exports: AzureExports, scoped: AzureExportSettings
) -> None:
    """It is none of the subscription's; a billing account has none at all."""
    path = f"/{SUBSCRIPTION}/providers/Microsoft.Storage/storageAccounts"
    peer.lists[path] = [Answer(body={"value": []})]
    billing = scoped.model_copy(
        update={"scope": "providers/Microsoft.Billing/billingAccounts/1234567"}
    )

    with pytest.raises(RejectedSourceError, match=r"there is no storage account .* give its"):
        exports.create()
    with pytest.raises(RejectedSourceError, match="the scope is no subscription"):
        AzureExports(billing, clock=lambda: NOW).create()


def test_an_export_that_exists_is_left_alone(exports: AzureExports) -> None:
    """It may have been set up by somebody else."""
    exports.create(storage_account_id=STORAGE)

    with pytest.raises(RejectedSourceError, match="there is one; change it in the Azure portal"):
        exports.create(storage_account_id=STORAGE)


def test_who_may_not_make_it_is_told_the_role(peer: FakeAzure, exports: AzureExports) -> None:
    """403 AuthorizationFailed."""
    peer.scripted += [("/exports/", refused(404, "404", "no"))]
    peer.scripted += [("/exports/", refused(403, "AuthorizationFailed", "no"))]

    with pytest.raises(RejectedSourceError, match="Cost Management Contributor to create"):
        exports.create(storage_account_id=STORAGE)


def test_an_export_is_run_for_a_month_or_as_it_is(peer: FakeAzure, exports: AzureExports) -> None:
    """February 2026 has 28 days; without a month there is no body."""
    exports.create(storage_account_id=STORAGE)

    exports.trigger("2026-02")
    exports.trigger()

    february, plain = peer.asked("/exports/daily/run")
    period = {"from": "2026-02-01T00:00:00Z", "to": "2026-02-28T00:00:00Z"}
    assert (february.json, plain.body) == ({"timePeriod": period}, b"")


def test_an_export_that_is_not_there_yet_has_to_be_made_first(exports: AzureExports) -> None:
    """To run it and to ask for its runs come to the same; the sentence names the command."""
    sentence = (
        rf"^there is no export daily at {SUBSCRIPTION} yet: create it with "
        "`comptroller sources create-export azure`$"
    )

    with pytest.raises(RejectedSourceError, match=sentence):
        exports.trigger("2026-02")
    with pytest.raises(RejectedSourceError, match=sentence):
        exports.history()


def test_a_subscription_that_is_not_there_is_no_missing_export(
    peer: FakeAzure, exports: AzureExports
) -> None:
    """The scope is wrong, so that making the export would not help."""
    peer.scripted.append(("/run", refused(404, "SubscriptionNotFound", "no")))

    with pytest.raises(RejectedSourceError, match="there is no such subscription"):
        exports.trigger()


@pytest.mark.parametrize("given", ["foo", f"{STORAGE}/blobServices/default", SUBSCRIPTION, ""])
def test_what_is_no_id_of_a_storage_account_is_refused_before_azure_is_asked(
    peer: FakeAzure, exports: AzureExports, given: str
) -> None:
    """The sentence shows the accepted form."""
    with pytest.raises(RejectedSourceError, match="accepted is one as /subscriptions/SUBSCR"):
        exports.create(storage_account_id=given)

    assert not peer.calls


def test_runs_are_told_newest_first(peer: FakeAzure, exports: AzureExports) -> None:
    """One has failed, one has not told anything yet."""
    exports.create(storage_account_id=STORAGE)
    failed = {
        "status": "Failed",
        "submittedTime": "2026-11-02T03:00:00Z",
        "startDate": "2026-10-01T00:00:00Z",
        "error": {"code": "E1", "message": "no access to storage"},
    }
    done = {
        "status": "Completed",
        "submittedTime": "2026-11-03T03:00:00Z",
        "processingEndTime": "2026-11-03T03:09:00Z",
    }
    peer.history = [
        {"name": "a", "properties": failed},
        {"name": "b", "properties": done},
        {"name": "c"},
    ]

    newest, older, silent = exports.history()

    assert (newest.run_id, newest.state) == ("b", "Completed")
    assert newest.ended == datetime(2026, 11, 3, 3, 9, tzinfo=UTC)
    assert (older.month, older.problem) == ("2026-10", "E1: no access to storage")
    assert (silent.run_id, silent.state) == ("c", "")


def test_the_export_needs_a_scope(exporting: AzureExportSettings) -> None:
    """Without one nobody knows whose export it is."""
    with pytest.raises(RejectedSourceError, match="azure: set scope"):
        AzureExports(exporting, clock=lambda: NOW)


def test_the_check_looks_at_the_export_where_a_scope_is_set(
    peer: FakeAzure, scoped: AzureExportSettings, exports: AzureExports
) -> None:
    """Container, runs, export, and four things about it."""
    deliver_azure_export(peer, Run(), [Part("a.csv", b"x\n", 0)])
    exports.create(storage_account_id=STORAGE)

    checks = AzureExport(scoped, clock=lambda: NOW).check()

    assert [one.what for one in checks if not one.passed] == []
    assert [one.what.rpartition(": ")[2] for one in checks[3:]] == [
        "type FocusCost",
        "time frame MonthToDate",
        "file partitioning",
        "schedule Active",
    ]


def test_the_check_says_what_is_wrong_with_an_export(
    peer: FakeAzure, scoped: AzureExportSettings
) -> None:
    """A price sheet, by week, unscheduled and in one piece fails four times."""
    deliver_azure_export(peer, Run(), [Part("a.csv", b"x\n", 0)])
    wrong = {"type": "PriceSheet", "timeframe": "WeekToDate"}
    peer.exports["daily"] = {"properties": {"definition": wrong, "deliveryInfo": {}}}

    checks = AzureExport(scoped, clock=lambda: NOW).check()

    assert [one.passed for one in checks] == [True, True, True, False, False, False, False]
    peer.exports["daily"] = {"name": "daily"}
    assert len(AzureExport(scoped, clock=lambda: NOW).check()) == 3


@pytest.mark.parametrize(
    ("answer", "advice"),
    [
        (refused(404, "NotFound", "no"), "there is none; make it in the Azure portal"),
        (refused(404, "SubscriptionNotFound", "no"), "there is no such subscription"),
        (refused(403, "AuthorizationFailed", "no"), "give it the role Cost Management Reader"),
    ],
)
def test_the_check_says_why_the_export_cannot_be_seen(
    peer: FakeAzure, scoped: AzureExportSettings, answer: Answer, advice: str
) -> None:
    """It is not there, its subscription is not, or it may not be read."""
    deliver_azure_export(peer, Run(), [Part("a.csv", b"x\n", 0)])
    peer.scripted.append(("CostManagement/exports/daily", answer))

    check = AzureExport(scoped, clock=lambda: NOW).check()[-1]

    assert (check.passed, advice in check.advice) == (False, True)
