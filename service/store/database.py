"""Which database is used, and that its schema is the one this version needs."""

from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from service.errors import InputError, UnavailableError
from service.store.migrate import SchemaStatus, schema_status, upgrade


@dataclass(frozen=True, slots=True)
class Database:
    """The addresses of one database; ``data_dir`` is set where it is our own server's."""

    app_url: str = field(repr=False)
    owner_url: str | None = field(repr=False)
    data_dir: Path | None = None

    @property
    def embedded(self) -> bool:
        """Whether the server is ours."""
        return self.data_dir is not None

    def status(self) -> SchemaStatus:
        """Compare the schema with the migrations."""
        return schema_status(self.app_url if self.owner_url is None else self.owner_url)

    def upgrade(self) -> SchemaStatus:
        """Run the migrations that are missing.

        Raises:
            InputError: When the owner's address is not configured.
        """
        if self.owner_url is None:
            raise InputError(
                "only the owner of the tables may change the schema: set "
                "COMPTROLLER_DATABASE_OWNER_URL"
            )
        upgrade(self.owner_url, self.app_url)
        return self.status()

    def ensure_schema(self) -> None:
        """Upgrade our own server's schema; refuse to work on another's that is not up to date.

        Raises:
            UnavailableError: When an external database needs ``comptroller db upgrade``.
        """
        status = schema_status(self.app_url)
        if status.up_to_date:
            return
        if not self.embedded:
            raise UnavailableError(
                f"the database is at revision {status.current}, this version needs "
                f"{status.newest}: run comptroller db upgrade"
            )
        self.upgrade()


def external(app_url: str, owner_url: str | None) -> Database:
    """Use a database that somebody else runs.

    Raises:
        InputError: When an address is not PostgreSQL's.
    """
    owner = None if owner_url is None else _checked(owner_url, "COMPTROLLER_DATABASE_OWNER_URL")
    return Database(_checked(app_url, "COMPTROLLER_DATABASE_URL"), owner)


def embedded(data_dir: Path) -> Database:
    """Start our own server below ``data_dir`` if it does not run, and use it."""
    from service.store.embedded import EmbeddedServer

    logins = EmbeddedServer(data_dir).start()
    return Database(logins.app, logins.owner, data_dir)


def _checked(url: str, setting: str) -> str:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise InputError(f"{setting} is no address: postgresql://user@host/name") from error
    if parsed.get_backend_name() != "postgresql" or not parsed.username:
        raise InputError(f"{setting} must be a PostgreSQL address: postgresql://user@host/name")
    return parsed.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
