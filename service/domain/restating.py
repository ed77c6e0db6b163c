"""What a closed statement and today's figures differ by, as signed lines with a reason."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING

from service.domain.ledger import AccountKind, Reason
from service.domain.money import Money
from service.domain.pools import UNALLOCATED
from service.domain.statements import LineKey, StatementLine

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from service.domain.ledger import Account, Sums

ADJUSTMENT = "adjustment"
"""The method of what a person moved, and the line on which a team bears it."""


class Change(StrEnum):
    """Why a line of a closed period is restated."""

    LATE_BILL = "late bill"
    WITHDRAWN_BILL = "withdrawn bill"
    CORRECTION = "correction"
    REALLOCATION = "reallocation"


def restatement_lines(
    origin_period: str, newest: Iterable[StatementLine], told: Iterable[StatementLine]
) -> tuple[StatementLine, ...]:
    """Return what is still to be told of a closed period, by line, in the order of the ids.

    Args:
        origin_period: The closed period.
        newest: Its lines as its newest allocation has them, charged by the cost of its close.
        told: The lines of its closed statement, and every earlier restatement of it.
    """
    newest, told = _unlike(tuple(newest), tuple(told))
    now = _by_key(origin_period, newest)
    before = _by_key(origin_period, told)
    changes = _changes(now.values(), before.values())
    lines = (
        _difference(key, now.get(key, _nothing(key)), before.get(key, _nothing(key)))
        for key in {**now, **before}
    )
    moved = (replace(line, reason=changes[_source(line.key)]) for line in lines if _moves(line))
    return tuple(sorted(moved, key=lambda line: line.id))


def adjustment_lines(posted: Sums) -> tuple[StatementLine, ...]:
    """Return what people moved between those who bear cost, as lines in the order of the ids."""
    sums: dict[LineKey, Money] = {}
    for (entry, currency), amount in posted.items():
        if entry.reason == Reason.ADJUSTMENT:
            origin = "" if entry.origin_period == entry.period else entry.origin_period
            for account, signed in ((entry.debit, amount), (entry.credit, -amount)):
                key = _adjusted(account, currency, origin)
                sums[key] = sums[key] + signed if key in sums else signed
    lines = (_line(key, amount) for key, amount in sums.items() if amount.pico)
    return tuple(sorted(lines, key=lambda line: line.id))


def _unlike(
    newest: Sequence[StatementLine], told: Sequence[StatementLine]
) -> tuple[list[StatementLine], list[StatementLine]]:
    """Leave out what is in both: it changes no difference, and it is nearly everything."""
    known = {line.id: line for line in newest}
    alike = {line.id for line in told if known.get(line.id) == line}
    return (
        [line for line in newest if line.id not in alike],
        [line for line in told if line.id not in alike],
    )


def _by_key(origin_period: str, lines: Iterable[StatementLine]) -> dict[LineKey, StatementLine]:
    found: dict[LineKey, StatementLine] = {}
    for line in lines:
        if line.method_id != ADJUSTMENT:
            key = replace(line.key, origin_period=origin_period)
            found[key] = _sum(key, found[key], line) if key in found else line
    return found


def _sum(key: LineKey, one: StatementLine, other: StatementLine) -> StatementLine:
    return StatementLine.of(
        key,
        billed=one.billed + other.billed,
        effective=one.effective + other.effective,
        contracted=_known_sum(one.contracted, other.contracted),
        list=_known_sum(one.list, other.list),
        charged=one.charged + other.charged,
        cost_lines=one.cost_lines + other.cost_lines,
    )


def _difference(key: LineKey, now: StatementLine, before: StatementLine) -> StatementLine:
    return StatementLine.of(
        key,
        billed=now.billed - before.billed,
        effective=now.effective - before.effective,
        contracted=_known_sum(now.contracted, _less(before.contracted)),
        list=_known_sum(now.list, _less(before.list)),
        charged=now.charged - before.charged,
        cost_lines=now.cost_lines - before.cost_lines,
    )


def _changes(
    now: Iterable[StatementLine], before: Iterable[StatementLine]
) -> dict[LineKey, Change]:
    """Tell from the whole of each source what happened to it."""
    newest, told = _by_source(now), _by_source(before)
    changes: dict[LineKey, Change] = {}
    for source in {**newest, **told}:
        nothing = _nothing(source)
        changes[source] = _change(newest.get(source, nothing), told.get(source, nothing))
    return changes


def _change(now: StatementLine, before: StatementLine) -> Change:
    if not _moves(_difference(now.key, now, before)):
        return Change.REALLOCATION
    if now.cost_lines == before.cost_lines:
        return Change.CORRECTION
    return Change.LATE_BILL if now.cost_lines > before.cost_lines else Change.WITHDRAWN_BILL


def _by_source(lines: Iterable[StatementLine]) -> dict[LineKey, StatementLine]:
    found: dict[LineKey, StatementLine] = {}
    for line in lines:
        source = _source(line.key)
        found[source] = _sum(source, found[source], line) if source in found else line
    return found


def _source(key: LineKey) -> LineKey:
    """Return where cost comes from, whoever bears it and however it was shared."""
    return replace(key, team="", line="", pool="", method_id="", origin_period="")


def _adjusted(account: Account, currency: str, origin_period: str) -> LineKey:
    line = ADJUSTMENT if account.kind is AccountKind.TEAM else account.kind
    team = account.name or UNALLOCATED
    return LineKey(team, line, "", "", "", "", "", "", ADJUSTMENT, currency, origin_period)


def _nothing(key: LineKey) -> StatementLine:
    return _line(key, Money.zero(key.currency))


def _line(key: LineKey, amount: Money) -> StatementLine:
    return StatementLine.of(
        key,
        billed=amount,
        effective=amount,
        contracted=None,
        list=None,
        charged=amount,
        cost_lines=0,
    )


def _moves(line: StatementLine) -> bool:
    amounts = (line.billed, line.effective, line.contracted, line.list, line.charged)
    return any(amount is not None and amount.pico for amount in amounts)


def _known_sum(one: Money | None, other: Money | None) -> Money | None:
    """Add what is known; a cost is unknown only where neither is known."""
    if one is None or other is None:
        return other if one is None else one
    return one + other


def _less(amount: Money | None) -> Money | None:
    return None if amount is None else -amount
