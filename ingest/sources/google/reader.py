"""Asks BigQuery: every call has a limit, is tried again for a bounded time, and fails in words."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property

import pyarrow as pa
from google.cloud import bigquery
from google.cloud.bigquery_storage_v1 import BigQueryReadClient

from ingest.settings import GoogleBillingSettings
from ingest.sources.google.errors import answers
from ingest.sources.google.session import Patience, bigquery_client, storage_client

Parameters = Mapping[str, str | datetime | None]

_PAGE_ROWS = 20_000
_QUEUED_PAGES = 2
_ROLES = (
    "roles/bigquery.dataViewer on the dataset, and roles/bigquery.jobUser and "
    "roles/bigquery.readSessionUser on the project that pays for the queries"
)


class Reader:
    """One setting's way to BigQuery; ``storage`` is a Storage Read client of one's own."""

    def __init__(
        self,
        setting: GoogleBillingSettings,
        patience: Patience,
        storage: BigQueryReadClient | None = None,
    ) -> None:
        """Nothing is asked yet, not even for credentials."""
        self._setting = setting
        self._what = f"{setting.name}: {setting.table}"
        self._patience = patience
        self._given_storage = storage

    def table(self) -> bigquery.Table:
        """Return the table's description."""
        with answers(self._what, _ROLES):
            return self._client.get_table(
                self._setting.table, retry=self._patience.bigquery(), timeout=self._patience.call_s
            )

    def rows(self, query: str, parameters: Parameters) -> Sequence[bigquery.Row]:
        """Return the few rows of an answer."""
        with answers(self._what, _ROLES):
            return list(self._ask(query, parameters))

    def batches(self, query: str, parameters: Parameters) -> Iterator[pa.RecordBatch]:
        """Stream the rows of a long answer: two pages are held at most."""
        with answers(self._what, _ROLES):
            yield from self._ask(query, parameters).to_arrow_iterable(
                bqstorage_client=self._storage,
                max_queue_size=_QUEUED_PAGES,
                max_stream_count=1,
                timeout=self._patience.call_s,
            )

    def bytes_of(self, query: str, parameters: Parameters) -> int:
        """Return how many bytes a query would read, without running it."""
        job = _job(parameters)
        job.dry_run = True
        with answers(self._what, _ROLES):
            answer = self._client.query(
                query,
                job_config=job,
                retry=self._patience.bigquery(),
                job_retry=None,
                timeout=self._patience.call_s,
            )
            return int(answer.total_bytes_processed or 0)

    def _ask(self, query: str, parameters: Parameters) -> bigquery.table.RowIterator:
        return self._client.query_and_wait(
            query,
            job_config=_job(parameters),
            api_timeout=self._patience.call_s,
            wait_timeout=self._patience.total_s,
            retry=self._patience.bigquery(),
            job_retry=self._patience.jobs(),
            page_size=_PAGE_ROWS,
        )

    @cached_property
    def _client(self) -> bigquery.Client:
        setting = self._setting
        return bigquery_client(setting.project, setting.location, setting.endpoint)

    @cached_property
    def _storage(self) -> BigQueryReadClient | None:
        return self._given_storage or storage_client(self._setting.endpoint)


def _job(parameters: Parameters) -> bigquery.QueryJobConfig:
    given = [
        bigquery.ScalarQueryParameter(
            name, "TIMESTAMP" if isinstance(value, datetime) else "STRING", value
        )
        for name, value in parameters.items()
        if value is not None
    ]
    return bigquery.QueryJobConfig(query_parameters=given)
