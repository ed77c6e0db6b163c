"""Which part of what accelerators cost was paid by commitments: by machine, else by model."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_FINE = 10**6
"""Shares are told to a millionth."""


@dataclass(frozen=True, slots=True)
class Share:
    """The parts of cost and of hours that commitments paid, from 0 to 1."""

    cost: Fraction = Fraction(0)
    hours: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class Committed:
    """Shares by host and by model; a bill need not tell the machine that a commitment covered."""

    hosts: Mapping[str, Share]
    models: Mapping[str, Share]

    def of(self, host: str | None, model: str) -> Share:
        """Return the share of a machine, else of all machines of its model, else none."""
        return self.hosts.get(host or "") or self.models.get(model) or Share()


def committed_of(rows: Iterable[Mapping[str, Any]]) -> Committed:
    """Return the shares from the answer of ``committed_shares``."""
    hosts: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    models: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        models[row["model"]].append(row)
        if row["host"] is not None:
            hosts[row["host"]].append(row)
    return Committed(_shares(hosts), _shares(models))


def _shares(groups: Mapping[str, list[Mapping[str, Any]]]) -> dict[str, Share]:
    found = {name: _share(rows) for name, rows in groups.items()}
    return {name: share for name, share in found.items() if share is not None}


def _share(rows: Iterable[Mapping[str, Any]]) -> Share | None:
    """Put rows together; of several currencies the one with most hours counts, then with most cost.

    Where no hours are told, the share of the cost stands for theirs.
    """
    sums: defaultdict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0)] * len(_SUMS))
    for row in rows:
        of = sums[row["currency"] or ""]
        sums[row["currency"] or ""] = [
            known + (row[name] or 0) for known, name in zip(of, _SUMS, strict=True)
        ]
    hours, cost, committed_hours, committed_cost = max(sums.values())
    if cost <= 0:
        return None
    by_cost = _part(committed_cost, cost)
    return Share(by_cost, _part(committed_hours, hours) if hours > 0 else by_cost)


_SUMS = ("hours", "cost", "committed_hours", "committed_cost")


def _part(some: Decimal, whole: Decimal) -> Fraction:
    part = (Fraction(some) / Fraction(whole)).limit_denominator(_FINE)
    return min(max(part, Fraction(0)), Fraction(1))
