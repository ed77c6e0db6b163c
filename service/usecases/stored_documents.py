"""Policies and capacities as they were stored, read back into what they mean."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, TypeVar

from service.documents.base import Document
from service.documents.capacity import CapacityDocument
from service.documents.policy import PolicyDocument
from service.documents.yaml_file import parse_document
from service.domain.records import DocumentVersion

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from service.domain.periods import Period
    from service.domain.policy import Policy
    from service.store.store import Store

Form = TypeVar("Form", bound=Document)
_KEPT_POLICIES = 16


@dataclass(frozen=True, slots=True)
class VersionedPolicy:
    """A policy and the version under which it is stored."""

    version: int
    policy: Policy


def policy_in_effect(store: Store, day: date) -> VersionedPolicy | None:
    """Return the policy that holds on ``day``, if any was applied."""
    with store.work() as work:
        stored = work.policies.in_effect(day)
    return None if stored is None else _policy(stored)


def policy_of(store: Store, period: Period) -> VersionedPolicy | None:
    """Return the policy of a period: a closed one keeps the policy that it was closed with."""
    with store.work() as work:
        close = work.closes.of(str(period))
        if close is None:
            stored = work.policies.in_effect(period.first_day)
        elif close.policy_version is None:
            stored = None
        else:
            stored = work.policies.version(close.policy_version)
    return None if stored is None else _policy(stored)


def capacity_in_effect(store: Store, day: date) -> CapacityDocument | None:
    """Return the capacity that holds on ``day``, if any was applied."""
    with store.work() as work:
        stored = work.capacities.in_effect(day)
    return None if stored is None else read_stored(stored, CapacityDocument)


def newest_capacity(store: Store) -> CapacityDocument | None:
    """Return the capacity that was applied last, if any was."""
    with store.work() as work:
        stored = newest_of(work.capacities.all())
    return None if stored is None else read_stored(stored, CapacityDocument)


@lru_cache(maxsize=_KEPT_POLICIES)
def _policy(stored: DocumentVersion) -> VersionedPolicy:
    # A policy of hundreds of pools takes a second to read, and a period asks for it many times.
    return VersionedPolicy(stored.version, read_stored(stored, PolicyDocument).policy())


def read_stored(stored: DocumentVersion, form: type[Form]) -> Form:
    """Read a stored text; one that is valid JSON was applied as JSON."""
    name = f"version {stored.version}"
    return parse_document(stored.text, f"{name}.json" if _is_json(stored.text) else name, form)


def fingerprint(text: str) -> str:
    """Return the SHA-256 by which a text is known again."""
    return sha256(text.encode()).hexdigest()


def next_version(
    text: str, effective_from: date, stored: Sequence[DocumentVersion], at: datetime, actor: str
) -> DocumentVersion:
    """Return what ``text`` becomes when it is stored after all others."""
    newest = max((one.version for one in stored), default=0)
    return DocumentVersion(newest + 1, effective_from, fingerprint(text), text, at, actor)


def newest_of(stored: Sequence[DocumentVersion]) -> DocumentVersion | None:
    """Return the version that was stored last."""
    return max(stored, key=lambda one: one.version, default=None)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
