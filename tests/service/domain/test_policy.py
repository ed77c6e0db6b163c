"""The rules of a policy: the first that matches decides."""

from datetime import date

import pytest

from service.domain.policy import NOBODY, Charge, CommitmentOwner, Owner, Policy, Rule
from service.domain.pools import Pool, Sharing

TEAMS = frozenset({"vision", "nlp"})


def policy(*rules: Rule, namespace_tags: tuple[str, ...] = ()) -> Policy:
    """Return a policy of two teams with ``rules``."""
    return Policy(date(2026, 8, 1), TEAMS, rules, namespace_tags=namespace_tags)


def test_the_first_rule_that_matches_decides() -> None:
    """Both rules fit an AWS charge; the upper one names vision."""
    found = policy(
        Rule({"provider": "AWS"}, team="vision"), Rule({"provider": "A*"}, team="nlp")
    ).owner(Charge(provider="AWS"))

    assert found == Owner(team="vision")


def test_without_a_rule_nobody_pays() -> None:
    """No rule at all, or none that fits: the charge is unallocated."""
    assert policy().owner(Charge(provider="AWS")) == NOBODY
    assert policy(Rule({"provider": "Azure"}, team="nlp")).owner(Charge()) == NOBODY


def test_all_conditions_of_a_rule_must_hold() -> None:
    """Provider and tag are asked for; the charge without the tag is nobody's."""
    rules = policy(Rule({"provider": "AWS"}, {"env": "prod*"}, team="vision"))

    assert rules.owner(Charge(provider="AWS", tags={"env": "prod-eu"})).team == "vision"
    assert rules.owner(Charge(provider="AWS", tags={"env": "dev"})) == NOBODY
    assert rules.owner(Charge(provider="AWS")) == NOBODY


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        ("i-12", True),
        ("i-*", True),
        ("i-?2", True),
        ("i-[0-9]2", True),
        ("I-12", False),
        ("*x", False),
    ],
)
def test_patterns_are_globs_and_case_counts(pattern: str, fits: bool) -> None:  # noqa: FBT001
    """i-12 fits itself, i-*, i-?2 and i-[0-9]2, but not I-12."""
    rules = policy(Rule({"resource": pattern}, team="vision"))

    assert (rules.owner(Charge(resource="i-12")).team == "vision") is fits


def test_an_account_is_the_billing_or_the_sub_account() -> None:
    """Account 1 is found in either place."""
    rules = policy(Rule({"account": "1"}, team="vision"))

    assert rules.owner(Charge(billing_account="1", sub_account="9")).team == "vision"
    assert rules.owner(Charge(billing_account="9", sub_account="1")).team == "vision"
    assert rules.owner(Charge(billing_account="9")) == NOBODY


def test_a_rule_may_lead_to_a_pool_or_to_nobody() -> None:
    """Machines of a pool are shared by its teams; tax stays unallocated on purpose."""
    rules = policy(
        Rule({"pool": "a100"}, pool="a100"),
        Rule({"charge_category": "Tax"}),
        Rule(team="vision"),
    )

    assert rules.owner(Charge(pool="a100")) == Owner(pool="a100")
    assert rules.owner(Charge(charge_category="Tax")) == NOBODY
    assert rules.owner(Charge()) == Owner(team="vision")


def test_a_tag_may_name_the_team_also_by_an_alias() -> None:
    """team=nlp is nlp, team=cv is vision by its alias; team=xyz is no team, so the rule passes."""
    rules = policy(Rule(team_from_tag="team", aliases={"cv": "vision"}), Rule(team="nlp"))

    assert rules.owner(Charge(tags={"team": "cv"})).team == "vision"
    assert policy(rules.rules[0]).owner(Charge(tags={"team": "nlp"})).team == "nlp"
    assert policy(rules.rules[0]).owner(Charge(tags={"team": "xyz"})) == NOBODY
    assert policy(rules.rules[0]).owner(Charge()) == NOBODY
    assert rules.owner(Charge(tags={"team": "xyz"})).team == "nlp"


def test_gpu_time_goes_to_the_jobs_team_then_to_the_namespaces() -> None:
    """The job's team wins if it is known; a namespace is looked up among the rules."""
    rules = policy(
        Rule({"pool": "a100"}, pool="a100"),
        Rule({"namespace": "shared-*"}, pool="a100"),
        Rule({"namespace": "nlp-*"}, team="nlp"),
    )

    assert rules.team_of_use("vision", "nlp-prod") == "vision"
    assert rules.team_of_use("xyz", "nlp-prod") == "nlp"
    assert rules.team_of_use(None, "nlp-prod") == "nlp"
    assert rules.team_of_use(None, "shared-1") == "unallocated"
    assert rules.team_of_use(None, None) == "unallocated"


def test_many_charges_have_the_owners_that_each_has_alone() -> None:
    """What is remembered of one charge's values decides nothing about other values."""
    rules = policy(
        Rule({"provider": "AWS", "account": "1"}, team="vision"),
        Rule({"account": "1"}, {"env": "prod"}, team="nlp"),
        Rule({"provider": "A*"}, team="nlp"),
    )
    owners = rules.owners()
    charges = [
        Charge(provider=provider, billing_account=account, tags=tags)
        for provider in ("AWS", "Azure", "Google", None)
        for account in ("1", "2", None)
        for tags in ({"env": "prod"}, {"env": "dev"}, {})
    ]

    assert [owners.of(charge) for charge in charges] == [rules.owner(charge) for charge in charges]


def test_a_policy_knows_what_its_rules_look_at() -> None:
    """Only the properties and tags that some rule names are asked from the lake."""
    rules = policy(
        Rule({"provider": "AWS", "account": "1"}, {"env": "*"}, team="vision"),
        Rule({"account": "2"}, team_from_tag="team"),
    )

    assert rules.properties == {"provider", "account"}
    assert rules.tag_keys == ("env", "team")


def test_what_is_unused_of_a_commitment_goes_to_its_owner_before_any_rule() -> None:
    """Discount sp-1 and reservation cr-1 are nlp's; used hours and other ids follow the rules."""
    rules = (Rule({"provider": "AWS"}, team="vision"),)
    owners = (CommitmentOwner("sp-1", "nlp"), CommitmentOwner("cr-*", "nlp"))
    found = Policy(date(2026, 8, 1), TEAMS, rules, commitments=owners)

    def owner(status: str | None, **ids: str) -> str | None:
        return found.owner(Charge("AWS", commitment_status=status, **ids)).team  # type: ignore[arg-type]

    assert owner("Unused", commitment="sp-1") == "nlp"
    assert owner("Unused", commitment="sp-9", reservation="cr-1") == "nlp"
    assert owner("Unused", commitment="sp-9") == "vision"
    assert owner("Unused") == "vision"
    assert owner("Used", commitment="sp-1") == "vision"
    assert owner(None) == "vision"


def test_commitments_are_looked_at_only_where_somebody_owns_them() -> None:
    """Without owners of commitments no property is looked at beside those of the rules."""
    owned = Policy(date(2026, 8, 1), TEAMS, commitments=(CommitmentOwner("*", "nlp"),))

    assert policy().properties == frozenset()
    assert owned.properties == {"commitment", "commitment_status"}


def test_reserved_gpus_are_those_of_all_pools() -> None:
    """Vision has 4 in one pool and 2 in another, nlp 1."""
    pools = {
        name: Pool(name, "nlp", Sharing.BY_RESERVATION, reserved, 8)
        for name, reserved in (("a", {"vision": 4}), ("b", {"vision": 2, "nlp": 1}))
    }

    found = Policy(date(2026, 8, 1), TEAMS, pools=pools)

    assert found.reserved_gpus == {"vision": 6, "nlp": 1}
