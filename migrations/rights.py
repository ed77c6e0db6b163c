"""What migrations grant and protect; these helpers only ever grow, as old revisions use them."""

from alembic import op

_TEAMS = "current_setting('app.teams', true)"
_SEES = f"({_TEAMS} = '*' OR team = ANY (string_to_array({_TEAMS}, ',')))"


def grant(table: str, rights: str, *, reader: bool = True) -> None:
    """Give the app role ``rights`` on ``table``, and the reader role, if any, a look."""
    op.execute(f"GRANT {rights} ON {table} TO {quoted('app')}")
    if reader:
        to_reader(f"GRANT SELECT ON {table} TO")


def to_reader(statement: str) -> None:
    """Run ``statement``, which ends before the role, if the reader role exists."""
    reader = _role("reader")
    found = op.get_bind().exec_driver_sql(
        "SELECT FROM pg_roles WHERE rolname = %(name)s", {"name": reader}
    )
    if found.first() is not None:
        op.execute(f"{statement} {quoted('reader')}")


def append_only(table: str) -> None:
    """Refuse every change of a written row, whoever tries."""
    op.execute(
        f"CREATE TRIGGER {table}_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def by_team(table: str) -> None:
    """Show and accept rows of the teams in ``app.teams`` only: ``*`` is all, nothing is none."""
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY {table}_by_team ON {table} USING {_SEES} WITH CHECK {_SEES}")


def quoted(kind: str) -> str:
    """Quote the name of the ``app`` or ``reader`` role."""
    return op.get_bind().dialect.identifier_preparer.quote_identifier(_role(kind))


def _role(kind: str) -> str:
    config = op.get_context().config
    assert config is not None  # noqa: S101 -- env.py always has one
    name: str = config.attributes[kind]
    return name
