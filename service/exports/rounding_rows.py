"""Finds the cents by which rounded lines miss their rounded sum, so that shown figures add up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.domain.money import Money, rounding, sum_money

if TYPE_CHECKING:
    from collections.abc import Iterable

ROUNDING = "rounding"
"""The kind of the row that takes up what rounded totals by kind miss to the rounded total."""


def rounding_by_kind(
    amounts: Iterable[tuple[str, Money | None]], currency: str
) -> dict[str, Money]:
    """Return by kind what rounded amounts lack to their rounded sum, and ``rounding`` for all.

    With these rows every kind shows its exact sum, rounded once, and all kinds together show the
    exact total, rounded once. What is 0 is left out; an unknown amount adds nothing.
    """
    by_kind: dict[str, list[Money]] = {}
    for kind, amount in amounts:
        if amount is not None:
            by_kind.setdefault(kind, []).append(amount)
    lacking = {kind: _lacking(by_kind[kind], currency) for kind in by_kind}
    totals = [sum_money(parts, currency) for parts in by_kind.values()]
    lacking[ROUNDING] = rounding(totals, sum_money(totals, currency))
    return {kind: amount for kind, amount in lacking.items() if amount.pico}


def _lacking(amounts: Iterable[Money], currency: str) -> Money:
    parts = tuple(amounts)
    return rounding(parts, sum_money(parts, currency))
