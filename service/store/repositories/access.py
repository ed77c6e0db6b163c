"""API tokens and the audit trail."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from service.domain.access import Scope, Token
from service.domain.records import AuditEntry
from service.store.models import AuditRow, TokenRow


class Tokens:
    """Who may use the API."""

    def __init__(self, session: Session) -> None:
        """Read and write inside the session's transaction."""
        self._session = session

    def add(self, token: Token) -> None:
        """Store a token."""
        self._session.add(
            TokenRow(
                id=token.id,
                name=token.name,
                hash=token.hash,
                scopes=sorted(token.scopes),
                teams=None if token.teams is None else sorted(token.teams),
                created_at=token.created_at,
                expires_at=token.expires_at,
                last_used_at=token.last_used_at,
            )
        )
        self._session.flush()

    def by_hash(self, digest: str) -> Token | None:
        """Give the token with this hash, valid or not."""
        row = self._session.scalar(select(TokenRow).where(TokenRow.hash == digest))
        return None if row is None else _token(row)

    def touch(self, token_id: UUID, now: datetime) -> None:
        """Note that a token was used."""
        used = update(TokenRow).where(TokenRow.id == token_id).values(last_used_at=now)
        self._session.execute(used)

    def expire(self, token_id: UUID, now: datetime) -> None:
        """End a token's life."""
        ended = update(TokenRow).where(TokenRow.id == token_id).values(expires_at=now)
        self._session.execute(ended)

    def all(self) -> list[Token]:
        """Give every token, oldest first."""
        query = select(TokenRow).order_by(TokenRow.created_at, TokenRow.id)
        return [_token(row) for row in self._session.scalars(query)]


class Audit:
    """Who did what; it only grows."""

    def __init__(self, session: Session) -> None:
        """Read and write inside the session's transaction."""
        self._session = session

    def add(self, entry: AuditEntry) -> None:
        """Write an entry for good."""
        self._session.add(
            AuditRow(
                at=entry.at,
                actor=entry.actor,
                action=entry.action,
                subject=entry.subject,
                detail=dict(entry.detail),
            )
        )
        self._session.flush()

    def latest(self, n: int) -> list[AuditEntry]:
        """Give the last ``n`` entries, newest first."""
        query = select(AuditRow).order_by(AuditRow.id.desc()).limit(n)
        return [
            AuditEntry(row.at, row.actor, row.action, row.subject, row.detail)
            for row in self._session.scalars(query)
        ]


def _token(row: TokenRow) -> Token:
    return Token(
        id=row.id,
        name=row.name,
        hash=row.hash,
        scopes=frozenset(Scope(scope) for scope in row.scopes),
        teams=None if row.teams is None else frozenset(row.teams),
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
    )
