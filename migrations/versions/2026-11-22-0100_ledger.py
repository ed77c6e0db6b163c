"""The ledger: postings, closes chained by hash, statement lines, rates of months and disputes.

What belongs to a closed period is refused by triggers. Whoever posts shares an advisory lock of the
period until the transaction ends and whoever closes holds it alone, so that nothing is posted
between the reading and the closing of a period. Two refusals have codes of their own in class 23:
``23C01`` is a closed period, ``23C02`` a close that does not follow the newest one.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.rights import append_only, by_team, grant

revision = "20261122_ledger"
down_revision = "20261122_period_runs"
branch_labels = None
depends_on = None

MONEY = sa.Numeric(38, 12)
MOMENT = sa.DateTime(timezone=True)
KINDS = (
    "'payable', 'prepaid', 'cost', 'pool', 'team', 'idle', 'unused_commitment', 'unallocated',"
    " 'rate_variance', 'owned_hardware_recovery', 'fx_difference', 'rounding', 'restatement'"
)
TABLES = (
    "ledger_batch",
    "ledger_posting",
    "period_close",
    "exchange_rate",
    "statement_line",
    "dispute",
    "dispute_answer",
)
MONTHS = {
    "ledger_batch": "period",
    "ledger_posting": "period",
    "exchange_rate": "month",
    "statement_line": "period",
}
FUNCTIONS = ("refuse_closed()", "refuse_broken_chain()", "share_period(text)", "hold_period(text)")


def upgrade() -> None:
    """Make tables that only grow, and what refuses additions to closed periods."""
    op.execute("SET LOCAL lock_timeout = '10s'")
    _books()
    _closes()
    _rates()
    _statements()
    _disputes()
    _locks()
    _closed_means_closed()
    _closes_are_chained()
    for table in TABLES:
        grant(table, "SELECT, INSERT")
        append_only(table)
    for table in ("statement_line", "dispute", "dispute_answer"):
        by_team(table)
    _postings_of_a_team()


def downgrade() -> None:
    """Forget the books; the files of the lake that they were made from stay."""
    for table in reversed(TABLES):
        op.drop_table(table)
    for function in FUNCTIONS:
        op.execute(f"DROP FUNCTION {function}")


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _books() -> None:
    """Batches and their postings."""
    op.create_table(
        "ledger_batch",
        sa.Column("id", sa.Uuid(), nullable=False),
        *_texts("period"),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        *_texts("actor", "reason"),
        sa.ForeignKeyConstraint(["run_id"], ["period_run.id"], name="fk_ledger_batch_run_id"),
        sa.PrimaryKeyConstraint("id", name="pk_ledger_batch"),
        sa.UniqueConstraint("id", "period", name="uq_ledger_batch_id_period"),
    )
    op.create_index("ix_ledger_batch_period", "ledger_batch", ["period"])
    op.create_table(
        "ledger_posting",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        *_texts("period", "origin_period"),
        *_texts("debit_kind", "debit_name", "credit_kind", "credit_name"),
        *_texts("reason", "invoice_issuer", "invoice"),
        sa.Column("amount", MONEY, nullable=False),
        *_texts("currency"),
        sa.CheckConstraint("amount > 0", name="ck_ledger_posting_amount_positive"),
        sa.CheckConstraint("length(currency) = 3", name="ck_ledger_posting_currency_iso"),
        sa.CheckConstraint(f"debit_kind IN ({KINDS})", name="ck_ledger_posting_debit_known"),
        sa.CheckConstraint(f"credit_kind IN ({KINDS})", name="ck_ledger_posting_credit_known"),
        sa.CheckConstraint(
            "(debit_kind, debit_name) <> (credit_kind, credit_name)",
            name="ck_ledger_posting_two_accounts",
        ),
        sa.ForeignKeyConstraint(
            ["batch_id", "period"],
            ["ledger_batch.id", "ledger_batch.period"],
            name="fk_ledger_posting_batch_id_period",
        ),
        sa.PrimaryKeyConstraint("batch_id", "number", name="pk_ledger_posting"),
    )
    op.create_index("ix_ledger_posting_period", "ledger_posting", ["period"])


def _closes() -> None:
    """Closed periods, each with the head of the one before."""
    digests = ("lines_sha256", "postings_sha256", "previous_head", "head")
    op.create_table(
        "period_close",
        *_texts("period"),
        sa.Column("at", MOMENT, nullable=False),
        *_texts("approver"),
        sa.Column("policy_version", sa.BigInteger(), nullable=True),
        sa.Column("policy_sha256", sa.Text(), nullable=True),
        *_texts("allocation_method"),
        sa.Column("allocation_run", sa.Uuid(), nullable=False),
        sa.Column("snapshots", postgresql.JSONB(), nullable=False),
        *_texts("cost"),
        *(
            sa.Column(name, postgresql.JSONB(), nullable=False)
            for name in ("rates", "restated", "files")
        ),
        *_texts("method", *digests),
        sa.Column("reason", sa.Text(), nullable=True),
        *(
            sa.CheckConstraint(
                f"{digest} ~ '^[0-9a-f]{{64}}$'", name=f"ck_period_close_{digest}_is_sha256"
            )
            for digest in ("policy_sha256", *digests)
        ),
        sa.ForeignKeyConstraint(
            ["policy_version"], ["policy.version"], name="fk_period_close_policy_version"
        ),
        sa.ForeignKeyConstraint(
            ["allocation_run"], ["period_run.id"], name="fk_period_close_allocation_run"
        ),
        sa.PrimaryKeyConstraint("period", name="pk_period_close"),
        sa.UniqueConstraint("head", name="uq_period_close_head"),
        sa.UniqueConstraint("previous_head", name="uq_period_close_previous_head"),
    )


def _rates() -> None:
    """One rate per month and pair of currencies; a later row of an open month replaces it."""
    op.create_table(
        "exchange_rate",
        *_texts("month", "from_currency", "to_currency"),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("rate", MONEY, nullable=False),
        *_texts("source", "actor"),
        sa.CheckConstraint("rate > 0", name="ck_exchange_rate_rate_positive"),
        sa.CheckConstraint("from_currency <> to_currency", name="ck_exchange_rate_two_currencies"),
        sa.PrimaryKeyConstraint(
            "month", "from_currency", "to_currency", "at", name="pk_exchange_rate"
        ),
    )


def _statements() -> None:
    """Lines of closed periods; the key to the close is looked up when the transaction ends."""
    op.create_table(
        "statement_line",
        *_texts("period", "id", "team", "line", "pool", "provider", "account", "service"),
        *_texts("charge_category", "commitment", "method_id", "currency", "origin_period"),
        *_texts("reason"),
        sa.Column("billed_cost", MONEY, nullable=False),
        sa.Column("effective_cost", MONEY, nullable=False),
        sa.Column("contracted_cost", MONEY, nullable=True),
        sa.Column("list_cost", MONEY, nullable=True),
        sa.Column("charged_cost", MONEY, nullable=False),
        sa.Column("cost_lines", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("length(currency) = 3", name="ck_statement_line_currency_iso"),
        sa.ForeignKeyConstraint(
            ["period"],
            ["period_close.period"],
            name="fk_statement_line_period",
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.PrimaryKeyConstraint("period", "id", name="pk_statement_line"),
    )
    op.create_index("ix_statement_line_team", "statement_line", ["team"])


def _disputes() -> None:
    """Questions of teams about lines, and the answers."""
    op.create_table(
        "dispute",
        sa.Column("id", sa.Uuid(), nullable=False),
        *_texts("period", "line_id", "team"),
        sa.Column("opened_at", MOMENT, nullable=False),
        *_texts("opened_by", "comment"),
        sa.PrimaryKeyConstraint("id", name="pk_dispute"),
        sa.UniqueConstraint("id", "team", name="uq_dispute_id_team"),
    )
    op.create_index("ix_dispute_period", "dispute", ["period"])
    op.create_table(
        "dispute_answer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("dispute_id", sa.Uuid(), nullable=False),
        *_texts("team"),
        sa.Column("at", MOMENT, nullable=False),
        *_texts("answered_by", "outcome", "text"),
        sa.Column("batch_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('accepted', 'refused', 'comment')", name="ck_dispute_answer_outcome_known"
        ),
        sa.ForeignKeyConstraint(
            ["dispute_id", "team"],
            ["dispute.id", "dispute.team"],
            name="fk_dispute_answer_dispute_id_team",
        ),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["ledger_batch.id"], name="fk_dispute_answer_batch_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_dispute_answer"),
    )
    op.create_index("ix_dispute_answer_dispute_id", "dispute_answer", ["dispute_id"])


def _locks() -> None:
    """Let those who post share a period, and who closes it hold it alone."""
    for name, lock in (("share", "lock_shared"), ("hold", "lock")):
        op.execute(
            f"CREATE FUNCTION {name}_period(month text) RETURNS void LANGUAGE sql AS"
            f" $$ SELECT pg_advisory_xact_{lock}(603320151, hashtext(month)) $$"
        )


def _closed_means_closed() -> None:
    """Refuse additions to closed periods.

    The trigger asks for the closes in the schema of its table by name: no temporary table can
    stand in front of them.
    """
    op.execute(
        """
        CREATE FUNCTION refuse_closed() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE month text; closed boolean;
        BEGIN
            FOR month IN EXECUTE format('SELECT DISTINCT %I FROM added ORDER BY 1', TG_ARGV[0])
            LOOP
                PERFORM share_period(month);
                EXECUTE format(
                    'SELECT EXISTS (SELECT FROM %I.period_close WHERE period = $1)', TG_TABLE_SCHEMA
                ) INTO closed USING month;
                IF closed THEN
                    RAISE EXCEPTION '% is closed: % takes nothing more', month, TG_TABLE_NAME
                        USING ERRCODE = '23C01';
                END IF;
            END LOOP;
            RETURN NULL;
        END $$
        """
    )
    for table, month in MONTHS.items():
        op.execute(
            f"CREATE TRIGGER {table}_is_open AFTER INSERT ON {table} REFERENCING NEW TABLE AS added"
            f" FOR EACH STATEMENT EXECUTE FUNCTION refuse_closed('{month}')"
        )


def _closes_are_chained() -> None:
    """Refuse a second close of a period, and one that does not follow the newest."""
    op.execute(
        """
        CREATE FUNCTION refuse_broken_chain() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE closed boolean; newest text;
        BEGIN
            PERFORM hold_period('');
            PERFORM hold_period(NEW.period);
            EXECUTE format(
                'SELECT EXISTS (SELECT FROM %1$I.period_close WHERE period = $1),'
                ' (SELECT head FROM %1$I.period_close AS one WHERE NOT EXISTS'
                '  (SELECT FROM %1$I.period_close WHERE previous_head = one.head)'
                ' ORDER BY at DESC, period DESC LIMIT 1)', TG_TABLE_SCHEMA
            ) INTO closed, newest USING NEW.period;
            IF closed THEN
                RAISE EXCEPTION '% is closed already', NEW.period USING ERRCODE = '23C01';
            END IF;
            IF NEW.previous_head <> coalesce(newest, repeat('0', 64)) THEN
                RAISE EXCEPTION '% does not follow the newest close', NEW.period
                    USING ERRCODE = '23C02';
            END IF;
            RETURN NEW;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER period_close_is_chained BEFORE INSERT ON period_close"
        " FOR EACH ROW EXECUTE FUNCTION refuse_broken_chain()"
    )


def _postings_of_a_team() -> None:
    """Show a team the postings that touch an account of its own; only who sees all may post."""
    teams = "current_setting('app.teams', true)"
    owned = "('team', 'idle', 'unused_commitment')"
    touched = " OR ".join(
        f"({side}_kind IN {owned} AND {side}_name = ANY (string_to_array({teams}, ',')))"
        for side in ("debit", "credit")
    )
    op.execute("ALTER TABLE ledger_posting ENABLE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY ledger_posting_of_team ON ledger_posting"
        f" USING ({teams} = '*' OR {touched}) WITH CHECK ({teams} = '*')"
    )
