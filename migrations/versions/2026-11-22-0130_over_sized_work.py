"""Right-sizing of accounted periods, and savings apart from what commitments paid already."""

import sqlalchemy as sa
from alembic import op

revision = "20261122_over_sized"
down_revision = "20261122_ledger"
branch_labels = None
depends_on = None

ADDED = ("committed_ms", "excess_ms", "excess_cost")


def upgrade() -> None:
    """Add the accounting run to runs, and three figures to recommendations; old ones have zeros.

    The next night makes new ones, and only the newest are shown.
    """
    op.execute("SET LOCAL lock_timeout = '10s'")
    op.add_column("rightsizing_run", sa.Column("account_run", sa.Uuid(), nullable=True))
    op.create_index("ix_rightsizing_run_account_run", "rightsizing_run", ["account_run"])
    zero = sa.text("0")
    for column in (
        sa.Column("committed_ms", sa.BigInteger(), nullable=False, server_default=zero),
        sa.Column("excess_ms", sa.BigInteger(), nullable=False, server_default=zero),
        sa.Column("excess_cost", sa.Numeric(38, 12), nullable=False, server_default=zero),
    ):
        op.add_column("recommendation", column)
    for name in ADDED:
        op.alter_column("recommendation", name, server_default=None)


def downgrade() -> None:
    """Forget which runs were over periods; they would pass for runs over the last days."""
    op.execute("ALTER TABLE recommendation DISABLE TRIGGER recommendation_only_grows")
    op.execute("ALTER TABLE rightsizing_run DISABLE TRIGGER rightsizing_run_only_grows")
    op.execute(
        "DELETE FROM recommendation WHERE run_id IN"
        " (SELECT id FROM rightsizing_run WHERE account_run IS NOT NULL)"
    )
    op.execute("DELETE FROM rightsizing_run WHERE account_run IS NOT NULL")
    op.execute("ALTER TABLE recommendation ENABLE TRIGGER recommendation_only_grows")
    op.execute("ALTER TABLE rightsizing_run ENABLE TRIGGER rightsizing_run_only_grows")
    for name in ADDED:
        op.drop_column("recommendation", name)
    op.drop_index("ix_rightsizing_run_account_run", "rightsizing_run")
    op.drop_column("rightsizing_run", "account_run")
