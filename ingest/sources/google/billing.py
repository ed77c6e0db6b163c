"""Bills from a billing export in BigQuery: an invoice month is rebuilt whole when any row came."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from google.cloud import bigquery
from google.cloud.bigquery_storage_v1 import BigQueryReadClient

from ingest.files import look_at
from ingest.port import (
    Announcement,
    Check,
    Delivery,
    Kind,
    Marks,
    RejectedSourceError,
    SourceError,
    TransientSourceError,
)
from ingest.recognise import focus_version
from ingest.settings import GoogleBillingSettings
from ingest.sources.google.checks import billing_checks
from ingest.sources.google.exports import Export, earliest, export_of
from ingest.sources.google.queries import focus_columns, months_query, rows_query
from ingest.sources.google.reader import Parameters, Reader
from ingest.sources.google.session import Patience
from ingest.sources.google.spool import copy, spool

_TIME = "%Y-%m-%dT%H:%M:%S.%fZ"


class GoogleBilling:
    """One export table; a mark is when an invoice month last grew, and how many rows it has."""

    def __init__(
        self,
        setting: GoogleBillingSettings,
        *,
        clock: Callable[[], datetime],
        patience: Patience | None = None,
        storage: BigQueryReadClient | None = None,
    ) -> None:
        """Take a client of the Storage Read API where it is not at Google's own address."""
        self.name = setting.name
        self._setting = setting
        self._clock = clock
        self._patience = patience or Patience()
        self._reader = Reader(setting, self._patience, storage)

    def announced(self, known: Marks) -> list[Announcement]:
        """Say which invoice months have rows; those that have nothing new are left out.

        Raises:
            SourceError: When the table cannot be read.
        """
        table = self._reader.table()
        export = export_of(table)
        modified = table.modified or self._clock()
        rows = self._reader.rows(months_query(export), self._since(export))
        found = [self._announcement(export, row, modified) for row in rows]
        return [one for one in found if known.get((one.kind, str(one.period))) != one.mark]

    def fetch(self, announced: Announcement, folder: Path, version: int) -> Delivery:
        """Bring the whole invoice month, as it was when it was announced.

        Raises:
            TransientSourceError: When rows came or went since.
            SourceError: When they cannot be had.
        """
        last, count = _read_mark(announced)
        export = export_of(self._reader.table())
        month = str(announced.period)
        target = folder / f"{export.table.rpartition('.')[2]}-{month}.parquet"
        parameters = _month(export, month) | ({"last_export": last} if export.exported else {})
        batches = self._reader.batches(rows_query(export), parameters)
        if export.is_focus:
            rows = copy(batches, focus_columns(export), target)
        else:
            rows = spool(batches, target)
        if rows != count:
            raise TransientSourceError(
                f"{self.name}: {export.table} had {count} rows of {month} when it was announced "
                f"and {rows} when it was read, so it is being written; try again"
            )
        return self._delivery(announced, export, target, announced.version or version)

    def check(self) -> Sequence[Check]:
        """Try the table, the right to run queries, and what a look costs; never raises."""
        reader = Reader(self._setting, self._patience.short())
        try:
            table = reader.table()
            export = export_of(table)
            size = reader.bytes_of(months_query(export), self._since(export))
        except SourceError as problem:
            return [Check(f"table {self._setting.table}", passed=False, advice=str(problem))]
        return billing_checks(export, table, size)

    def _delivery(
        self, announced: Announcement, export: Export, target: Path, version: int
    ) -> Delivery:
        file = replace(look_at(target), name=target.name)
        dialect = f"focus-{focus_version(file.columns)}" if export.is_focus else "gcp-detailed"
        return Delivery(
            source=self.name,
            kind=Kind.FOCUS,
            dialect=dialect,
            version=version,
            complete=True,
            files=(file,),
            period=announced.period,
            mark=announced.mark,
        )

    def _announcement(self, export: Export, row: bigquery.Row, modified: datetime) -> Announcement:
        last = row["last_export"] or modified
        month = f"{row['month'][:4]}-{row['month'][4:]}"
        return Announcement(
            kind=Kind.FOCUS,
            period=month,
            mark=f"{last.astimezone(UTC).strftime(_TIME)}/{row['record_count']}",
            version=int(last.timestamp() * 1000),
            place=f"{export.table}, {month}",
        )

    def _since(self, export: Export) -> Parameters:
        return _month(export, self._setting.since)


def _month(export: Export, month: str) -> dict[str, str | datetime | None]:
    """Return the parameters of a question about a month, or about all from it on."""
    arrived = earliest(month) if export.partition else None
    return {"month": month.replace("-", ""), "arrived_from": arrived}


def _read_mark(announced: Announcement) -> tuple[datetime, int]:
    """Return when the last row was exported, and how many there were."""
    last, _, count = str(announced.mark).partition("/")
    try:
        return datetime.strptime(last, _TIME).replace(tzinfo=UTC), int(count)
    except ValueError as problem:
        raise RejectedSourceError(
            f"{announced.place}: {announced.mark!r} is no mark of a billing export; accepted is "
            "the time of the last export and the number of rows, as 2026-11-02T03:04:05.000000Z/12"
        ) from problem
