"""The export itself, at Cost Management: made, run now, and what its last runs came to."""

import re
from calendar import monthrange
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, Literal
from urllib.parse import urlsplit

from azure.core.exceptions import ResourceNotFoundError
from azure.core.rest import HttpRequest
from azure.mgmt.costmanagement.models import Export, ExportRun, ExportRunRequest

from ingest.port import RejectedSourceError
from ingest.settings import AzureExportSettings
from ingest.sources.azure.errors import plain_errors, word
from ingest.sources.azure.session import AzureSession

BillType = Literal["FocusCost", "ActualCost", "AmortizedCost"]
_NEWEST = {"FocusCost": "1.2-preview", "ActualCost": "2023-12-01-preview"}
_SCHEDULED_YEARS = 10
_STORAGE_API = "2023-05-01"
_STORAGE_ACCOUNT = re.compile(
    r"/subscriptions/[^/]+/resourceGroups/[^/]+"
    r"/providers/Microsoft\.Storage/storageAccounts/[a-z0-9]{3,24}",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ExportRunInfo:
    """One run of an export; ``state`` is Azure's word, as Completed, Failed or InProgress."""

    run_id: str
    state: str
    submitted: datetime | None
    ended: datetime | None
    month: str | None
    problem: str


class AzureExports:
    """Sets up and runs the export that a setting names; needs its ``scope``."""

    def __init__(self, setting: AzureExportSettings, *, clock: Callable[[], datetime]) -> None:
        """Keep the setting.

        Raises:
            RejectedSourceError: When no scope is set.
        """
        if setting.scope is None:
            raise RejectedSourceError(
                f"{setting.name}: set scope (as subscriptions/…, or "
                "providers/Microsoft.Billing/billingAccounts/…) to reach the export itself"
            )
        self._setting = setting
        self._scope = setting.scope.strip("/")
        self._session = AzureSession(setting)
        self._clock = clock
        self._what = f"export {setting.export} of {self._scope}"

    def definition(self) -> Export | None:
        """Return the export as Azure holds it, or nothing where there is none.

        Raises:
            SourceError: When it cannot be asked for.
        """
        with plain_errors(f"asking for {self._what}"):
            try:
                return self._session.costs.exports.get(self._scope, self._setting.export)
            except ResourceNotFoundError as problem:
                if _is_of_subscription(problem):
                    raise
                return None

    def create(
        self,
        *,
        storage_account_id: str | None = None,
        type: BillType = "FocusCost",  # noqa: A002 - Azure's own word
        data_version: str | None = None,
    ) -> str:
        """Make a daily export of the month to date as Parquet; returns its id.

        ``storage_account_id`` is looked up by its name where the scope lies in a subscription.

        Raises:
            SourceError: When there is one of that name, the id is none of a storage account, or
                it may not be made.
        """
        if storage_account_id is not None:
            _refuse_other_id(storage_account_id)
        if self.definition() is not None:
            raise RejectedSourceError(f"{self._what}: there is one; change it in the Azure portal")
        storage = storage_account_id or self._storage_account_id()
        wanted = self._wanted(storage, type, data_version or _NEWEST.get(type))
        with plain_errors(f"making {self._what}"):
            made = self._session.costs.exports.create_or_update(
                self._scope, self._setting.export, Export(wanted)
            )
        return str(made.id)

    def trigger(self, month: str | None = None) -> None:
        """Run the export now, for a month (``2026-10``) or for what it is set to.

        Raises:
            SourceError: When it may not be run, or was not made yet.
        """
        request = ExportRunRequest({"timePeriod": _bounds(month)}) if month else None
        with plain_errors(f"running {self._what}"), self._told_when_absent():
            self._session.costs.exports.execute(self._scope, self._setting.export, request)

    def history(self) -> list[ExportRunInfo]:
        """Return the last runs that Azure tells of, the newest first.

        Raises:
            SourceError: When they cannot be asked for, or the export was not made yet.
        """
        with plain_errors(f"asking for the runs of {self._what}"), self._told_when_absent():
            found = self._session.costs.exports.get_execution_history(
                self._scope, self._setting.export
            )
        runs = [_run(one) for one in found.value or []]
        return sorted(runs, key=lambda run: str(run.submitted or ""), reverse=True)

    @contextmanager
    def _told_when_absent(self) -> Iterator[None]:
        """Say what to do where there is no such export."""
        try:
            yield
        except ResourceNotFoundError as problem:
            if _is_of_subscription(problem):
                raise
            raise RejectedSourceError(
                f"there is no export {self._setting.export} at {self._scope} yet: create it with "
                f"`comptroller sources create-export {self._setting.name}`"
            ) from problem

    def _wanted(self, storage: str, kind: BillType, data_version: str | None) -> dict[str, Any]:
        """The export's definition: Parquet, split by size, one folder for each month."""
        today = self._clock().date()
        begin = datetime.combine(today + timedelta(days=1), time(), UTC)
        dataset: dict[str, Any] = {"granularity": "Daily"}
        if data_version:
            dataset["configuration"] = {"dataVersion": data_version}
        return {
            "properties": {
                "schedule": {
                    "status": "Active",
                    "recurrence": "Daily",
                    "recurrencePeriod": {
                        "from": f"{begin:%Y-%m-%dT%H:%M:%SZ}",
                        "to": f"{begin.year + _SCHEDULED_YEARS}-01-01T00:00:00Z",
                    },
                },
                "format": "Parquet",
                "compressionMode": "snappy",
                "partitionData": True,
                "dataOverwriteBehavior": "OverwritePreviousReport",
                "definition": {"type": kind, "timeframe": "MonthToDate", "dataSet": dataset},
                "deliveryInfo": {
                    "destination": {
                        "type": "AzureBlob",
                        "resourceId": storage,
                        "container": self._setting.container_url.rstrip("/").rpartition("/")[2],
                        "rootFolderPath": self._setting.root_folder.strip("/"),
                    }
                },
            }
        }

    def _storage_account_id(self) -> str:
        """Find the storage account of the container's address among those of the subscription."""
        account = urlsplit(self._setting.container_url).netloc.partition(".")[0]
        parts = self._scope.split("/")
        if parts[0].lower() != "subscriptions":
            raise RejectedSourceError(
                f"{self._what}: the scope is no subscription, so the storage account cannot be "
                "looked up; give its resource id"
            )
        url = f"/subscriptions/{parts[1]}/providers/Microsoft.Storage/storageAccounts"
        request = HttpRequest(
            "GET", self._setting.endpoint.rstrip("/") + url, params={"api-version": _STORAGE_API}
        )
        with plain_errors(f"looking up the storage account {account}"):
            answer = self._session.costs.send_request(request)
            answer.raise_for_status()
        for one in answer.json().get("value", []):
            if one["name"].lower() == account.lower():
                return str(one["id"])
        raise RejectedSourceError(
            f"{self._what}: there is no storage account {account} in the subscription {parts[1]}, "
            "or the identity may not see it; give its resource id"
        )


def _is_of_subscription(problem: ResourceNotFoundError) -> bool:
    """Say whether it is the subscription that is not there, and not the export."""
    return getattr(problem.error, "code", "") == "SubscriptionNotFound"


def _refuse_other_id(storage_account_id: str) -> None:
    if not _STORAGE_ACCOUNT.fullmatch(storage_account_id):
        raise RejectedSourceError(
            f"{storage_account_id!r} is no resource id of a storage account; accepted is one as "
            "/subscriptions/SUBSCRIPTION/resourceGroups/GROUP/providers/Microsoft.Storage/"
            "storageAccounts/ACCOUNT, which the account's page in the Azure portal shows under "
            "JSON View"
        )


def _bounds(month: str) -> dict[str, str]:
    year, number = int(month[:4]), int(month[5:])
    last = monthrange(year, number)[1]
    return {"from": f"{month}-01T00:00:00Z", "to": f"{month}-{last:02d}T00:00:00Z"}


def _run(found: ExportRun) -> ExportRunInfo:
    of = found.properties
    if of is None:
        return ExportRunInfo(str(found.name), "", None, None, None, "")
    return ExportRunInfo(
        run_id=str(found.name),
        state=word(of.status),
        submitted=of.submitted_time,
        ended=of.processing_end_time,
        month=f"{of.start_date:%Y-%m}" if of.start_date else None,
        problem=f"{of.error.code}: {of.error.message}" if of.error else "",
    )
