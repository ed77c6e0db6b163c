"""Cost without an owner is in one group at most, the largest first."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from service.domain.money import Money, money_sums
from service.domain.owner_guesses import Look
from service.domain.policy import NOBODY, Owner, Policy
from service.domain.unowned import Group, Kind, group

VISION, NLP = Owner(team="vision"), Owner(team="nlp")
POLICY = Policy(date(2026, 8, 1), frozenset(("vision", "nlp")))
NAMES = ("account", "service", "provider", "resource", "namespace", "pool")


def kind(cost: str, owner: Owner = NOBODY, currency: str = "USD", **values: str) -> Kind:
    """Return a cost line; ``tag_team="x"`` is the tag ``team``."""
    looks = frozenset(
        Look("tag", value, name.removeprefix("tag_"))
        if name.startswith("tag_")
        else Look(name, value)
        for name, value in values.items()
    )
    return Kind(owner, looks, Money.parse(cost, currency), 1)


def told(groups: tuple[Group, ...]) -> list[tuple[str, str, str]]:
    """Return what the groups are by, and their cost."""
    return [(one.look.name, one.look.value, one.cost.text()) for one in groups]


def test_what_a_tag_tells_is_taken_before_what_an_account_tells() -> None:
    """Account 1 is mostly nlp's and holds 100; 30 of it has vision's tag, so 70 are left."""
    found = group(
        [
            kind("900", NLP, account="1"),
            kind("100", VISION, account="1"),
            kind("30", account="1", tag_team="visoin"),
            kind("70", account="1"),
        ],
        POLICY,
    )

    assert told(found) == [("account", "1", "70.00"), ("tag", "visoin", "30.00")]
    assert [one.guess.rule.team if one.guess else "" for one in found] == ["nlp", None]


def test_an_account_that_nobody_owns_is_one_group() -> None:
    """Account 9 is new: its two services are together; the provider, which is broader, is none."""
    found = group(
        [
            kind("500", VISION, account="1", service="EC2", provider="AWS"),
            kind("40", account="9", service="EC2", provider="AWS"),
            kind("20", account="9", service="S3", provider="AWS"),
        ],
        POLICY,
    )

    assert told(found) == [("account", "9", "60.00")]
    assert (found[0].guess, found[0].is_shared, found[0].cost_lines) == (None, False, 2)


def test_in_an_account_of_several_teams_resources_and_services_are_told_apart() -> None:
    """Bucket b is 30 of 50, service Tax is 15 of nobody else, and 5 are left of the account."""
    found = group(
        [
            kind("50", VISION, service="EC2", account="1", provider="AWS"),
            kind("50", NLP, service="S3", account="1", provider="AWS"),
            kind("30", service="S3", resource="b", account="1", provider="AWS"),
            kind("15", service="Tax", account="1", provider="AWS"),
            kind("5", service="EC2", account="1", provider="AWS"),
        ],
        POLICY,
    )

    assert told(found) == [
        ("resource", "b", "30.00"),
        ("service", "Tax", "15.00"),
        ("account", "1", "5.00"),
    ]
    assert [one.is_shared for one in found] == [False, False, True]


def test_the_largest_is_taken_first_and_the_next_has_only_what_is_left() -> None:
    """Tag x=1 takes 9 and 5; of y=2, which had 5 and 8, 8 are left."""
    found = group(
        [
            kind("1", VISION, account="1"),
            kind("1", NLP, account="1"),
            kind("9", account="1", tag_x="1"),
            kind("5", account="1", tag_x="1", tag_y="2"),
            kind("8", account="1", tag_y="2"),
        ],
        POLICY,
    )

    assert told(found) == [("tag", "1", "14.00"), ("tag", "2", "8.00")]


def test_what_is_small_is_no_group_of_its_own() -> None:
    """Tag x=1 holds 0.5 of 100, less than 1 %: it is left to its account, which is shared."""
    found = group(
        [
            kind("1", VISION, account="1"),
            kind("1", NLP, account="1"),
            kind("99.5", account="1"),
            kind("0.5", account="1", tag_x="1"),
        ],
        POLICY,
    )

    assert told(found) == [("account", "1", "100.00")]


def test_a_credit_lessens_its_group_and_is_none_alone() -> None:
    """10 - 4 of account 9; the -3 of account 8 are in no group."""
    found = group(
        [kind("10", account="9"), kind("-4", account="9"), kind("-3", account="8")], POLICY
    )

    assert told(found) == [("account", "9", "6.00")]


def test_currencies_are_grouped_apart() -> None:
    """What is owned in one currency says nothing about the other."""
    found = group(
        [
            kind("3", account="9"),
            kind("5", NLP, account="9"),
            kind("9", currency="EUR", account="9"),
        ],
        POLICY,
    )

    assert [(one.cost.currency, one.guess is None) for one in found] == [
        ("EUR", True),
        ("USD", False),
    ]


def test_what_cannot_be_looked_at_is_in_no_group() -> None:
    """A line without account, service and provider; and nothing at all gives no group."""
    assert group([kind("3")], POLICY) == ()
    assert group([], POLICY) == ()


looks = st.dictionaries(st.sampled_from((*NAMES, "tag_team", "tag_env")), st.sampled_from("abc"))
kinds = st.lists(
    st.builds(
        lambda cost, owner, currency, values: kind(str(cost), owner, currency, **values),
        st.integers(-50, 500),
        st.sampled_from((NOBODY, NOBODY, VISION, NLP)),
        st.sampled_from(("USD", "EUR")),
        looks,
    ),
    max_size=25,
)


@given(kinds)
def test_no_cost_is_in_two_groups_and_none_of_it_has_an_owner(found: list[Kind]) -> None:
    """Each group is above 0; together they have no more lines than are unowned, each once."""
    groups = group(found, POLICY)

    nobodys = [one for one in found if one.owner == NOBODY]
    positive = money_sums(one.cost for one in nobodys if one.cost.pico > 0)
    for currency, cost in money_sums(one.cost for one in groups).items():
        lines = [one for one in nobodys if one.cost.currency == currency]
        taken = sum(one.cost_lines for one in groups if one.cost.currency == currency)
        assert cost <= positive[currency]
        assert taken <= len(lines)
    assert all(one.cost.pico > 0 for one in groups)
    assert len({(one.cost.currency, one.look) for one in groups}) == len(groups)


@given(kinds, st.randoms(use_true_random=False))
def test_the_order_of_the_facts_changes_no_group(found: list[Kind], random: object) -> None:
    """Any order of the kinds gives the same groups in the same order."""
    before = group(found, POLICY)
    random.shuffle(found)  # type: ignore[attr-defined]

    assert group(found, POLICY) == before


@given(kinds)
def test_every_charge_that_has_an_account_is_in_a_group(found: list[Kind]) -> None:
    """Without credits nothing that a rule could look at broadly is left."""
    charged = [one for one in found if one.cost.pico > 0]

    groups = group(charged, POLICY)

    broad = {"account", "service", "provider"}
    nobodys = [
        one
        for one in charged
        if one.owner == NOBODY and any(look.name in broad for look in one.looks)
    ]
    assert sum(one.cost_lines for one in groups) >= len(nobodys)
