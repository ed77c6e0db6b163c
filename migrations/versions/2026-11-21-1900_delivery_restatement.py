"""Deliveries of clouds: the source's own mark of a delivery, and what a restatement changed."""

import sqlalchemy as sa
from alembic import op

from migrations.rights import append_only, grant

revision = "20261121_restatement"
down_revision = "20261121_first"
branch_labels = None
depends_on = None

CHANGES = ("added", "removed", "changed")


def upgrade() -> None:
    """Add the mark, and a table of changes that nobody can rewrite."""
    op.execute("SET LOCAL lock_timeout = '10s'")
    op.add_column("delivery", sa.Column("mark", sa.Text(), nullable=True))
    money = [f"{cost}_{how}" for cost in ("billed", "effective") for how in CHANGES]
    op.create_table(
        "delivery_restatement",
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=True) for name in ("account", "service")),
        sa.Column("currency", sa.Text(), nullable=True),
        *(
            sa.Column(name, sa.BigInteger(), nullable=False)
            for name in (f"rows_{how}" for how in CHANGES)
        ),
        *(sa.Column(name, sa.Numeric(38, 12), nullable=False) for name in money),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["delivery.id"], name="fk_delivery_restatement_delivery_id"
        ),
        sa.PrimaryKeyConstraint("delivery_id", "position", name="pk_delivery_restatement"),
    )
    grant("delivery_restatement", "SELECT, INSERT")
    append_only("delivery_restatement")


def downgrade() -> None:
    """Forget what restatements changed."""
    op.drop_table("delivery_restatement")
    op.drop_column("delivery", "mark")
