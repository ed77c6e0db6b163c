"""The three database roles and what they are called."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import psycopg
from psycopg import sql

OWNER, APP, READER = "comptroller_owner", "comptroller_app", "comptroller_reader"
DATABASE = "comptroller"


@dataclass(frozen=True, slots=True)
class Logins:
    """SQLAlchemy URLs of one database: ``owner`` migrates, ``app`` works, ``reader`` looks.

    ``admin`` may make databases and roles; only Comptroller's own server has it.
    """

    admin: str = field(repr=False)
    owner: str = field(repr=False)
    app: str = field(repr=False)
    reader: str = field(repr=False)


def ensure_roles(admin: psycopg.Connection, passwords: Mapping[str, str]) -> None:
    """Make the roles that are missing and set their passwords; none of them has a privilege."""
    for role in (OWNER, APP, READER):
        found = admin.execute("SELECT FROM pg_roles WHERE rolname = %s", [role]).fetchone()
        secret = admin.pgconn.encrypt_password(
            passwords[role].encode(), role.encode(), b"scram-sha-256"
        )
        admin.execute(
            sql.SQL(
                "{verb} ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION"
                " NOBYPASSRLS PASSWORD {secret}"
            ).format(
                verb=sql.SQL("CREATE" if found is None else "ALTER"),
                role=sql.Identifier(role),
                secret=sql.Literal(secret.decode()),
            )
        )


def ensure_database(admin: psycopg.Connection, name: str = DATABASE) -> None:
    """Make the database that the owner owns and only the three roles may enter."""
    database = sql.Identifier(name)
    found = admin.execute("SELECT FROM pg_database WHERE datname = %s", [name]).fetchone()
    if found is None:
        owner = sql.Identifier(OWNER)
        admin.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, owner))
    admin.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
    guests = sql.SQL(", ").join(map(sql.Identifier, (APP, READER)))
    admin.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, guests))
