"""Owners are guessed from names and majorities, and never where nothing tells them."""

from datetime import date

import pytest

from service.domain.money import Money
from service.domain.owner_guesses import Look, guess, majority, rule_of, team_named
from service.domain.policy import Charge, Owner, Policy, Rule
from service.domain.pools import Pool, Sharing

TEAMS = frozenset(("vision", "nlp", "data-platform"))
POLICY = Policy(date(2026, 8, 1), TEAMS, pools={"a100": Pool("a100", "nlp", Sharing.BY_USE)})
VISION, NLP, GATEWAY = Owner(team="vision"), Owner(team="nlp"), Owner(pool="gateway")


def usd(amount: str) -> Money:
    """Return an amount of dollars."""
    return Money.parse(amount, "USD")


@pytest.mark.parametrize(
    ("value", "team"),
    [
        ("vision", "vision"),
        ("Vision", "vision"),
        ("visoin", "vision"),
        ("vision-2", "vision"),
        ("team_nlp", "nlp"),
        ("DataPlatform", "data-platform"),
        ("data platfrom", "data-platform"),
        ("nlq", None),
        ("prod", None),
        ("vision+nlp", None),
        ("", None),
    ],
)
def test_a_value_names_a_team_that_it_is_has_as_a_word_or_nearly_is(
    value: str, team: str | None
) -> None:
    """Nine of eleven letters right are enough, two of three are not, and two teams are none."""
    assert team_named(value, TEAMS) == team


def test_two_teams_that_are_as_near_are_none() -> None:
    """``tracing`` is one letter from both."""
    assert team_named("tracing", ["trading", "tracking"]) == "tracking"
    assert team_named("traxing", ["trading", "tracing"]) is None
    assert team_named("anything", []) is None


def test_a_tag_with_the_name_of_a_team_is_read_as_such() -> None:
    """No alias is needed."""
    found = guess(Look("tag", "nlp", "owner"), {}, POLICY)

    assert found is not None
    assert found.rule == Rule(tags={"owner": "nlp"}, team_from_tag="owner")
    assert found.why == "its value is the name of team nlp"


def test_a_tag_with_nearly_the_name_of_a_team_gets_an_alias() -> None:
    """``visoin`` stands for vision, and no other value of the tag is looked at."""
    found = guess(Look("tag", "visoin", "owner"), {}, POLICY)

    assert found is not None
    assert found.rule == Rule(
        tags={"owner": "visoin"}, team_from_tag="owner", aliases={"visoin": "vision"}
    )
    assert found.rule.owner(Charge(tags={"owner": "visoin"}), TEAMS) == VISION
    assert found.why == "its value is like the name of team vision"


@pytest.mark.parametrize("name", ["account", "namespace"])
def test_an_account_or_namespace_is_whose_most_of_it_is(name: str) -> None:
    """Vision owns 60 of 100 there."""
    found = guess(Look(name, "111"), {VISION: usd("60"), NLP: usd("40")}, POLICY)

    assert found is not None
    assert found.rule == Rule(patterns={name: "111"}, team="vision")
    assert found.why == "60 % of its cost that has an owner is vision's"


def test_an_account_that_is_mostly_shared_tells_no_owner() -> None:
    """A pool owns 9 of 10 there: what else is in the account need not belong to the pool."""
    assert guess(Look("account", "111"), {GATEWAY: usd("9"), NLP: usd("1")}, POLICY) is None


def test_machines_of_a_pool_of_the_policy_belong_to_it() -> None:
    """A pool that the policy does not know tells nothing."""
    found = guess(Look("pool", "a100"), {}, POLICY)

    assert found is not None
    assert found.rule == Rule(patterns={"pool": "a100"}, pool="a100")
    assert guess(Look("pool", "h100"), {}, POLICY) is None


@pytest.mark.parametrize("name", ["resource", "service", "provider"])
def test_other_properties_tell_no_owner(name: str) -> None:
    """That most of a service is vision's says nothing of the rest."""
    assert guess(Look(name, "EC2"), {VISION: usd("99")}, POLICY) is None


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {VISION: usd("50"), NLP: usd("50")},
        {VISION: usd("40"), NLP: usd("30"), GATEWAY: usd("30")},
        {VISION: usd("-5")},
    ],
    ids=["nobody", "halves", "less-than-half", "credits"],
)
def test_half_is_no_majority(claims: dict[Owner, Money]) -> None:
    """More than half of what is charged is needed."""
    assert majority(claims) is None


def test_a_credit_of_another_takes_nothing_from_a_majority() -> None:
    """Vision owns all of the 10 that are charged."""
    assert majority({VISION: usd("10"), NLP: usd("-9")}) == ("vision", 100)


@pytest.mark.parametrize("value", ["a*b", "a?b", "a[b]c", "[x", "x]", "plain"])
def test_a_rule_looks_at_the_very_value(value: str) -> None:
    """What is wild in a glob is taken as it stands."""
    plain = Policy(date(2026, 8, 1), TEAMS, (rule_of(Look("service", value), NLP),))
    tagged = Policy(date(2026, 8, 1), TEAMS, (rule_of(Look("tag", value, "k"), NLP),))

    assert plain.owner(Charge(service=value)) == NLP
    assert plain.owner(Charge(service=f"{value}x")) != NLP
    assert plain.owner(Charge(service="axb")) != NLP
    assert tagged.owner(Charge(tags={"k": value})) == NLP
