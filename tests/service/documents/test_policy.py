"""The policy file: what it means, and what it may not say."""

from datetime import date

import pytest

from service.documents.policy import PolicyDocument
from service.documents.yaml_file import DocumentError, parse_document
from service.domain.policy import Charge, NodeSplit, Owner
from tests.docs_examples import page, section, yaml_examples

AWS = "{match: {provider: AWS}"
BY_TAG = "{match: {tag: {key: t}}"
HEAD = "version: 1\neffective_from: 2026-08-01\nteams: [{name: vision}, {name: nlp}]\n"


def refused(text: str) -> list[str]:
    """Return the sentences with which a policy after ``HEAD`` (3 lines) is refused."""
    with pytest.raises(DocumentError) as caught:
        parse_document(HEAD + text, "p.yaml", PolicyDocument)
    return [problem.removeprefix("p.yaml:") for problem in caught.value.problems]


def test_the_example_of_the_documentation_is_a_policy() -> None:
    """What the page shows can be applied, and means what its comments say."""
    (example,) = yaml_examples(section(page("formats.md"), "The policy file"))

    policy = parse_document(example, "example.yaml", PolicyDocument).policy()

    assert policy.effective_from == date(2026, 8, 1)
    assert policy.teams == {"vision", "nlp", "platform"}
    assert policy.owner(Charge(pool="h100-eu")) == Owner(pool="h100-reserved")
    assert policy.owner(Charge(sub_account="123456789012")).team == "vision"
    assert policy.owner(Charge(tags={"team": "speech"})).team == "nlp"
    assert policy.owner(Charge(charge_category="Tax")).team == "unallocated"
    assert policy.pools["h100-reserved"].capacity_gpus == 64
    assert policy.node_split == NodeSplit(gpu=95, cpu=3, memory=2)


def test_left_out_parts_have_their_defaults() -> None:
    """No rules and no pools: everything is unallocated; namespaces have their usual tags."""
    policy = parse_document(HEAD, "p.yaml", PolicyDocument).policy()

    assert policy.owner(Charge(provider="AWS")).team == "unallocated"
    assert "k8s-namespace" in policy.namespace_tags
    assert policy.node_split == NodeSplit(gpu=95, cpu=3, memory=2)


def test_a_machines_cost_is_split_by_the_policys_weights() -> None:
    """AWS's 9 to 1 for GPU and the rest, all of the rest for the CPU."""
    text = HEAD + "node_split: {gpu: 9, cpu: 1, memory: 0}"

    policy = parse_document(text, "p.yaml", PolicyDocument).policy()

    assert policy.node_split == NodeSplit(gpu=9, cpu=1, memory=0)


def test_several_tags_must_all_be_there() -> None:
    """A list of tags asks for each of them."""
    rule = "rules: [{match: {tag: [{key: a, value: x}, {key: b}]}, team: nlp}]"

    policy = parse_document(HEAD + rule, "p.yaml", PolicyDocument).policy()

    assert policy.owner(Charge(tags={"a": "x", "b": "y"})).team == "nlp"
    assert policy.owner(Charge(tags={"a": "x"})).team == "unallocated"


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        (
            "node_split: {gpu: 0, cpu: 1, memory: 1}",
            ["4: node_split.gpu: must be at least 1: a machine is accounted for its GPUs"],
        ),
        (
            "rules:\n- {match: {provider: AWS}, team: ads}",
            ["5: rules[1].team: 'ads' is no team of this policy (accepted: nlp, vision)"],
        ),
        (
            "rules:\n- {match: {provider: AWS}, pool: a100}",
            ["5: rules[1].pool: 'a100' is no pool of this policy (accepted: none yet)"],
        ),
        (
            "rules:\n- {match: {tag: {key: t}}, team_from_tag: t, aliases: {cv: ads}}",
            ["5: rules[1].aliases: 'ads' is no team of this policy (accepted: nlp, vision)"],
        ),
        (
            "rules:\n- {match: {provider: AWS}}",
            ["5: rules[1]: needs one of team, pool, team_from_tag and unallocated; found none"],
        ),
        (
            "rules:\n- {match: {provider: AWS}, team: nlp, unallocated: true}",
            [
                (
                    "5: rules[1]: needs one of team, pool, team_from_tag and unallocated;"
                    " found team and unallocated"
                )
            ],
        ),
        (
            "rules:\n- {match: {provider: AWS}, team: nlp, aliases: {cv: vision}}",
            ["5: rules[1].aliases: is for team_from_tag only"],
        ),
        (
            f"rules:\n- {AWS}, team: nlp}}\n- {AWS}, team: vision}}",
            ["6: rules[2]: can never be reached: rule 1 matches all that it matches"],
        ),
        (
            "rules:\n- {match: {}, team: nlp}\n- {match: {provider: AWS}, team: vision}",
            ["6: rules[2]: can never be reached: rule 1 matches all that it matches"],
        ),
        (
            "rules:\n- {match: {resource: 'a[b'}, team: nlp}",
            [
                (
                    "5: rules[1].match.resource: 'a[b' must close its [ with ];"
                    " accepted are *, ? and [abc]"
                )
            ],
        ),
        (
            "rules:\n- {match: {tag: {key: t, values: x}}, team: nlp}",
            [
                (
                    "5: rules[1].match.tag[1].values: is no known key; did you mean 'value'?"
                    " (accepted: key, value)"
                )
            ],
        ),
        (
            "rules:\n- {match: {tag: [{key: t}, {key: t, value: x}]}, team: nlp}",
            ["5: rules[1].match.tag: asks for the tag 't' twice"],
        ),
        (
            "rules:\n- {match: {account: 123}, team: nlp}",
            ["5: rules[1].match.account: 123 must be text; put it in quotes"],
        ),
        (
            "pools:\n- {name: a, owner: ads, share: by_use}",
            ["5: pools[1].owner: 'ads' is no team of this policy (accepted: nlp, vision)"],
        ),
        (
            "pools:" + "\n- {name: a, owner: nlp, share: by_use}" * 2,
            ["6: pools[2].name: 'a' comes twice"],
        ),
        (
            "pools:\n- {name: a, owner: nlp, share: evenly}",
            ["5: pools[1]: share: evenly needs teams"],
        ),
        (
            "pools:\n- {name: a, owner: nlp, share: evenly, teams: [nlp, nlp]}",
            ["5: pools[1].teams: has a team twice"],
        ),
        (
            (
                "pools:\n- {name: a, owner: nlp, share: by_reservation, reservations:"
                " {nlp: 3, x: 2}, capacity_gpus: 4}"
            ),
            [
                "5: pools[1].capacity_gpus: 4 is less than the 5 that are reserved",
                "5: pools[1].reservations: 'x' is no team of this policy (accepted: nlp, vision)",
            ],
        ),
        (
            "pools:\n- {name: a, owner: nlp, share: by_use, teams: [nlp], capacity_gpus: 3}",
            [
                (
                    "5: pools[1].capacity_gpus: is for share: by_reservation only;"
                    " this pool has share: by_use"
                ),
                (
                    "5: pools[1].teams: is for share: evenly and proportional only;"
                    " this pool has share: by_use"
                ),
            ],
        ),
        (
            "pools:\n- {name: a, owner: nlp, share: by_luck}",
            [
                (
                    "5: pools[1].share: 'by_luck' should be 'by_use', 'by_reservation', 'evenly',"
                    " 'fixed', 'proportional' or 'by_driver'"
                )
            ],
        ),
    ],
)
def test_what_does_not_fit_together_is_told_with_its_line(text: str, problems: list[str]) -> None:
    """Names that nothing defines, rules out of reach, pools that cannot be shared."""
    assert refused(text) == problems


def test_a_rule_by_tag_does_not_hide_the_same_match_below() -> None:
    """A tag's value may be no team, so the rule after it with the same match can be reached."""
    rules = f"rules:\n- {BY_TAG}, team_from_tag: t}}\n- {BY_TAG}, team: nlp}}"

    policy = parse_document(HEAD + rules, "p.yaml", PolicyDocument).policy()

    assert policy.owner(Charge(tags={"t": "nobody"})).team == "nlp"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("effective_from: 2026-08-01\nteams: []", "1: version: is missing"),
        ("version: 2\neffective_from: 2026-08-01\nteams: []", "1: version: 2 should be 1"),
        (
            "version: 1\neffective_from: 2026-08-02\nteams: []",
            (
                "2: effective_from: must be the first day of a month, because it holds for"
                " whole billing periods"
            ),
        ),
        (
            "version: 1\neffective_from: 2026-08-01\nteams: [{name: Vision}]",
            "3: teams[1].name: 'Vision' should match pattern '^[a-z0-9-]{1,63}$'",
        ),
        (
            "version: 1\neffective_from: 2026-08-01\nteams: [{name: a, owner: me}]",
            "3: teams[1].owner: 'me' should match pattern '^[^@\\s]+@[^@\\s]+$'",
        ),
        (
            "version: 1\neffective_from: 2026-08-01\nteams:\n- name: a\n- name: a",
            "5: teams[2].name: 'a' comes twice",
        ),
        (
            "version: 1\neffective_from: 2026-08-01\nteams: [{name: unallocated}]",
            "3: teams[1].name: 'unallocated' is kept for cost without a team",
        ),
    ],
)
def test_the_head_of_a_policy_is_checked_too(text: str, problem: str) -> None:
    """Format version, first day of a month, names of teams."""
    with pytest.raises(DocumentError) as caught:
        parse_document(text, "p.yaml", PolicyDocument)

    assert caught.value.problems == (f"p.yaml:{problem}",)
