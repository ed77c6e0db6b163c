"""The manifest that Azure writes beside an export's files: what a run delivered, of which month."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from ingest.port import RejectedSourceError, TransientSourceError

BILLS = {"FocusCost": "focus", "ActualCost": "azure-actual", "AmortizedCost": "azure-amortized"}
"""The types of export that are bills, and how they are read."""

_VERSION = re.compile(r"\d+\.\d+")
_MONTHLY = frozenset(
    {"MonthToDate", "BillingMonthToDate", "TheLastMonth", "TheLastBillingMonth", "TheCurrentMonth"}
)


@dataclass(frozen=True, slots=True)
class ManifestBlob:
    """One file of a run; older manifests do not count its rows."""

    name: str
    byte_count: int | None
    row_count: int | None


@dataclass(frozen=True, slots=True)
class Manifest:
    """What one run of an export says that it delivered; ``end`` is the last day, inclusive."""

    resource_id: str
    type: str
    data_version: str
    run_id: str
    time_frame: str
    submitted: datetime
    start: datetime
    end: datetime
    row_count: int | None
    blobs: tuple[ManifestBlob, ...]

    @property
    def month(self) -> str:
        """The billing period that the run is about."""
        return f"{self.start:%Y-%m}"

    @property
    def focus_version(self) -> str | None:
        """The version of FOCUS that a FocusCost export is in: 1.2 of 1.2-preview, 1.0 of 1.0r2."""
        found = _VERSION.match(self.data_version)
        return found[0] if found else None

    @property
    def version(self) -> int:
        """When the run was submitted (milliseconds since 1970)."""
        return int(self.submitted.timestamp() * 1000)

    @property
    def is_empty(self) -> bool:
        """Whether the run says that there was nothing to deliver."""
        return self.row_count == 0 or not self.blobs

    @property
    def is_whole_month(self) -> bool:
        """Whether the run holds all that there was of its calendar month when it was submitted."""
        after = (self.start + timedelta(days=32)).replace(day=1)
        if self.start.day != 1 or not self.start <= self.end <= after:
            return False
        if self.time_frame in _MONTHLY or self.end + timedelta(days=1) >= after:
            return True
        return self.end.date() >= self.submitted.date() - timedelta(days=1)

    def is_of(self, scope: str) -> bool:
        """Say whether the export is one of ``scope`` (small letters; empty for any)."""
        return not scope or self.resource_id.strip("/").lower().startswith(
            f"{scope}/providers/microsoft.cost"
        )


def parse_manifest(text: bytes, place: str) -> Manifest:
    """Read a manifest; ``place`` names it in messages.

    Raises:
        TransientSourceError: When it is not whole yet.
        RejectedSourceError: When it says too little; names the field.
    """
    try:
        found = json.loads(text)
    except ValueError as problem:
        raise TransientSourceError(
            f"{place}: the manifest is not whole yet ({problem}); try again when the run has ended"
        ) from problem
    try:
        return _manifest(found)
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise RejectedSourceError(
            f"{place}: the manifest lacks {problem}; needed are exportConfig.type, "
            "runInfo.submittedTime, runInfo.startDate, runInfo.endDate and blobs"
        ) from problem


def _manifest(found: Mapping[str, Any]) -> Manifest:
    config, run = found["exportConfig"], found["runInfo"]
    blobs = {
        one["blobName"].strip("/"): ManifestBlob(
            one["blobName"].strip("/"), one.get("byteCount"), one.get("dataRowCount")
        )
        for one in found["blobs"]
    }
    return Manifest(
        resource_id=str(config.get("resourceId", "")),
        type=config["type"],
        data_version=str(config.get("dataVersion", "")),
        run_id=str(run.get("runId", "")),
        time_frame=str(config.get("timeFrame", "")),
        submitted=_moment(run["submittedTime"]),
        start=_moment(run["startDate"]),
        end=_moment(run["endDate"]),
        row_count=found.get("dataRowCount"),
        blobs=tuple(blobs.values()),
    )


def _moment(text: str) -> datetime:
    """Read a time; Azure writes days without a zone, and they are UTC."""
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
