"""The same rows in PostgreSQL tables, and the same questions in PostgreSQL's SQL."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import duckdb
import psycopg
import sqlglot
from sqlalchemy import make_url

from warehouse.questions import read_question
from warehouse.sql_text import literal

if TYPE_CHECKING:
    from pathlib import Path

    from warehouse.lake import Lake
    from warehouse.port import Question

COLUMNS = {
    "cost_line": {
        "text": "x_SourceId x_BillingPeriod x_FileId ServiceProviderName BillingAccountId"
        " SubAccountId ServiceName ResourceId ResourceName RegionId SkuId SkuPriceId SkuMeter"
        " BillingCurrency ChargeCategory ChargeDescription CommitmentDiscountId"
        " CommitmentDiscountName CommitmentDiscountType CommitmentDiscountUnit"
        " CommitmentDiscountStatus CapacityReservationId CapacityReservationStatus"
        " InvoiceIssuerName InvoiceId PricingUnit Tags x_AcceleratorModel x_PurchaseModel",
        "numeric(38,12)": "BilledCost EffectiveCost ContractedCost ListCost PricingQuantity"
        " CommitmentDiscountQuantity x_AcceleratorHours",
        "timestamptz": "ChargePeriodStart ChargePeriodEnd BillingPeriodStart",
        "bigint": "x_RecordNumber",
    },
    "allocation": {
        "text": "x_BillingPeriod run_id provider account service sku charge_category"
        " commitment_status currency team pool line",
        "date": "charge_day",
        "numeric(38,12)": "billed_cost effective_cost contracted_cost list_cost",
        "bigint": "cost_lines",
    },
}
"""Only what the questions need, so that rows are as short as they can be."""

INDEXES = (
    """CREATE INDEX ON cost_line (x_BillingPeriod, x_AcceleratorModel)
        WHERE x_AcceleratorModel IS NOT NULL""",
    """CREATE INDEX ON cost_line (x_BillingPeriod, CommitmentDiscountStatus)
        WHERE CommitmentDiscountStatus IS NOT NULL""",
    "CREATE INDEX ON cost_line (x_BillingPeriod, SkuId, SubAccountId)",
    "CREATE INDEX ON cost_line (x_BillingPeriod, x_SourceId, ChargePeriodEnd)",
    "CREATE INDEX ON allocation (x_BillingPeriod)",
)
SETTINGS = ("work_mem = '256MB'", "maintenance_work_mem = '1GB'", "synchronous_commit = off")
TYPES = {
    "VARCHAR": "text",
    "VARCHAR[]": "text[]",
    "DATE": "date",
    "INTEGER": "integer",
}


class PostgresTables:
    """A schema of its own on a server, with the columns that the questions read."""

    def __init__(self, admin: str) -> None:
        """Connect as the administrator."""
        address = make_url(admin).set(drivername="postgresql")
        url = address.render_as_string(hide_password=False)
        self._connection = psycopg.connect(url, autocommit=True)
        for setting in SETTINGS:
            self._run(f"SET {setting}")
        self._run("DROP SCHEMA IF EXISTS peer CASCADE; CREATE SCHEMA peer; SET search_path = peer")

    def copy(self, lake: Lake, folder: Path) -> None:
        """Copy every file of both tables through CSV; index and analyse."""
        for table, groups in COLUMNS.items():
            columns = {name: kind for kind, names in groups.items() for name in names.split()}
            declared = ", ".join(f"{name} {kind}" for name, kind in columns.items())
            self._run(f"CREATE UNLOGGED TABLE {table} ({declared})")
            for file in lake.files(table, lake.view([table]).snapshots[table]):
                self._copy(table, ", ".join(columns), file, folder / "rows.csv")
        for index in INDEXES:
            self._run(index)
        self._run("VACUUM ANALYZE cost_line")
        self._run("VACUUM ANALYZE allocation")

    def _copy(self, table: str, columns: str, file: str, csv: Path) -> None:
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            select = f"SELECT {columns} FROM read_parquet({literal(file)})"  # noqa: S608 - our own names
            connection.execute(f"COPY ({select}) TO {literal(str(csv))} (FORMAT csv, HEADER false)")
        with csv.open("rb") as rows, self._connection.cursor() as cursor:
            to = f"COPY {table} ({columns}) FROM STDIN (FORMAT csv)"
            with cursor.copy(to.encode()) as copying:
                while block := rows.read(1 << 20):
                    copying.write(block)
        csv.unlink()

    def ask(self, question: Question) -> list[tuple[object, ...]]:
        """Answer with all rows."""
        file = read_question(question.name)
        [text] = sqlglot.transpile(file.sql, read="duckdb", write="postgres", comments=False)
        typed = re.sub(
            r"%\((\w+)\)s", lambda found: f"{found[0]}::{TYPES[file.params[found[1]]]}", text
        )
        return self._connection.execute(typed.encode(), dict(question.params)).fetchall()

    def _run(self, sql: str) -> None:
        self._connection.execute(sql.encode())
