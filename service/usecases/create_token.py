"""Make a token, whose secret is known to its maker only, once."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from service.domain.access import Scope, Token, check_team, hash_token
from service.domain.records import AuditEntry
from service.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from service.store.store import Store

_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """Who asks for a token, its name and what it allows; without teams it is for every team."""

    asked_by: str
    name: str
    scopes: frozenset[Scope]
    teams: frozenset[str] | None = None
    lifetime: timedelta | None = None

    def __post_init__(self) -> None:
        """Refuse tokens that could do nothing, or that promise a limit they do not have.

        Raises:
            InputError: Saying what is accepted.
        """
        if not self.name.strip():
            raise InputError("a token needs a name; accepted is any text")
        for team in self.teams or ():
            _check_team(team)
        if not self.scopes:
            scopes = ", ".join(Scope)
            raise InputError(f"a token needs a scope; accepted are {scopes}")
        if Scope.READ_TEAM in self.scopes and not self.teams:
            raise InputError("the scope read-team needs the teams that may be read")
        if self.teams is not None and self.scopes & {Scope.ADMIN, Scope.READ_ALL}:
            raise InputError("the scopes admin and read-all see every team; leave the teams out")
        if self.lifetime is not None and self.lifetime <= timedelta(0):
            raise InputError("a token must live for a day or more")


@dataclass(frozen=True, slots=True)
class NewToken:
    """A stored token and its secret, which is stored nowhere."""

    token: Token
    secret: str

    def __repr__(self) -> str:
        """Keep the secret out of logs."""
        return f"NewToken({self.token!r})"


def create_token(
    request: TokenRequest,
    *,
    store: Store,
    clock: Callable[[], datetime],
    new_id: Callable[[], UUID],
    random_bytes: Callable[[int], bytes],
) -> NewToken:
    """Store a token for ``request``; its secret has 256 random bits."""
    secret = "cmt_" + urlsafe_b64encode(random_bytes(_SECRET_BYTES)).decode().rstrip("=")
    now = clock()
    token = Token(
        id=new_id(),
        name=request.name.strip(),
        hash=hash_token(secret),
        scopes=request.scopes,
        teams=request.teams,
        created_at=now,
        expires_at=None if request.lifetime is None else now + request.lifetime,
    )
    with store.work() as work:
        work.tokens.add(token)
        work.audit.add(
            AuditEntry(now, request.asked_by, "token.create", str(token.id), _described(token))
        )
    return NewToken(token, secret)


def _check_team(team: str) -> None:
    try:
        check_team(team)
    except ValueError as error:
        raise InputError(str(error)) from error


def _described(token: Token) -> dict[str, object]:
    return {
        "name": token.name,
        "scopes": sorted(token.scopes),
        "teams": None if token.teams is None else sorted(token.teams),
        "expires_at": None if token.expires_at is None else token.expires_at.isoformat(),
    }
