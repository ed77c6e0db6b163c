"""The first schema: what people and machines decide, and the catalog of the lake.

Every table of the application lies in the default schema and belongs to the owner role. The app
role gets no more than its repositories use; rows that are history cannot be changed by anyone;
rows that have a team are shown by the teams in ``app.teams``. The lake's catalog tables are
PyIceberg's own and lie in the schema ``lake``.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.rights import append_only, by_team, grant, quoted, to_reader

revision = "20261121_first"
down_revision = None
branch_labels = None
depends_on = None

LOOK_AND_ADD = "SELECT, INSERT"
LOOK_ADD_AND_CHANGE = "SELECT, INSERT, UPDATE"
HISTORY = (
    "policy",
    "capacity",
    "plan",
    "placement",
    "delivery",
    "delivery_file",
    "delivery_amount",
    "allocation_run",
    "allocation_total",
    "audit",
)
IN_ORDER = (
    "policy",
    "capacity",
    "workload",
    "run",
    "step",
    "lease",
    "plan",
    "placement",
    "delivery",
    "delivery_file",
    "delivery_amount",
    "allocation_run",
    "allocation_total",
    "token",
    "audit",
)


def upgrade() -> None:
    """Make the tables, then say who may do what with them."""
    _documents()
    _queue()
    _runs()
    _plans()
    _deliveries()
    _allocations()
    _access()
    _lake()
    _rights()


def downgrade() -> None:
    """Drop everything; the files of the lake stay where they are."""
    for table in reversed(IN_ORDER):
        op.drop_table(table)
    op.execute("DROP FUNCTION refuse_change()")
    op.execute("DROP SCHEMA lake CASCADE")


def _documents() -> None:
    """Applied policy and capacity files."""
    op.create_table(
        "policy",
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("applied_by", sa.Text(), nullable=False),
        sa.CheckConstraint("version >= 1", name="ck_policy_version_from_1"),
        sa.PrimaryKeyConstraint("version", name="pk_policy"),
    )
    op.create_table(
        "capacity",
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("applied_by", sa.Text(), nullable=False),
        sa.CheckConstraint("version >= 1", name="ck_capacity_version_from_1"),
        sa.PrimaryKeyConstraint("version", name="pk_capacity"),
    )


def _queue() -> None:
    """Submitted workloads."""
    op.create_table(
        "workload",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("project", sa.Text(), nullable=True),
        sa.Column("user_name", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=True),
        sa.Column("body_sha256", sa.Text(), nullable=False),
        sa.Column("document", postgresql.JSONB(), nullable=False),
        sa.CheckConstraint(
            "state IN ('queued', 'planned', 'claimed', 'running', 'preempted', 'succeeded',"
            " 'failed', 'cancelled')",
            name="ck_workload_state_known",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_workload"),
    )
    op.create_index(
        "ix_workload_state_submitted_at", "workload", ["state", "submitted_at"], unique=False
    )
    op.create_index(
        "uq_workload_team_idempotency_key",
        "workload",
        ["team", "idempotency_key"],
        unique=True,
        postgresql_where=sa.text("idempotency_key IS NOT NULL"),
    )


def _runs() -> None:
    """Runs, their steps, and the leases that let one process write."""
    op.create_table(
        "run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("scheduled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('running', 'succeeded', 'failed')", name="ck_run_state_known"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_run"),
        sa.UniqueConstraint("job", "scheduled_at", name="uq_run_job_scheduled_at"),
    )
    op.create_table(
        "step",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempt", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("result", postgresql.JSONB(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('running', 'succeeded', 'failed')", name="ck_step_state_known"
        ),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_step_run_id"),
        sa.PrimaryKeyConstraint("run_id", "name", name="pk_step"),
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_lease"),
    )


def _plans() -> None:
    """Plans and what they say about each workload."""
    op.create_table(
        "plan",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("horizon_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("slot_minutes", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("cost_micros", sa.BigInteger(), nullable=False),
        sa.Column("bound_micros", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("baselines", postgresql.JSONB(), nullable=False),
        sa.Column("instance_sha256", sa.Text(), nullable=False),
        sa.Column("stale_inputs", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.CheckConstraint("bound_micros <= cost_micros", name="ck_plan_bound_below_cost"),
        sa.CheckConstraint("length(currency) = 3", name="ck_plan_currency_iso"),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_plan_run_id"),
        sa.PrimaryKeyConstraint("id", name="pk_plan"),
        sa.UniqueConstraint("run_id", name="uq_plan_run_id"),
    )
    op.create_index("ix_plan_created_at", "plan", ["created_at"], unique=False)
    op.create_table(
        "placement",
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("workload_id", sa.Uuid(), nullable=False),
        sa.Column("workload_name", sa.Text(), nullable=False),
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("offer", sa.Text(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cost_micros", sa.BigInteger(), nullable=False),
        sa.Column("reason_code", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "num_nulls(offer, starts_at, ends_at) IN (0, 3)",
            name="ck_placement_offer_and_window_together",
        ),
        sa.CheckConstraint("starts_at < ends_at", name="ck_placement_window_not_empty"),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name="fk_placement_plan_id"),
        sa.ForeignKeyConstraint(["workload_id"], ["workload.id"], name="fk_placement_workload_id"),
        sa.PrimaryKeyConstraint("plan_id", "position", name="pk_placement"),
    )
    op.create_index("ix_placement_workload_id", "placement", ["workload_id"], unique=False)


def _deliveries() -> None:
    """What each load brought."""
    op.create_table(
        "delivery",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("dialect", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("periods", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("row_count", sa.BigInteger(), nullable=False),
        sa.Column("quarantined", sa.BigInteger(), nullable=False),
        sa.Column("findings", postgresql.JSONB(), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_delivery"),
    )
    op.create_index("ix_delivery_loaded_at", "delivery", ["loaded_at"], unique=False)
    op.create_table(
        "delivery_file",
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["delivery.id"], name="fk_delivery_file_delivery_id"
        ),
        sa.PrimaryKeyConstraint("delivery_id", "position", name="pk_delivery_file"),
    )
    op.create_index("ix_delivery_file_sha256", "delivery_file", ["sha256"], unique=False)
    op.create_table(
        "delivery_amount",
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("quarantined_cost", sa.Numeric(precision=38, scale=12), nullable=True),
        sa.Column("rounding", sa.Numeric(), nullable=True),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["delivery.id"], name="fk_delivery_amount_delivery_id"
        ),
        sa.PrimaryKeyConstraint("delivery_id", "currency", name="pk_delivery_amount"),
    )


def _allocations() -> None:
    """Allocation runs and the totals that prove them."""
    op.create_table(
        "allocation_run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("policy_version", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("snapshots", postgresql.JSONB(), nullable=False),
        sa.Column("allocation_snapshot", sa.BigInteger(), nullable=True),
        sa.Column("row_count", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["policy_version"], ["policy.version"], name="fk_allocation_run_policy_version"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_allocation_run"),
    )
    op.create_index("ix_allocation_run_period_at", "allocation_run", ["period", "at"], unique=False)
    op.create_table(
        "allocation_total",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("billed_cost", sa.Numeric(precision=38, scale=12), nullable=False),
        sa.Column("effective_cost", sa.Numeric(precision=38, scale=12), nullable=False),
        sa.Column("contracted_cost", sa.Numeric(precision=38, scale=12), nullable=False),
        sa.Column("list_cost", sa.Numeric(precision=38, scale=12), nullable=False),
        sa.CheckConstraint(
            "side IN ('bills', 'allocations', 'difference')", name="ck_allocation_total_side_known"
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["allocation_run.id"], name="fk_allocation_total_run_id"
        ),
        sa.PrimaryKeyConstraint("run_id", "currency", "side", name="pk_allocation_total"),
    )


def _access() -> None:
    """API tokens and the audit trail."""
    op.create_table(
        "token",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("teams", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_token"),
        sa.UniqueConstraint("hash", name="uq_token_hash"),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("detail", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_index("ix_audit_at", "audit", ["at"], unique=False)


def _lake() -> None:
    """The catalog tables as PyIceberg's SqlCatalog (schema version 1) expects them."""
    op.execute("CREATE SCHEMA lake")
    op.create_table(
        "iceberg_tables",
        sa.Column("catalog_name", sa.String(255), primary_key=True),
        sa.Column("table_namespace", sa.String(255), primary_key=True),
        sa.Column("table_name", sa.String(255), primary_key=True),
        sa.Column("metadata_location", sa.String(1000)),
        sa.Column("previous_metadata_location", sa.String(1000)),
        sa.Column("iceberg_type", sa.String(5)),
        schema="lake",
    )
    op.create_table(
        "iceberg_namespace_properties",
        sa.Column("catalog_name", sa.String(255), primary_key=True),
        sa.Column("namespace", sa.String(255), primary_key=True),
        sa.Column("property_key", sa.String(255), primary_key=True),
        sa.Column("property_value", sa.String(1000), nullable=False),
        schema="lake",
    )


def _rights() -> None:
    """Grants, triggers and row-level security."""
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$"
        " BEGIN RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP"
        " USING ERRCODE = 'restrict_violation'; END $$"
    )
    for table in HISTORY:
        grant(table, LOOK_AND_ADD)
        append_only(table)
    for table in ("run", "step", "lease"):
        grant(table, LOOK_ADD_AND_CHANGE)
    grant("workload", "SELECT, INSERT, UPDATE (state)")
    grant("token", "SELECT, INSERT, UPDATE (last_used_at, expires_at)", reader=False)
    grant("alembic_version", "SELECT")
    for table in ("workload", "placement"):
        by_team(table)
    op.execute(f"GRANT USAGE ON SCHEMA lake TO {quoted('app')}")
    to_reader("GRANT USAGE ON SCHEMA lake TO")
    for table in ("lake.iceberg_tables", "lake.iceberg_namespace_properties"):
        grant(table, "SELECT, INSERT, UPDATE, DELETE")
