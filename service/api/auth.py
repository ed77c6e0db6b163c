"""Who calls, and what that token may do."""

from typing import Annotated

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from service.api.parts import PartsUse, Teams
from service.domain.access import Token
from service.errors import NotAllowedError, NotAuthenticatedError

_SEES_ALL = frozenset({"read-all", "admin"})
_SEES_TEAM = frozenset({"read-team"})
_SUBMITS = frozenset({"submit", "admin"})

_bearer = HTTPBearer(
    auto_error=False, description="A token made by `comptroller token create`: `cmt_…`."
)


def _caller(
    parts: PartsUse,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Token:
    if credentials is None:
        raise NotAuthenticatedError("send a token in the header 'Authorization: Bearer cmt_…'")
    return parts.authenticate(credentials.credentials)


Caller = Annotated[Token, Depends(_caller)]


def _submitter(caller: Caller) -> Token:
    return _with_one_of(_SUBMITS, caller)


def _visible_teams(caller: Caller) -> Teams:
    token = _with_one_of(_SEES_TEAM | _SEES_ALL, caller)
    return None if token.scopes & _SEES_ALL else (token.teams or frozenset())


def _with_one_of(scopes: frozenset[str], token: Token) -> Token:
    if not token.scopes & scopes:
        wanted = " or ".join(sorted(scopes))
        raise NotAllowedError(f"token {token.name!r} needs the scope {wanted} for this")
    return token


Submitter = Annotated[Token, Depends(_submitter)]
VisibleTeams = Annotated[Teams, Depends(_visible_teams)]


def refuse_other_teams(token: Token, teams: set[str]) -> None:
    """Refuse to act for teams that are not the token's; one without teams acts for all.

    Raises:
        NotAllowedError: Naming the first team that is not the token's.
    """
    others = sorted(teams - token.teams) if token.teams is not None else []
    if others:
        raise NotAllowedError(f"token {token.name!r} may not act for team {others[0]!r}")
