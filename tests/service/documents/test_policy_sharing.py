"""The parts of a policy file that share cost: pools, commitments, what teams pass on."""

import pytest

from service.documents.policy import PolicyDocument
from service.documents.yaml_file import DocumentError, parse_document
from service.domain.distribution import Distribution
from service.domain.policy import Charge, CostBasis, Policy
from service.domain.pools import Driver, Sharing

HEAD = "version: 1\neffective_from: 2026-08-01\nteams: [{name: vision}, {name: nlp}, {name: ops}]\n"
KNOWN = "(accepted: nlp, ops, vision)"


def read(text: str) -> Policy:
    """Return the policy that stands after ``HEAD`` (3 lines)."""
    return parse_document(HEAD + text, "p.yaml", PolicyDocument).policy()


def refused(text: str) -> list[str]:
    """Return the sentences with which a policy after ``HEAD`` is refused."""
    with pytest.raises(DocumentError) as caught:
        read(text)
    return [problem.removeprefix("p.yaml:") for problem in caught.value.problems]


def test_pools_are_shared_by_what_their_way_goes_by() -> None:
    """Fixed shares of 3 and 1, tokens as a driver, in proportion to all or to some teams."""
    pools = read("""
pools:
  - {name: net, owner: ops, share: fixed, shares: {vision: 3, nlp: 1}}
  - {name: gateway, owner: ops, share: by_driver, driver: tokens}
  - {name: support, owner: ops, share: proportional}
  - {name: tax, owner: ops, share: proportional, teams: [vision, nlp]}
""").pools

    assert list(pools) == ["net", "gateway", "support", "tax"]
    assert pools["net"].parts == {"vision": 3, "nlp": 1}
    assert pools["gateway"].driver is Driver.TOKENS
    assert (pools["support"].teams, pools["tax"].teams) == ((), ("vision", "nlp"))


def test_what_is_unused_of_a_commitment_has_the_owner_that_its_entry_names() -> None:
    """The first entry whose glob fits decides, before any rule."""
    policy = read("""
commitments:
  - {commitment: "sp-vision-*", owner: vision}
  - {commitment: "*", owner: ops}
rules: [{match: {provider: AWS}, team: nlp}]
""")

    owner = policy.owner(Charge("AWS", commitment_status="Unused", commitment="sp-vision-1"))
    other = policy.owner(Charge("AWS", commitment_status="Unused", reservation="cr-1"))
    used = policy.owner(Charge("AWS", commitment_status="Used", commitment="sp-vision-1"))

    assert (owner.team, other.team, used.team) == ("vision", "ops", "nlp")


def test_a_team_passes_its_cost_on_in_the_order_of_the_file() -> None:
    """Ops gives to all in proportion, then nlp gives 2 of 2 parts to vision."""
    policy = read("""
distribute:
  - {team: ops, share: proportional}
  - {team: nlp, share: fixed, shares: {vision: 2}}
""")

    assert policy.distributions == (
        Distribution("ops", Sharing.PROPORTIONAL),
        Distribution("nlp", Sharing.FIXED, parts={"vision": 2}),
    )


@pytest.mark.parametrize(
    ("text", "cost"), [("", CostBasis.EFFECTIVE), ("chargeback: {cost: billed}", CostBasis.BILLED)]
)
def test_statements_charge_effective_cost_unless_the_policy_says_otherwise(
    text: str, cost: CostBasis
) -> None:
    """Left out, it is effective cost."""
    assert read(text).cost is cost


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        (
            "pools:\n- {name: a, owner: nlp, share: fixed}",
            ["5: pools[1]: share: fixed needs shares"],
        ),
        (
            "pools:\n- {name: a, owner: nlp, share: fixed, shares: {vision: 0}}",
            ["5: pools[1]: share: fixed needs shares"],
        ),
        (
            "pools:\n- {name: a, owner: nlp, share: fixed, shares: {ads: 1}}",
            [f"5: pools[1].shares: 'ads' is no team of this policy {KNOWN}"],
        ),
        (
            "pools:\n- {name: a, owner: nlp, share: by_driver}",
            ["5: pools[1]: share: by_driver needs driver"],
        ),
        (
            "pools:\n- {name: a, owner: nlp, share: proportional, driver: tokens}",
            ["5: pools[1].driver: is for share: by_driver only; this pool has share: proportional"],
        ),
        (
            "pools:\n- {name: a, owner: nlp, share: by_driver, driver: luck}",
            [
                (
                    "5: pools[1].driver: 'luck' should be 'gpu_hours', 'gpus_reserved', 'tokens'"
                    " or 'requests'"
                )
            ],
        ),
        (
            "commitments:\n- {commitment: sp-1, owner: ads}",
            [f"5: commitments[1].owner: 'ads' is no team of this policy {KNOWN}"],
        ),
        (
            "commitments:\n- {commitment: '*', owner: nlp}\n- {commitment: sp-1, owner: nlp}",
            ["6: commitments[2]: can never be reached: entry 1 matches all that it matches"],
        ),
        (
            "commitments:\n- {commitment: a, owner: nlp}\n- {commitment: a, owner: ops}",
            ["6: commitments[2]: can never be reached: entry 1 matches all that it matches"],
        ),
        (
            "chargeback: {cost: paid}",
            ["4: chargeback.cost: 'paid' should be 'effective', 'billed', 'contracted' or 'list'"],
        ),
        (
            "distribute:\n- {team: ads, share: evenly}",
            [f"5: distribute[1].team: 'ads' is no team of this policy {KNOWN}"],
        ),
        (
            "distribute:\n- {team: ops, share: evenly, teams: [nlp, nlp]}",
            ["5: distribute[1].teams: has a team twice"],
        ),
        (
            "distribute:\n- {team: ops, share: fixed}",
            ["5: distribute[1]: share: fixed needs shares"],
        ),
        (
            "distribute:\n- {team: ops, share: fixed, shares: {nlp: 1}, teams: [nlp]}",
            ["5: distribute[1].teams: is not for share: fixed"],
        ),
        (
            "distribute:\n- {team: ops, share: evenly, shares: {nlp: 1}}",
            ["5: distribute[1].shares: is not for share: evenly"],
        ),
        (
            "distribute:\n- {team: ops, share: by_use}",
            ["5: distribute[1].share: 'by_use' should be 'proportional', 'evenly' or 'fixed'"],
        ),
    ],
)
def test_what_cannot_be_shared_is_told_with_its_line(text: str, problems: list[str]) -> None:
    """Teams that are none, fields that are missing or have no use."""
    assert refused(text) == problems


@pytest.mark.parametrize(
    ("entries", "problems"),
    [
        (
            "- {team: ops, share: evenly, teams: [ops]}",
            ["5: distribute[1]: 'ops' cannot pass its cost on to itself"],
        ),
        (
            (
                "- {team: ops, share: evenly, teams: [nlp]}\n"
                "- {team: nlp, share: fixed, shares: {ops: 1}}"
            ),
            [
                (
                    "6: distribute[2]: 'nlp' cannot pass its cost on to 'ops', which passed its"
                    " cost on before"
                )
            ],
        ),
        (
            "- {team: ops, share: evenly}\n- {team: ops, share: evenly}",
            ["6: distribute[2].team: 'ops' passed its cost on before"],
        ),
        (
            (
                "- {team: ops, share: evenly}\n- {team: nlp, share: evenly}\n"
                "- {team: vision, share: proportional}"
            ),
            ["7: distribute[3]: nobody is left to receive the cost of 'vision'"],
        ),
    ],
)
def test_cost_cannot_go_in_a_circle(entries: str, problems: list[str]) -> None:
    """A team that passed its cost on receives none afterwards, its own least of all."""
    assert refused(f"distribute:\n{entries}") == problems
