"""A proven lower bound: prices on capacity (Lagrange multipliers), found by a damped ascent.

For any multipliers m >= 0 on the capacity rows, (sum over jobs of the cheapest choice at prices
raised by m) - (sum of m x limit) is at most the cost of every plan. The search for good
multipliers runs in floats; what is reported is evaluated once more in exact integers.
"""

from __future__ import annotations

from math import gcd
from typing import TYPE_CHECKING

import numpy as np

from optimizer import kernel
from optimizer.rows import capacity_rows

if TYPE_CHECKING:
    from collections.abc import Iterable

    from optimizer.tables import Floats, Ints, Tables

_MEAN, _SQUARE = 0.95, 0.999  # memory of the averages of slopes and of their squares
_FLAT = 1e-3  # machines; keeps cells that nobody wants from moving
_SAFE = 2**62  # integer sums stay below this, so that 64 bits hold them


class Dual:
    """Multipliers with the best proven bound so far; ``improve`` can be called again."""

    def __init__(self, table: Tables) -> None:
        """Start from multipliers of zero: every job as if it were alone."""
        self._table = table
        self.rows = capacity_rows(table)
        self.pay: Floats = np.zeros(self.rows.limit.shape)
        self._base = table.base_prefix()
        self._prefix = np.zeros(self._base.shape)
        self._gangs = np.zeros((len(self._base), self.rows.limit.shape[1]), np.int64)
        self._use = np.zeros_like(self.rows.limit)
        self._choice = kernel.nobody(table.jobs)
        self._values = np.zeros(table.jobs)
        self.value, _ = self._evaluate(self.pay)
        self.bound = exact_bound(table, self)

    def prefix(self) -> Floats:
        """Running sums of the rows' prices with the multipliers on top."""
        sums = np.zeros(self._base.shape)
        kernel.priced(self.rows.link, self.pay, self._base, sums)
        return sums

    def floor(self) -> Floats:
        """What each job costs at the raised prices as if it were alone."""
        values = np.zeros(self._table.jobs)
        kernel.cheapest(
            self._table.queue,
            self._table.capacity,
            self.prefix(),
            values,
            kernel.nobody(self._table.jobs),
        )
        return values

    def improve(self, stride: Iterable[float]) -> None:
        """Climb one evaluation per ``stride``, the length of a step in millionths.

        Each coordinate moves by its averaged slope over its averaged size (Adam): the slopes
        flip from step to step, and this damps them cell by cell.
        """
        trial, mean, square = self.pay, np.zeros_like(self.pay), np.zeros_like(self.pay)
        for turn, length in enumerate(stride, 1):
            value, slope = self._evaluate(trial)
            if value > self.value:
                self.value, self.pay = value, trial
            mean += (1 - _MEAN) * (slope - mean)
            square += (1 - _SQUARE) * (slope * slope - square)
            size = np.sqrt(square / (1 - _SQUARE**turn)) + _FLAT
            trial = np.maximum(trial + length / (1 - _MEAN**turn) * mean / size, 0.0)
        self.bound = max(self.bound, exact_bound(self._table, self))

    def _evaluate(self, pay: Floats) -> tuple[float, Floats]:
        """The relaxed cost at ``pay``, and by how much the cheapest choices overfill the rows."""
        queue, rows = self._table.queue, self.rows
        kernel.priced(rows.link, pay, self._base, self._prefix)
        kernel.cheapest(queue, self._table.capacity, self._prefix, self._values, self._choice)
        kernel.running(queue, self._choice, self._gangs)
        kernel.machines_used(rows.link, self._gangs, self._use)
        value = float(self._values.sum() - (pay * rows.limit).sum())
        return value, (self._use - rows.limit).astype(np.float64)


def exact_bound(table: Tables, dual: Dual) -> int:
    """The bound that the multipliers prove, in integers, rounded up to what costs can be."""
    scale = _scale(table, dual)
    # Amounts too large to be raised safely get the bound of multipliers zero.
    pay = np.floor(dual.pay * scale).astype(np.int64)
    scale = max(scale, 1)
    queue = table.queue._replace(
        unplaced=table.queue.unplaced * scale, opt_fixed=table.queue.opt_fixed * scale
    )
    base = table.base_prefix() * scale
    prefix = np.zeros_like(base)
    kernel.priced(dual.rows.link, pay, base, prefix)
    values = np.zeros(table.jobs, np.int64)
    kernel.cheapest(queue, table.capacity, prefix, values, kernel.nobody(table.jobs))
    paid = sum(int(row) for row in (pay.astype(object) * dual.rows.limit).sum(axis=1))
    total = sum(values.tolist()) - paid
    unit = scale * cost_unit(table)
    return max(0, -(-total // unit) * cost_unit(table))


def cost_unit(table: Tables) -> int:
    """A number that divides the cost of every plan."""
    queue = table.queue
    numbers: tuple[Ints, ...] = (
        np.unique(queue.unplaced), np.unique(queue.opt_fixed), np.unique(table.price)
    )  # fmt: skip
    return max(1, gcd(*(int(number) for numbers_ in numbers for number in numbers_)))


def _scale(table: Tables, dual: Dual) -> int:
    """The largest power of two, up to 2^20, that keeps every sum in 64 bits; 0 if none does."""
    queue, slots = table.queue, table.price.shape[1]
    if not len(queue.row_offer):
        return 1
    dearest = (table.price.max(axis=1)[queue.row_offer] * queue.row_gang).max()
    together = np.bincount(dual.rows.offer).max()
    paid = float(dual.pay.max(initial=0.0)) * float(queue.row_gang.max()) * float(together)
    largest = (int(dearest) + int(paid) + 1) * slots
    largest += int(queue.unplaced.max(initial=0)) + int(queue.opt_fixed.max(initial=0))
    scale = 2**20
    while scale and largest * scale >= _SAFE:
        scale //= 2
    return scale
