"""Asks every source that knows quotas and contracts, and writes a capacity file of what it says.

What no source speaks of, as machines of one's own, stays as the newest version has it; so does
what only people know of an entry: its owner, the price of a block.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingest.capacity import CapacitySource
from ingest.machines import provider_key
from ingest.port import SourceError
from ingest.registry import source_of
from service.errors import InputError
from service.usecases.capacity_entries import Said, block, commitment, quotas, reservation
from service.usecases.capacity_text import Entry, capacity_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import date, datetime

    from ingest.capacity import CapacityFacts
    from ingest.settings import SourceSettings
    from service.documents.base import Document
    from service.documents.capacity import CapacityDocument

_PROVIDERS = {"aws": "aws", "azure": "azure", "google": "gcp"}
_KEPT = "kept from the version before: no source speaks of it"
_OWN_WORDS = ("owner", "hourly_rate", "price_upfront")


class NothingToAsk(InputError):
    """No configured source knows quotas and contracts."""

    code = "nothing-to-ask"


@dataclass(frozen=True, slots=True)
class Asked:
    """A source, what it found, and the provider and regions that it speaks for."""

    source: str
    provider: str
    regions: frozenset[str]
    facts: CapacityFacts

    def speaks_of(self, provider: str, region: str | None) -> bool:
        """Say whether an entry is the source's to give; one of no region is of all."""
        return provider_key(provider) == self.provider and (
            region is None or region in self.regions
        )


@dataclass(frozen=True, slots=True)
class FetchedCapacity:
    """The text of a capacity file, who was asked, and what has to be said about it."""

    text: str
    sources: tuple[str, ...]
    notes: tuple[str, ...]


def ask_capacity(
    settings: Iterable[SourceSettings], *, clock: Callable[[], datetime]
) -> tuple[Asked, ...]:
    """Ask every configured source that knows about capacity.

    Raises:
        NothingToAsk: When there is none.
        SourceError: When one cannot say: half a capacity would be taken for the whole.
    """
    found = tuple(_ask(setting, clock) for setting in settings if _may_know(setting))
    asked = tuple(one for one in found if one is not None)
    if not asked:
        raise NothingToAsk(
            "no configured source knows quotas and contracts; add one of type aws-account,"
            " azure-account or google-account (docs/connect/prices-and-capacity.md)"
        )
    return asked


def _may_know(setting: SourceSettings) -> bool:
    return setting.type.endswith("-account")


def _ask(setting: SourceSettings, clock: Callable[[], datetime]) -> Asked | None:
    source = source_of(setting, clock=clock)
    if not isinstance(source, CapacitySource):
        return None
    try:
        facts = source.capacity()
    except SourceError as problem:
        raise type(problem)(f"{setting.name}: {problem}") from problem
    regions = frozenset(getattr(setting, "regions", ()))
    return Asked(setting.name, _PROVIDERS[setting.type.partition("-")[0]], regions, facts)


def fetch_capacity(
    asked: Sequence[Asked], before: CapacityDocument | None, *, day: date, currency: str
) -> FetchedCapacity:
    """Write what was found, and what is kept of ``before``, as a capacity file.

    Raises:
        DocumentError: When what was found contradicts itself.
    """
    notes: list[str] = [note for one in asked for note in one.facts.notes]
    parts = _parts(asked, currency, notes)
    spend = sum(entry.fields.get("kind") == "spend" for entry in parts["commitments"])
    if spend:
        notes.append(f"{spend} commitments of money an hour are kept; plans do not use them yet")
    if before is not None:
        _keep(parts, before, asked, currency)
    names = tuple(one.source for one in asked)
    heading = [f"Found by comptroller capacity fetch; asked: {', '.join(names)}.", *notes]
    return FetchedCapacity(capacity_text(day, currency, parts, heading), names, tuple(notes))


def _parts(asked: Sequence[Asked], currency: str, notes: list[str]) -> dict[str, list[Entry]]:
    """Turn what was found into entries; what cannot be one is noted."""
    commitments: list[Entry] = []
    for said in [Said(one.source, fact) for one in asked for fact in one.facts.commitments]:
        made = commitment(said, currency)
        if made is not None:
            commitments.append(made)
            continue
        notes.append(
            f"commitment {said.fact.id} is left out: its region, machine type or amount is not told"
        )
    return {
        "quotas": quotas(Said(one.source, fact) for one in asked for fact in one.facts.quotas),
        "commitments": commitments,
        "reservations": [
            reservation(Said(one.source, fact)) for one in asked for fact in one.facts.reservations
        ],
        "capacity_blocks": [
            block(Said(one.source, fact), currency)
            for one in asked
            for fact in one.facts.capacity_blocks
        ],
    }


def _keep(
    parts: dict[str, list[Entry]],
    before: CapacityDocument,
    asked: Sequence[Asked],
    currency: str,
) -> None:
    """Add what no source speaks of, and to the others what only people know."""
    for part, entries in parts.items():
        places = {entry.fields.get("id"): place for place, entry in enumerate(entries)}
        for old in getattr(before, part):
            said = _fields(old, before.currency if before.currency != currency else None)
            place = places.get(said["id"]) if "id" in said else None
            if place is not None:
                entries[place] = _with_own_words(entries[place], said)
            elif not any(one.speaks_of(old.provider, old.region) for one in asked):
                entries.append(Entry(said, _KEPT))


def _with_own_words(entry: Entry, said: Mapping[str, object]) -> Entry:
    """Add what the version before says and the source does not."""
    added = {
        name: said[name]
        for name in _OWN_WORDS
        if entry.fields.get(name) is None and said.get(name) is not None
    }
    return Entry({**entry.fields, **added}, entry.comment)


def _fields(old: Document, currency: str | None) -> dict[str, object]:
    """Return an entry's fields; where the file's currency changes, the entry has its own."""
    fields = dict(old)
    if currency is not None and "currency" in fields and fields["currency"] is None:
        fields["currency"] = currency
    return fields


def found_of(asked: Iterable[Asked]) -> Iterator[str]:
    """Say in a line for each source what it found."""
    for one in asked:
        facts = one.facts
        yield (
            f"{one.source}: {len(facts.quotas)} quotas, {len(facts.commitments)} commitments,"
            f" {len(facts.reservations)} reservations, {len(facts.capacity_blocks)} capacity blocks"
        )
