"""Writes a rule as it stands in a policy file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from service.domain.policy import Rule

OPEN = "..."
"""Stands where a person has to name the team; no policy with it can be applied."""


def rule_text(rule: Rule) -> str:
    """Return the rule in one line of YAML; without an owner its team is left open."""
    match = [f"{name}: {_text(pattern)}" for name, pattern in rule.patterns.items()]
    tags = [f"{{key: {_text(key)}, value: {_text(value)}}}" for key, value in rule.tags.items()]
    if tags:
        match.append(f"tag: [{', '.join(tags)}]")
    return f"{{match: {{{', '.join(match)}}}, {_outcome(rule)}}}"


def _outcome(rule: Rule) -> str:
    if rule.pool is not None:
        return f"pool: {_text(rule.pool)}"
    if rule.team_from_tag is None:
        return f"team: {OPEN if rule.team is None else _text(rule.team)}"
    aliases = f", aliases: {_mapping(rule.aliases)}" if rule.aliases else ""
    return f"team_from_tag: {_text(rule.team_from_tag)}{aliases}"


def _mapping(texts: Mapping[str, str]) -> str:
    return f"{{{', '.join(f'{_text(key)}: {_text(value)}' for key, value in texts.items())}}}"


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
