"""Applies a capacity file: checked, compared with the version before, stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.documents.capacity import CapacityDocument
from service.documents.yaml_file import parse_document, read_text
from service.domain.records import AuditEntry
from service.usecases.stored_documents import fingerprint, newest_of, next_version, read_stored

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from service.store.store import Store

PARTS = ("quotas", "commitments", "reservations", "capacity_blocks")
"""The lists of a capacity file."""


@dataclass(frozen=True, slots=True)
class CapacityChange:
    """One entry that comes or goes, in one of the lists; what changes does both."""

    part: str
    entry: str
    comes: bool


@dataclass(frozen=True, slots=True)
class CapacityProposal:
    """A capacity file that was found valid, and what it changes against the newest version.

    ``stored`` is the version that already has this very text and is the newest one.
    """

    text: str
    document: CapacityDocument
    stored: int | None
    changes: tuple[CapacityChange, ...]


@dataclass(frozen=True, slots=True)
class AppliedCapacity:
    """The version that is stored now, and whether it is new."""

    version: int
    is_new: bool


def propose_capacity(path: Path, *, store: Store) -> CapacityProposal:
    """Check the file at ``path`` and compare it; nothing is stored.

    Raises:
        DocumentError: When the file cannot be used.
    """
    return propose_text(read_text(path), path.name, store=store)


def propose_text(text: str, name: str, *, store: Store) -> CapacityProposal:
    """Check the text of a capacity file called ``name`` and compare it; nothing is stored.

    Raises:
        DocumentError: When it cannot be used.
    """
    document = parse_document(text, name, CapacityDocument)
    with store.work() as work:
        newest = newest_of(work.capacities.all())
    before = None if newest is None else read_stored(newest, CapacityDocument)
    same = newest is not None and newest.sha256 == fingerprint(text)
    stored = newest.version if newest and same else None
    return CapacityProposal(text, document, stored, _changes(before, document))


def apply_capacity(
    proposal: CapacityProposal, *, store: Store, at: datetime, actor: str
) -> AppliedCapacity:
    """Store the capacity as the next version, unless the newest one says the same."""
    if proposal.stored is not None:
        return AppliedCapacity(proposal.stored, is_new=False)
    with store.work() as work:
        version = next_version(
            proposal.text, proposal.document.effective_from, work.capacities.all(), at, actor
        )
        work.capacities.add(version)
        detail = {"sha256": version.sha256, "effective_from": str(version.effective_from)}
        subject = f"capacity version {version.version}"
        work.audit.add(AuditEntry(at, actor, "capacity.apply", subject, detail))
    return AppliedCapacity(version.version, is_new=True)


def _changes(
    before: CapacityDocument | None, after: CapacityDocument
) -> tuple[CapacityChange, ...]:
    found = []
    for part in PARTS:
        old, new = (set() if one is None else _entries(one, part) for one in (before, after))
        found += [CapacityChange(part, entry, comes=False) for entry in sorted(old - new)]
        found += [CapacityChange(part, entry, comes=True) for entry in sorted(new - old)]
    return tuple(found)


def _entries(document: CapacityDocument, part: str) -> set[str]:
    listed = (entry.model_dump(mode="json", exclude_none=True) for entry in getattr(document, part))
    return {
        ", ".join(f"{key} {_written(value)}" for key, value in entry.items() if value != [])
        for entry in listed
    }


def _written(value: object) -> str:
    return " and ".join(map(str, value)) if isinstance(value, list) else str(value)
