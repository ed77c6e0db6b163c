"""Bills as cost-details reports, which Azure makes when asked: for where no export can be set up.

A report is asked for one month at a time. Azure keeps no finished report that could be compared,
so the current and the month before are asked for every time, and an older month until it was once
fetched when it was over.
"""

from calendar import monthrange
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from azure.mgmt.costmanagement.models import (
    CostDetailsOperationResults,
    CostDetailsTimePeriod,
    GenerateCostDetailsReportRequestDefinition,
)

from ingest.port import (
    Announcement,
    Check,
    DeliveredFile,
    Delivery,
    Kind,
    Marks,
    RejectedSourceError,
    SourceError,
    TransientSourceError,
)
from ingest.settings import AzureDetailsSettings
from ingest.sources.azure.bill_columns import refuse_no_cost
from ingest.sources.azure.blobs import fetch_blob, own_name, refuse_same_content
from ingest.sources.azure.errors import plain_errors, word
from ingest.sources.azure.session import AzureSession

_DIALECTS = {"ActualCost": "azure-actual", "AmortizedCost": "azure-amortized"}
_MONTHS_KEPT = 13
_POLL_S = 15
_LONGEST_REPORT_S = 1800
_QUESTION = {
    "type": "ActualCost",
    "timeframe": "MonthToDate",
    "dataset": {
        "granularity": "None",
        "aggregation": {"totalCost": {"name": "Cost", "function": "Sum"}},
    },
}


class AzureDetails:
    """Cost details of one scope; a delivery is the report of one month."""

    def __init__(self, setting: AzureDetailsSettings, *, clock: Callable[[], datetime]) -> None:
        """Keep the setting; nothing is asked of Azure yet."""
        self.name = setting.name
        self._setting = setting
        self._scope = setting.scope.strip("/")
        self._session = AzureSession(setting)
        self._clock = clock

    def announced(self, known: Marks) -> list[Announcement]:
        """Say which months there are; Azure tells of reports of the last 13 months."""
        del known  # Whoever holds a month under its mark leaves it out.
        months = list(_months(self._clock(), _MONTHS_KEPT))
        open_months = set(months[:2])
        return [
            Announcement(
                Kind.FOCUS,
                month,
                None if month in open_months else f"{self._setting.metric} of a closed month",
                None,
                f"{self._setting.metric} report of {self._scope}",
            )
            for month in sorted(months)
            if month >= self._setting.since
        ]

    def fetch(self, announced: Announcement, folder: Path, version: int) -> Delivery:
        """Have the report of a month made, wait for it and download it.

        Raises:
            SourceError: When Azure does not make it, or it is not whole.
        """
        month = str(announced.period)
        report = self._report(month)
        files = self._files(report, folder, month) if report else []
        return Delivery(
            source=self.name,
            kind=Kind.FOCUS,
            dialect=_DIALECTS[self._setting.metric],
            version=version if announced.version is None else announced.version,
            complete=True,
            files=tuple(files),
            period=month,
            mark=announced.mark,
        )

    def check(self) -> Sequence[Check]:
        """Ask for the costs of this month in one sum."""
        what = f"reading costs of {self._scope}"
        try:
            with plain_errors(what):
                self._session.costs.query.usage(self._scope, _QUESTION)  # type: ignore[call-overload] # the service's own form, as JSON
        except SourceError as problem:
            return [Check(what, passed=False, advice=str(problem))]
        return [Check(what, passed=True)]

    def _report(self, month: str) -> CostDetailsOperationResults | None:
        """Return what Azure made of the month; nothing where there were no charges."""
        what = f"{self._setting.metric} report of {self._scope} for {month}"
        with plain_errors(what):
            report = self._made(month, what)
        if report is None or report.status == "NoDataFound":
            return None
        if report.status != "Completed" or report.manifest is None:
            told = word(report.status)
            if report.error:
                told = f"{report.error.code}: {report.error.message}"
            raise TransientSourceError(
                f"{what}: Azure could not make it ({told}); try again later, or set up an export "
                "where the month is large"
            )
        return report

    def _made(self, month: str, what: str) -> CostDetailsOperationResults | None:
        """Start the report and wait for it; Azure answers 204 where there is nothing."""
        wanted = GenerateCostDetailsReportRequestDefinition(
            metric=self._setting.metric, time_period=self._days(month)
        )
        poller = self._session.costs.generate_cost_details_report.begin_create_operation(
            self._scope, wanted, polling_interval=_POLL_S
        )
        poller.wait(_LONGEST_REPORT_S)
        if not poller.done():
            raise TransientSourceError(f"{what}: is not made after 30 minutes; try again later")
        try:
            return poller.result()
        except ValueError as problem:
            raise TransientSourceError(f"{what}: the answer is no report; try again") from problem

    def _days(self, month: str) -> CostDetailsTimePeriod:
        """The month's days, up to today."""
        last = monthrange(int(month[:4]), int(month[5:]))[1]
        end = min(f"{month}-{last:02d}", f"{self._clock():%Y-%m-%d}")
        return CostDetailsTimePeriod(start=f"{month}-01", end=end)

    def _files(
        self, report: CostDetailsOperationResults, folder: Path, month: str
    ) -> list[DeliveredFile]:
        blobs = (report.manifest.blobs if report.manifest else None) or []
        files: list[DeliveredFile] = []
        for number, blob in enumerate(blobs):
            if not blob.blob_link:
                raise RejectedSourceError(f"{self.name}: a file of {month} has no address")
            name = own_name(blob.blob_link.partition("?")[0])
            files.append(
                fetch_blob(
                    self._session.blob_at(blob.blob_link),
                    folder / f"{number:04d}-{name}",
                    name=name,
                    bytes_said=blob.byte_count,
                    rows_said=None,
                )
            )
            refuse_no_cost(files[-1])
        refuse_same_content(files, f"report of {month}")
        return files


def _months(now: datetime, count: int) -> Iterator[str]:
    """Yield the last ``count`` months, the current one first."""
    day = now.replace(day=1)
    for _ in range(count):
        yield f"{day:%Y-%m}"
        day = (day - timedelta(days=1)).replace(day=1)
