"""Runs over a billing period, of every kind: allocations lie in one table with GPU-time accounts.

The table of allocation runs becomes that of all kinds; totals of allocations stay beside it.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.rights import append_only

revision = "20261122_period_runs"
down_revision = "20261121_recommendations"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Rename the table, and let a run name its kind, each snapshot that it wrote, and its proof."""
    op.execute("SET LOCAL lock_timeout = '10s'")
    _rename("allocation_run", "period_run")
    for name, kind, value in (
        ("kind", sa.Text(), "allocation"),
        ("proof", postgresql.JSONB(), "{}"),
    ):
        op.add_column("period_run", sa.Column(name, kind, nullable=False, server_default=value))
        op.alter_column("period_run", name, server_default=None)
    op.alter_column(
        "period_run",
        "allocation_snapshot",
        new_column_name="written",
        type_=postgresql.JSONB(),
        nullable=False,
        postgresql_using="jsonb_build_object('allocation', allocation_snapshot)",
    )
    op.drop_index("ix_allocation_run_period_at", "period_run")
    op.create_index("ix_period_run_kind_period_at", "period_run", ["kind", "period", "at"])


def downgrade() -> None:
    """Forget all runs but allocations."""
    op.execute("DROP TRIGGER period_run_only_grows ON period_run")
    op.execute("DELETE FROM period_run WHERE kind <> 'allocation'")
    append_only("period_run")
    op.drop_index("ix_period_run_kind_period_at", "period_run")
    op.alter_column("period_run", "written", nullable=True)
    op.alter_column(
        "period_run",
        "written",
        new_column_name="allocation_snapshot",
        type_=sa.BigInteger(),
        postgresql_using="CAST(written ->> 'allocation' AS BIGINT)",
    )
    for name in ("kind", "proof"):
        op.drop_column("period_run", name)
    op.create_index("ix_allocation_run_period_at", "period_run", ["period", "at"])
    _rename("period_run", "allocation_run")


def _rename(old: str, new: str) -> None:
    """Rename a table of runs with its key, its reference to policies and its trigger."""
    op.rename_table(old, new)
    for name in ("pk_{}", "fk_{}_policy_version"):
        before, after = name.format(old), name.format(new)
        op.execute(f"ALTER TABLE {new} RENAME CONSTRAINT {before} TO {after}")
    op.execute(f"ALTER TRIGGER {old}_only_grows ON {new} RENAME TO {new}_only_grows")
