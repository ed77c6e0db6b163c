"""API tokens: who may do what, for which teams."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Scope(StrEnum):
    """What a token allows."""

    SUBMIT = "submit"
    READ_TEAM = "read-team"
    READ_ALL = "read-all"
    AGENT = "agent"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Token:
    """A token as it is stored: its secret only as a hash; ``teams`` is ``None`` for every team."""

    id: UUID
    name: str
    hash: str
    scopes: frozenset[Scope]
    teams: frozenset[str] | None
    created_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None

    def is_valid(self, now: datetime) -> bool:
        """Whether the token has not run out at ``now``."""
        return self.expires_at is None or now < self.expires_at


def hash_token(secret: str) -> str:
    """Give the stored form of a secret, which is random and long: one SHA-256 is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


def check_team(team: str) -> str:
    """Refuse a name that row-level security could take for something else.

    Raises:
        ValueError: When the name is empty, ``*``, or has a comma.
    """
    if team in {"", "*"} or "," in team:
        raise ValueError(f"{team!r} is no team name: it must not be empty, * or have a comma")
    return team
