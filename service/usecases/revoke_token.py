"""End a token's life before its time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.domain.records import AuditEntry
from service.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from uuid import UUID

    from service.domain.access import Token
    from service.store.store import Store


def revoke_token(
    token_id: UUID, *, store: Store, clock: Callable[[], datetime], actor: str
) -> Token:
    """Let the token end now and return it; one that has ended already stays as it is.

    Raises:
        NotFoundError: When there is no such token.
    """
    now = clock()
    with store.work() as work:
        token = next((token for token in work.tokens.all() if token.id == token_id), None)
        if token is None:
            raise NotFoundError(f"there is no token {token_id}; `comptroller token list` has them")
        if token.is_valid(now):
            work.tokens.expire(token_id, now)
            detail = {"name": token.name}
            work.audit.add(AuditEntry(now, actor, "token.revoke", str(token_id), detail))
    return token
