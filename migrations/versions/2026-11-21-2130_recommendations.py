"""Right-sizing: runs, what they recommend for each team, and what was dismissed with its reason."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.rights import append_only, by_team, grant

revision = "20261121_recommendations"
down_revision = "20261121_restatement"
branch_labels = None
depends_on = None

TABLES = ("rightsizing_run", "recommendation", "recommendation_dismissal")


def upgrade() -> None:
    """Make three tables that only grow; teams see their own rows."""
    op.execute("SET LOCAL lock_timeout = '10s'")
    op.create_table(
        "rightsizing_run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("end_day", sa.Date(), nullable=False),
        sa.Column("works", sa.BigInteger(), nullable=False),
        sa.Column("unseen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("first_day < end_day", name="ck_rightsizing_run_window_not_empty"),
        sa.PrimaryKeyConstraint("id", name="pk_rightsizing_run"),
    )
    op.create_index("ix_rightsizing_run_at", "rightsizing_run", ["at"])
    told = ("team", "project", "work", "accelerator_model", "mode", "rule", "target")
    op.create_table(
        "recommendation",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in told),
        sa.Column("saving", sa.Numeric(38, 12), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Text(), nullable=False),
        sa.Column("evidence", postgresql.JSONB(), nullable=False),
        sa.CheckConstraint("length(currency) = 3", name="ck_recommendation_currency_iso"),
        sa.ForeignKeyConstraint(
            ["run_id"], ["rightsizing_run.id"], name="fk_recommendation_run_id"
        ),
        sa.PrimaryKeyConstraint("run_id", "id", name="pk_recommendation"),
    )
    op.create_table(
        "recommendation_dismissal",
        sa.Column("recommendation_id", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("team", "reason")),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("dismissed_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("recommendation_id", name="pk_recommendation_dismissal"),
    )
    for table in TABLES:
        grant(table, "SELECT, INSERT")
        append_only(table)
    for table in TABLES[1:]:
        by_team(table)


def downgrade() -> None:
    """Forget what was recommended."""
    for table in reversed(TABLES):
        op.drop_table(table)
