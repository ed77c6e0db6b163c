"""A suggested rule can be pasted into a policy and means what was suggested."""

import pytest

from service.documents.policy import PolicyDocument
from service.documents.rule_text import rule_text
from service.documents.yaml_file import DocumentError, parse_document
from service.domain.policy import Rule

POLICY = """
version: 1
effective_from: 2026-08-01
teams: [{{name: vision}}, {{name: "1"}}]
pools: [{{name: gateway, owner: vision, share: evenly, teams: [vision]}}]
rules:
  - {}
"""


def read(text: str) -> Rule:
    """Return the rule of a policy that has this one."""
    [rule] = parse_document(POLICY.format(text), "policy.yaml", PolicyDocument).policy().rules
    return rule


@pytest.mark.parametrize(
    "rule",
    [
        Rule(patterns={"account": "0123"}, team="1"),
        Rule(patterns={"account": "null", "service": "S3: a, {b} # c"}, pool="gateway"),
        Rule(tags={'a "b"': "yes"}, team="vision"),
        Rule(tags={"team": "visoin", "env": "pröd\\n"}, team_from_tag="team"),
        Rule(tags={"team": "x"}, team_from_tag="team", aliases={"visoin": "vision", "x": "1"}),
    ],
    ids=["team", "pool", "tag", "tags", "aliases"],
)
def test_a_written_rule_is_read_as_the_same_rule(rule: Rule) -> None:
    """Texts that YAML would take for something else are quoted."""
    assert read(rule_text(rule)) == rule


def test_a_rule_without_an_owner_cannot_be_applied_before_a_team_is_named() -> None:
    """The place of the team is left open."""
    text = rule_text(Rule(patterns={"account": "9"}))

    assert text == '{match: {account: "9"}, team: ...}'
    with pytest.raises(DocumentError, match="team"):
        read(text)
