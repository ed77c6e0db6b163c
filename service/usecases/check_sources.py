"""Says of each configured source what it needs and lacks, and how fresh what it brought is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingest.port import Check, SourceError
from ingest.registry import source_of
from service.errors import NotFoundError
from warehouse.load_write import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from ingest.settings import SourceSettings
    from service.domain.records import DeliveryRecord
    from service.store.store import Store
    from warehouse.lake import Lake


class UnknownSource(NotFoundError):
    """No source of that name is configured."""

    code = "unknown-source"


@dataclass(frozen=True, slots=True)
class Checked:
    """A source and what its check found."""

    name: str
    type: str
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing is missing."""
        return all(check.passed for check in self.checks)


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """A configured source, its last load, and the newest period that the lake holds of it."""

    name: str
    type: str
    newest_period: str | None
    last: DeliveryRecord | None


def named(settings: Sequence[SourceSettings], names: Iterable[str]) -> list[SourceSettings]:
    """Return the configured sources of these names; all of them where none is named.

    Raises:
        UnknownSource: When there is none of a name; says which there are.
    """
    wanted = list(names)
    known = {setting.name: setting for setting in settings}
    for name in wanted:
        if name not in known:
            there = ", ".join(known) or "none: add [[sources]] to the settings"
            raise UnknownSource(f"no source is called {name!r}; configured are {there}")
    return [known[name] for name in wanted] if wanted else list(settings)


def check_sources(
    settings: Iterable[SourceSettings], *, clock: Callable[[], datetime]
) -> list[Checked]:
    """Try what each source needs; a setting that makes no source fails its check as well."""
    return [Checked(one.name, one.type, _checks(one, clock)) for one in settings]


def _checks(setting: SourceSettings, clock: Callable[[], datetime]) -> tuple[Check, ...]:
    try:
        return tuple(source_of(setting, clock=clock).check())
    except SourceError as fault:
        return (Check("the settings of the source", passed=False, advice=str(fault)),)


def source_status(
    settings: Iterable[SourceSettings], *, lake: Lake, store: Store
) -> list[SourceStatus]:
    """Say how fresh each source is."""
    return [_status(one, lake, store) for one in settings]


def _status(setting: SourceSettings, lake: Lake, store: Store) -> SourceStatus:
    tables = sorted(set(TABLES.values()))
    periods = [one.period for table in tables for one in lake.states(table, setting.name)]
    with store.work() as work:
        last = next(iter(work.deliveries.latest(1, setting.name)), None)
    return SourceStatus(setting.name, setting.type, max(periods, default=None), last)
