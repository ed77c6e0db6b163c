"""Tokens from their making to their end."""

import re
from datetime import timedelta
from itertools import repeat
from uuid import UUID

import pytest

from service.bootstrap import Wiring
from service.domain.access import Scope, hash_token
from service.errors import InputError, NotAuthenticatedError, NotFoundError
from service.usecases.authenticate import authenticate
from service.usecases.create_token import NewToken, TokenRequest, create_token
from service.usecases.revoke_token import revoke_token

DAY = timedelta(days=1)


def make(wiring: Wiring, lifetime: timedelta | None = None) -> NewToken:
    """Make a token of team vision from 32 bytes that are all 255."""
    request = TokenRequest(
        asked_by="cli:eve",
        name=" ci ",
        scopes=frozenset({Scope.READ_TEAM}),
        teams=frozenset({"vision"}),
        lifetime=lifetime,
    )
    return create_token(
        request,
        store=wiring.store,
        clock=wiring.clock,
        new_id=wiring.new_id,
        random_bytes=lambda count: b"\xff" * count,
    )


def test_a_secret_has_256_bits_and_is_stored_as_a_hash_only(wiring: Wiring) -> None:
    """32 bytes are 43 letters of base64; neither the token nor its text shows them."""
    made = make(wiring)

    assert made.secret == "cmt_" + "_" * 42 + "8"
    assert re.fullmatch(r"[0-9a-f]{64}", made.token.hash)
    assert made.secret not in repr(made)


def test_making_a_token_is_on_record_without_its_secret(wiring: Wiring) -> None:
    """The audit trail says who made which token for what."""
    made = make(wiring, lifetime=DAY)

    with wiring.store.work() as work:
        (entry,) = work.audit.latest(1)
    assert (entry.actor, entry.action, entry.subject) == (
        "cli:eve",
        "token.create",
        str(made.token.id),
    )
    assert entry.detail == {
        "name": "ci",
        "scopes": ["read-team"],
        "teams": ["vision"],
        "expires_at": "2026-11-22T02:30:00+00:00",
    }


@pytest.mark.parametrize(
    ("scopes", "teams", "lifetime", "said"),
    [
        (set(), None, None, "needs a scope; accepted are submit, read-team"),
        ({Scope.READ_TEAM}, None, None, "needs the teams"),
        ({Scope.ADMIN}, {"vision"}, None, "leave the teams out"),
        ({Scope.READ_ALL}, {"vision"}, None, "leave the teams out"),
        ({Scope.SUBMIT}, {"a,b"}, None, "no team name"),
        ({Scope.SUBMIT}, None, timedelta(0), "a day or more"),
    ],
)
def test_a_token_that_makes_no_sense_is_not_made(
    scopes: set[Scope], teams: set[str] | None, lifetime: timedelta | None, said: str
) -> None:
    """It could do nothing, or would promise a limit that it does not have."""
    known = None if teams is None else frozenset(teams)

    with pytest.raises(InputError, match=said):
        TokenRequest("cli:eve", "ci", frozenset(scopes), known, lifetime)


def test_a_token_needs_a_name() -> None:
    """Blanks are none."""
    with pytest.raises(InputError, match="needs a name"):
        TokenRequest("cli:eve", " ", frozenset({Scope.ADMIN}))


def test_a_token_is_good_until_it_ends(wiring: Wiring) -> None:
    """A token of one day is good now and not a day later."""
    made = make(wiring, lifetime=DAY)

    found = authenticate(made.secret, store=wiring.store, clock=wiring.clock)

    assert found.id == made.token.id
    with pytest.raises(NotAuthenticatedError):
        authenticate(made.secret, store=wiring.store, clock=lambda: wiring.clock() + DAY)


@pytest.mark.parametrize("secret", ["", "cmt_", "cmt_unknown", "ÿ"])
def test_an_unknown_secret_is_refused(secret: str, wiring: Wiring) -> None:
    """Whatever is sent, the sentence is the same."""
    with pytest.raises(NotAuthenticatedError, match="unknown, expired or revoked"):
        authenticate(secret, store=wiring.store, clock=wiring.clock)


def test_the_use_of_a_token_is_noted_once_a_minute(wiring: Wiring) -> None:
    """Uses at 0, 59 and 60 seconds are noted at 0 and 60: a read need not write each time."""
    made, noted = make(wiring), []

    for seconds in (0, 59, 60):
        now = wiring.clock() + timedelta(seconds=seconds)
        authenticate(made.secret, store=wiring.store, clock=repeat(now).__next__)
        with wiring.store.work() as work:
            token = work.tokens.by_hash(hash_token(made.secret))
        noted.append(token and token.last_used_at)

    start = wiring.clock()
    assert noted == [start, start, start + timedelta(seconds=60)]


def test_a_revoked_token_is_refused_from_then_on(wiring: Wiring) -> None:
    """Revoking it twice changes nothing the second time, and one entry is on record."""
    made = make(wiring)

    for _ in range(2):
        revoke_token(made.token.id, store=wiring.store, clock=wiring.clock, actor="cli:eve")

    with pytest.raises(NotAuthenticatedError):
        authenticate(made.secret, store=wiring.store, clock=wiring.clock)
    with wiring.store.work() as work:
        actions = [entry.action for entry in work.audit.latest(10)]
    assert actions == ["token.revoke", "token.create"]


def test_only_a_token_that_exists_can_be_revoked(wiring: Wiring) -> None:
    """The sentence says where the ids are."""
    with pytest.raises(NotFoundError, match="comptroller token list"):
        revoke_token(UUID(int=5), store=wiring.store, clock=wiring.clock, actor="cli:eve")
