"""How Alembic runs our migrations: online only, one transaction, one process at a time."""

from alembic import context
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

import service.store.models  # noqa: F401 -- fills the metadata
from service.store.base import Base

_ONE_AT_A_TIME = 6_033_201_511


def run() -> None:
    """Run what is asked for as the owner role.

    The advisory lock makes a second process wait until the first has finished and then find
    nothing to do. A statement that waits for a table longer than the lock timeout gives up, so
    that a migration never stands in front of a queue of readers.
    """
    engine = create_engine(context.config.attributes["owner_url"], poolclass=NullPool)
    with engine.connect() as connection, connection.begin():
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_ONE_AT_A_TIME})"))
        connection.execute(text("SET LOCAL lock_timeout = '5s'"))
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            compare_type=True,
            compare_server_default=True,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
