"""The values that the store keeps: what they refuse and what they work out."""

import hashlib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from service.domain.access import Scope, Token, check_team, hash_token
from service.domain.plans import Baseline, PlacedWorkload, StoredPlan
from service.domain.records import DocumentVersion

NOW = datetime(2026, 11, 21, 2, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
PLAN = StoredPlan(
    id=UUID(int=1),
    run_id=None,
    created_at=NOW,
    horizon_start=NOW,
    slot_minutes=60,
    status="feasible",
    cost_micros=2_000_000,
    bound_micros=1_500_000,
    currency="USD",
    instance_sha256="00",
)
PLACED = PlacedWorkload(
    workload_id=UUID(int=2),
    workload_name="train",
    team="vision",
    offer="aws/us-east-1/p5/spot",
    start=NOW,
    end=NOW + HOUR,
    cost_micros=10,
    reason_code="cheapest",
    reason="the cheapest offer in time",
)
TOKEN = Token(UUID(int=3), "ci", "00", frozenset({Scope.SUBMIT}), None, NOW)


def test_the_gap_is_the_share_of_the_cost_that_is_not_proven() -> None:
    """A plan of 2.00 with a bound of 1.50 may be 0.50 too dear: a quarter of its cost."""
    gap = PLAN.gap

    assert gap == 0.25


def test_a_plan_at_its_bound_has_no_gap_even_if_it_costs_nothing() -> None:
    """0 of 0 is a gap of 0, not a division by zero."""
    free = replace(PLAN, cost_micros=0, bound_micros=0)

    gap = free.gap

    assert gap == 0.0


@pytest.mark.parametrize("missing", ["offer", "start", "end"])
def test_a_placement_has_offer_start_and_end_or_none_of_them(missing: str) -> None:
    """An offer without a time, or a time without an offer, says neither placed nor left out."""
    changes = {missing: None}

    with pytest.raises(ValueError, match="offer, start and end come together"):
        replace(PLACED, **changes)  # type: ignore[arg-type]


def test_a_workload_that_was_left_out_has_no_offer() -> None:
    """Without offer, start and end the placement stands for "not placed"."""
    left_out = replace(PLACED, offer=None, start=None, end=None)

    offer = left_out.offer

    assert offer is None


def test_a_plan_costs_what_is_spent_and_what_is_left_out() -> None:
    """Of 2.00 in all 0.50 are spent on what has a place; 1.50 are the price of the rest."""
    placed = replace(PLACED, cost_micros=500_000)
    left_out = replace(PLACED, offer=None, start=None, end=None, cost_micros=1_500_000)
    plan = replace(PLAN, placements=(placed, left_out))

    parts = (plan.spend_micros, plan.left_out_micros)

    assert parts == (500_000, 1_500_000)


@pytest.mark.parametrize("spend_micros", [-1, 11])
def test_a_baseline_spends_a_part_of_its_cost(spend_micros: int) -> None:
    """Of a cost of 10 neither less than 0 nor 11 can be spent; all 10 can."""
    whole = Baseline(cost_micros=10, spend_micros=10, placed=1, unplaced=0)

    with pytest.raises(ValueError, match="lies between 0 and its cost 10"):
        replace(whole, spend_micros=spend_micros)


def test_versions_of_documents_count_from_one() -> None:
    """Version 0 is refused; 1 is the first."""
    first = DocumentVersion(1, date(2026, 11, 1), "00", "text", NOW, "cli:ann")

    with pytest.raises(ValueError, match="count from 1"):
        replace(first, version=0)


def test_a_token_is_valid_until_the_moment_it_expires() -> None:
    """The window is half-open: one second before the end it is valid, at the end it is not."""
    token = replace(TOKEN, expires_at=NOW)

    valid = [token.is_valid(NOW - timedelta(seconds=1)), token.is_valid(NOW)]

    assert valid == [True, False]


def test_a_token_without_an_end_stays_valid() -> None:
    """``expires_at`` of ``None`` means that it never runs out."""
    after_a_year = NOW + timedelta(days=365)

    valid = TOKEN.is_valid(after_a_year)

    assert valid


def test_a_token_is_stored_as_the_sha256_of_its_secret() -> None:
    """The hash of "abc" is the well-known ba7816bf…, so other tools can compute it too."""
    digest = hash_token("abc")

    assert digest == hashlib.sha256(b"abc").hexdigest()
    assert digest.startswith("ba7816bf")


@pytest.mark.parametrize("name", ["", "*", "a,b"])
def test_no_team_may_be_named_like_a_wildcard_or_a_list(name: str) -> None:
    """Row-level security reads ``*`` as all teams and a comma as the next team."""
    with pytest.raises(ValueError, match="is no team name"):
        check_team(name)


def test_a_usual_team_name_is_accepted() -> None:
    """``vision`` comes back as it is."""
    name = check_team("vision")

    assert name == "vision"
