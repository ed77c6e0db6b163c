"""Gives every kind of charge of a period its owner: the facts' side of the policy's rules."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import pyarrow as pa

from service.domain.policy import Charge, Owner, Policy
from warehouse.port import Engine, Question, View

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.domain.periods import Period

_PLAIN = (
    "provider",
    "billing_account",
    "sub_account",
    "service",
    "resource",
    "pool",
    "charge_category",
    "commitment_status",
    "commitment",
    "reservation",
)


@dataclass(frozen=True, slots=True)
class Reader:
    """What one allocation may see, and who answers for it."""

    engine: Engine
    view: View

    def ask(
        self, name: str, params: dict[str, object] | None = None, **inputs: pa.Table
    ) -> pa.Table:
        """Answer one question of ``warehouse/sql/ask``."""
        return self.engine.query(Question(f"ask/{name}", params or {}, inputs), self.view)


def charge_groups(
    period: Period,
    policy: Policy,
    machine: pa.Table,
    reader: Reader,
    question: str = "charge_groups",
) -> pa.Table:
    """Return the costs of ``period`` summed by owner and origin, or as ``question`` sums them."""
    wanted = owned_charges(period, policy, machine, reader, f"ask/{question}")
    return reader.engine.query(wanted, reader.view)


def owned_charges(
    period: Period, policy: Policy, machine: pa.Table, reader: Reader, name: str
) -> Question:
    """Return the question ``name`` about the charges of ``period`` with who owns each kind."""
    keys = _tag_keys(policy)
    params: dict[str, object] = {
        "period": str(period),
        "properties": sorted(policy.properties),
        "tag_paths": [_json_path(key) for key in keys],
    }
    kinds = reader.ask("charge_kinds", params, machine=machine)
    owners = policy.owners()
    found = [owners.of(charge) for charge in _charges(kinds, keys, policy)]
    return Question(name, params, {"machine": machine, "owner": _owned(kinds, found)})


def _tag_keys(policy: Policy) -> list[str]:
    namespace = policy.namespace_tags if "namespace" in policy.properties else ()
    return sorted({*policy.tag_keys, *namespace})


def _json_path(key: str) -> str:
    return f"$.{json.dumps(key, ensure_ascii=False)}"


def _charges(kinds: pa.Table, keys: list[str], policy: Policy) -> Iterator[Charge]:
    @cache
    def tags_of(text: str | None) -> tuple[dict[str, str], str | None]:
        values = [] if text is None else zip(keys, json.loads(text), strict=True)
        tags = {key: value for key, value in values if value is not None}
        return tags, next((tags[key] for key in policy.namespace_tags if key in tags), None)

    columns = [kinds[name].to_pylist() for name in _PLAIN]
    for text, *plain in zip(kinds["tag_values"].to_pylist(), *columns, strict=True):
        tags, namespace = tags_of(text)
        yield Charge(**dict(zip(_PLAIN, plain, strict=True)), namespace=namespace, tags=tags)


def _owned(kinds: pa.Table, owners: list[Owner]) -> pa.Table:
    team = pa.array([owner.team for owner in owners], pa.string())
    pool = pa.array([owner.pool for owner in owners], pa.string())
    return kinds.append_column("team", team).append_column("shared_pool", pool)
