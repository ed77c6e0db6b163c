"""What the three roles may do, tried with real logins."""

from collections.abc import Iterator
from uuid import UUID

import psycopg
import pytest
from psycopg import errors, sql

from service.domain.workloads import WorkloadState
from service.store.base import Base
from service.store.roles import APP, OWNER, READER, Logins
from service.store.store import Store
from tests.service.store.values import placed, plan, workload

HISTORY = [
    "policy",
    "capacity",
    "plan",
    "placement",
    "delivery",
    "delivery_file",
    "delivery_amount",
    "period_run",
    "allocation_total",
    "rightsizing_run",
    "recommendation",
    "recommendation_dismissal",
    "ledger_batch",
    "ledger_posting",
    "period_close",
    "exchange_rate",
    "statement_line",
    "dispute",
    "dispute_answer",
    "audit",
]
ONLY_READ_BY_APP = "token"


def connect(url: str) -> psycopg.Connection:
    """Log in with psycopg itself, outside of the store."""
    return psycopg.connect(url.replace("+psycopg", ""), autocommit=True)


def about(table: str, statement: str) -> sql.Composed:
    """Put the name of a table, and of its last column, into a statement."""
    column = list(Base.metadata.tables[table].columns)[-1].name
    return sql.SQL(statement).format(table=sql.Identifier(table), column=sql.Identifier(column))


@pytest.fixture
def app(database: Logins) -> Iterator[psycopg.Connection]:
    """A login as the app role."""
    with connect(database.app) as connection:
        yield connection


@pytest.fixture
def reader(database: Logins) -> Iterator[psycopg.Connection]:
    """A login as the reader role."""
    with connect(database.reader) as connection:
        yield connection


@pytest.fixture
def two_teams(store: Store) -> None:
    """A workload and a placement of each of the teams vision and nlp."""
    ours, theirs = workload(1, "vision"), workload(2, "nlp")
    with store.work() as work:
        work.workloads.add_all([ours, theirs])
        work.plans.add(plan(9, placed(ours), placed(theirs)))


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("role", [OWNER, APP, READER])
def test_no_role_has_a_privilege_of_the_server(app: psycopg.Connection, role: str) -> None:
    """None is superuser, may bypass row-level security, or may make roles or databases."""
    query = (
        "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication"
        " FROM pg_roles WHERE rolname = %s"
    )

    found = app.execute(query, [role]).fetchone()

    assert found == (False,) * 5


@pytest.mark.parametrize("role", [APP, READER])
def test_only_the_owner_owns_anything(app: psycopg.Connection, role: str) -> None:
    """App and reader own no table, function, schema or database."""
    query = (
        "SELECT count(*) FROM (SELECT relowner AS o FROM pg_class UNION ALL SELECT proowner FROM"
        " pg_proc UNION ALL SELECT nspowner FROM pg_namespace UNION ALL SELECT datdba FROM"
        " pg_database) AS owned JOIN pg_roles ON pg_roles.oid = owned.o WHERE rolname = %s"
    )

    found = app.execute(query, [role]).fetchone()

    assert found == (0,)


@pytest.mark.parametrize("role", ["app", "reader"])
@pytest.mark.parametrize(
    "statement", ["CREATE TABLE mine (a int)", "CREATE SCHEMA mine", "DROP TABLE workload"]
)
def test_app_and_reader_cannot_change_the_schema(
    database: Logins, role: str, statement: str
) -> None:
    """Only migrations change the schema, and they run as the owner."""
    with (
        connect(getattr(database, role)) as connection,
        pytest.raises(errors.InsufficientPrivilege),
    ):
        connection.execute(statement)


def test_the_reader_reads_everything_but_tokens(reader: psycopg.Connection) -> None:
    """SELECT works on every table but ``token``."""
    readable = sorted(set(Base.metadata.tables) - {ONLY_READ_BY_APP})

    answers = [reader.execute(about(table, "SELECT * FROM {table}")) for table in readable]

    assert [answer.fetchall() for answer in answers] == [[]] * len(readable)
    with pytest.raises(errors.InsufficientPrivilege):
        reader.execute("SELECT * FROM token")


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM {table}",
        "UPDATE {table} SET {column} = {column}",
        "INSERT INTO {table} DEFAULT VALUES",
    ],
)
def test_the_reader_writes_nothing(reader: psycopg.Connection, change: str) -> None:
    """DELETE, UPDATE and INSERT are refused on every table."""
    for table in sorted(Base.metadata.tables):
        with pytest.raises(errors.InsufficientPrivilege):
            reader.execute(about(table, change))


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE {table} SET {column} = {column}",
        "DELETE FROM {table}",
        "TRUNCATE {table} CASCADE",
    ],
)
def test_history_cannot_be_changed_by_anyone(database: Logins, change: str) -> None:
    """The app role lacks the right; for the owner, who has it, a trigger refuses."""
    with connect(database.app) as app, connect(database.owner) as owner:
        for table in HISTORY:
            statement = about(table, change)

            with pytest.raises(errors.InsufficientPrivilege):
                app.execute(statement)
            with pytest.raises(errors.RestrictViolation, match="append-only"):
                owner.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM workload",
        "UPDATE workload SET team = 'nlp'",
        "UPDATE token SET scopes = '{admin}'",
        "DELETE FROM run",
        "DELETE FROM alembic_version",
    ],
)
def test_the_app_role_changes_only_what_its_repositories_change(
    app: psycopg.Connection, statement: str
) -> None:
    """A workload's state, a token's last use and its end may change; the rest may not."""
    with pytest.raises(errors.InsufficientPrivilege):
        app.execute(statement)


@pytest.mark.usefixtures("two_teams")
@pytest.mark.parametrize(
    ("teams", "seen"),
    [
        (None, []),
        ("", []),
        ("vision", ["vision"]),
        ("vision,nlp", ["nlp", "vision"]),
        ("visio", []),
        ("*", ["nlp", "vision"]),
        ("*,x", []),
    ],
)
def test_rows_with_a_team_are_shown_to_that_team_only(
    database: Logins, teams: str | None, seen: list[str]
) -> None:
    """Unset or empty means none, a list means these, a star alone means all; for every login."""
    found = []
    for login in (database.app, database.reader):
        with connect(login) as connection:
            if teams is not None:
                connection.execute("SELECT set_config('app.teams', %s, false)", [teams])
            for table in ("workload", "placement"):
                rows = connection.execute(about(table, "SELECT team FROM {table} ORDER BY team"))
                found.append([team for (team,) in rows])

    assert found == [seen] * 4


@pytest.mark.usefixtures("two_teams")
def test_a_setting_of_one_transaction_does_not_leak_into_the_next(store: Store) -> None:
    """The pool hands the same connection to a caller without teams: nothing is seen."""
    with store.work() as work:
        everything = len(work.workloads.queued())
    with store.work(frozenset()) as work:
        nothing = len(work.workloads.queued())
    with store.work(frozenset({"nlp"})) as work:
        one = [found.team for found in work.workloads.queued()]

    assert (everything, nothing, one) == (2, 0, ["nlp"])


@pytest.mark.usefixtures("two_teams")
def test_a_scoped_transaction_sees_and_touches_its_own_rows_only(store: Store) -> None:
    """Team nlp (workload 2) cannot get workload 1, nor cancel it, and sees one placement of two."""
    with store.work(frozenset({"nlp"})) as work:
        foreign = work.workloads.get(UUID(int=1))
        moved = work.workloads.set_state([UUID(int=1), UUID(int=2)], WorkloadState.CANCELLED)
        latest = work.plans.latest()

    assert foreign is None
    assert moved == 1
    assert latest is not None
    assert [placement.team for placement in latest.placements] == ["nlp"]


def test_a_scoped_transaction_cannot_add_rows_for_another_team(app: psycopg.Connection) -> None:
    """With ``app.teams`` = nlp a workload of vision violates the policy."""
    insert = (
        "INSERT INTO workload (id, name, team, state, submitted_at, body_sha256, document)"
        " VALUES (gen_random_uuid(), 'x', 'vision', 'queued', now(), '', '{}')"
    )

    with app.transaction():
        app.execute("SELECT set_config('app.teams', 'nlp', true)")
        with (
            pytest.raises(errors.InsufficientPrivilege, match="row-level security"),
            app.transaction(),
        ):
            app.execute(insert)


def test_every_table_with_a_team_is_protected(app: psycopg.Connection) -> None:
    """A table that gets a column ``team`` must have row-level security too; postings have it."""
    with_team = {name for name, table in Base.metadata.tables.items() if "team" in table.columns}

    protected = app.execute("SELECT relname FROM pg_class WHERE relrowsecurity").fetchall()

    assert {name for (name,) in protected} == with_team | {"ledger_posting"}
