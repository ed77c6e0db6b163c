"""Runs the migrations; they are the only way the schema comes to be."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, make_url
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.pool import NullPool

import service.store.models  # noqa: F401 -- fills the metadata
from service.errors import InputError, UnavailableError
from service.store.base import Base
from service.store.roles import READER


@dataclass(frozen=True, slots=True)
class SchemaStatus:
    """The revision that a database is at, and the newest one there is."""

    current: str | None
    newest: str

    @property
    def up_to_date(self) -> bool:
        """Whether nothing is left to run."""
        return self.current == self.newest


def upgrade(owner_url: str, app_url: str, revision: str = "head") -> None:
    """Bring the schema to ``revision`` as the owner, with rights for the user of ``app_url``."""
    command.upgrade(_config(owner_url, app_url), revision)


def downgrade(owner_url: str, app_url: str, revision: str) -> None:
    """Take the schema back to ``revision``; what later revisions added is lost."""
    command.downgrade(_config(owner_url, app_url), revision)


def schema_status(url: str) -> SchemaStatus:
    """Look at the schema as any role that may read it."""
    (newest,) = ScriptDirectory.from_config(_base_config()).get_heads()
    with _connected(url) as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    return SchemaStatus(current, newest)


def model_differences(url: str) -> list[Any]:
    """List what the models say otherwise than the database; empty means that they agree."""
    options = {"compare_type": True, "compare_server_default": True}
    with _connected(url) as connection:
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, Base.metadata))


def _base_config() -> Config:
    config = Config()
    config.set_main_option("script_location", "migrations:")
    config.set_main_option("path_separator", "os")
    config.set_main_option(
        "file_template", "%%(year)d-%%(month).2d-%%(day).2d-%%(hour).2d%%(minute).2d_%%(slug)s"
    )
    return config


def _config(owner_url: str, app_url: str) -> Config:
    app = make_url(app_url).username
    if app is None or app == make_url(owner_url).username:
        raise InputError(
            "COMPTROLLER_DATABASE_URL and COMPTROLLER_DATABASE_OWNER_URL must name two different "
            "users: the one that works must not own the tables"
        )
    config = _base_config()
    config.attributes.update(owner_url=owner_url, app=app, reader=READER)
    return config


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    engine = create_engine(url, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            yield connection
    except (OperationalError, ProgrammingError) as error:
        raise UnavailableError(f"the database does not answer: {error.orig}") from error
    finally:
        engine.dispose()
