"""Turn a bearer secret into the token it belongs to."""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from service.domain.access import Token, hash_token
from service.errors import NotAuthenticatedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from service.store.store import Store

_NOTED_EVERY = timedelta(minutes=1)


def authenticate(secret: str, *, store: Store, clock: Callable[[], datetime]) -> Token:
    """Return the valid token that ``secret`` belongs to; its use is noted once a minute.

    Secrets are random, so finding one by its hash tells nothing about others by its time; the
    comparison in constant time is a second lock.

    Raises:
        NotAuthenticatedError: When there is none; it does not say why.
    """
    now = clock()
    digest = hash_token(secret)
    with store.work() as work:
        token = work.tokens.by_hash(digest)
        if token is None or not hmac.compare_digest(token.hash, digest) or not token.is_valid(now):
            raise NotAuthenticatedError("this token is not accepted: unknown, expired or revoked")
        if token.last_used_at is None or now - token.last_used_at >= _NOTED_EVERY:
            work.tokens.touch(token.id, now)
    return token
