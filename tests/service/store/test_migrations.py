"""Migrations: the only way to the schema, both ways, in step with the models."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url

import migrations
from service.errors import InputError, UnavailableError
from service.store import migrate
from service.store.check_models import differences_on_a_new_server
from service.store.database import external
from service.store.migrate import downgrade, model_differences, schema_status, upgrade
from service.store.roles import Logins
from service.store.store import Store
from tests.conftest import Server
from tests.service.store.values import workload

VERSIONS = Path(migrations.__file__).parent / "versions"
TABLES = "SELECT schemaname || '.' || tablename FROM pg_tables WHERE tableowner = %s ORDER BY 1"


def tables(logins: Logins) -> list[str]:
    """Every table that the owner owns in a database, in any schema."""
    with psycopg.connect(logins.owner.replace("+psycopg", "")) as connection:
        return [row[0] for row in connection.execute(TABLES, ["comptroller_owner"])]


def test_up_down_and_up_again_ends_where_it_began(empty_database: Logins) -> None:
    """Down to nothing only Alembic's own table is left; up again the tables are the same."""
    owner, app = empty_database.owner, empty_database.app

    upgrade(owner, app)
    first = tables(empty_database)
    downgrade(owner, app, "base")
    below = tables(empty_database)
    upgrade(owner, app)

    assert below == ["public.alembic_version"]
    assert tables(empty_database) == first
    assert {"public.workload", "lake.iceberg_tables"} <= set(first)


def test_autogenerate_finds_nothing_to_do(database: Logins) -> None:
    """Models and migrated schema are the same, constraint names and types included."""
    differences = model_differences(database.owner)

    assert differences == []


def test_a_difference_between_models_and_schema_is_found(database: Logins) -> None:
    """A column that somebody dropped by hand is named."""
    with psycopg.connect(database.owner.replace("+psycopg", "")) as connection:
        connection.execute("ALTER TABLE lease DROP COLUMN holder")

    differences = model_differences(database.owner)

    assert "holder" in str(differences)


def test_the_check_brings_its_own_server() -> None:
    """``comptroller db check-models`` needs no configured database; it finds nothing."""
    differences = differences_on_a_new_server()

    assert differences == []


def test_the_status_tells_how_far_the_schema_is(empty_database: Logins) -> None:
    """Before the first migration there is no revision, after it the newest one."""
    before = schema_status(empty_database.owner)

    upgrade(empty_database.owner, empty_database.app)
    after = schema_status(empty_database.app)

    assert (before.current, before.up_to_date) == (None, False)
    assert (after.current, after.up_to_date) == (after.newest, True)


def test_two_processes_may_upgrade_at_once(empty_database: Logins) -> None:
    """The second waits for the first and then finds nothing to do."""
    script = "import sys; from service.store.migrate import upgrade; upgrade(*sys.argv[1:])"
    command = [sys.executable, "-c", script, empty_database.owner, empty_database.app]

    processes = [subprocess.Popen(command) for _ in range(2)]
    codes = [process.wait() for process in processes]

    assert codes == [0, 0]
    assert schema_status(empty_database.app).up_to_date


def test_the_one_who_works_must_not_be_the_owner(empty_database: Logins) -> None:
    """With one user for both, row-level security would not hold; the upgrade refuses."""
    with pytest.raises(InputError, match="two different users"):
        upgrade(empty_database.owner, empty_database.owner)


def test_the_working_role_may_have_any_name(server: Server, empty_database: Logins) -> None:
    """The rights go to the user in the app's address, here one whose name needs quotes."""
    role = sql.Identifier("finops-app")
    app = make_url(empty_database.app).set(username="finops-app", password="x")  # noqa: S106 -- lives for a second
    with server.connected() as admin:
        admin.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'x'").format(role))

    upgrade(empty_database.owner, app.render_as_string(hide_password=False))
    store = Store(app.render_as_string(hide_password=False))
    with store.work() as work:
        stored = work.workloads.add_all([workload(1)])
    store.close()

    assert stored == [workload(1)]
    with psycopg.connect(empty_database.admin.replace("+psycopg", "")) as admin:
        admin.execute(sql.SQL("DROP OWNED BY {}").format(role))
        admin.execute(sql.SQL("DROP ROLE {}").format(role))


def test_a_reader_role_is_not_required(
    empty_database: Logins, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a server without a role of that name the migration grants to the app role alone."""
    monkeypatch.setattr(migrate, "READER", "nobody_is_called_this")

    upgrade(empty_database.owner, empty_database.app)

    assert schema_status(empty_database.app).up_to_date
    with pytest.raises(UnavailableError, match="permission denied"):
        schema_status(empty_database.reader)


def test_an_external_database_is_not_upgraded_behind_its_owners_back(
    empty_database: Logins,
) -> None:
    """An outdated schema is refused with the command that helps; without an owner nothing runs."""
    without_owner = external(empty_database.app, None)
    with_owner = external(empty_database.app, empty_database.owner)

    with pytest.raises(UnavailableError, match="run comptroller db upgrade"):
        with_owner.ensure_schema()
    with pytest.raises(InputError, match="COMPTROLLER_DATABASE_OWNER_URL"):
        without_owner.upgrade()
    assert with_owner.upgrade().up_to_date
    with_owner.ensure_schema()


def test_a_role_that_may_not_look_at_the_schema_is_told_so(database: Logins) -> None:
    """The grants were taken away; the refusal says what the server said."""
    with psycopg.connect(database.owner.replace("+psycopg", "")) as connection:
        connection.execute("REVOKE ALL ON alembic_version FROM comptroller_app")

    with pytest.raises(UnavailableError, match="permission denied for table alembic_version"):
        schema_status(database.app)


@pytest.mark.parametrize("url", ["", "nonsense", "mysql://a@b/c", "postgresql:///name"])
def test_an_address_that_is_not_postgresqls_is_refused(url: str) -> None:
    """The refusal names the variable and shows what an address looks like, never a password."""
    with pytest.raises(InputError, match=r"COMPTROLLER_DATABASE_URL .*postgresql://user@host/name"):
        external(url, None)


def test_a_server_that_does_not_answer_is_said_to_be_unavailable() -> None:
    """Nothing listens on port 1 of this host."""
    with pytest.raises(UnavailableError, match="the database does not answer"):
        schema_status("postgresql+psycopg://ann@127.0.0.1:1/nothing")


@pytest.mark.parametrize("path", sorted(VERSIONS.glob("*.py")), ids=lambda path: path.stem)
def test_a_migration_is_dated_says_why_and_can_be_taken_back(path: Path) -> None:
    """The name is ``YYYY-MM-DD-HHMM_slug``; there is a docstring, and a downgrade with a body."""
    tree = ast.parse(path.read_text())

    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert re.fullmatch(r"\d{4}-\d\d-\d\d-\d{4}_[a-z0-9_]+", path.stem)
    assert ast.get_docstring(tree)
    assert not isinstance(functions["downgrade"].body[-1], ast.Pass)


@pytest.mark.parametrize("path", sorted(VERSIONS.glob("*.py")), ids=lambda path: path.stem)
def test_old_migrations_do_not_depend_on_what_changes(path: Path) -> None:
    """A revision imports Alembic, SQLAlchemy and the rights only, never today's models."""
    tree = ast.parse(path.read_text())

    imported = {
        node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }

    allowed = {"alembic", "sqlalchemy", "sqlalchemy.dialects", "migrations.rights"}
    assert imported <= allowed
