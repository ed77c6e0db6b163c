"""An instance as flat arrays of 64-bit integers, the form that compiled loops read.

A *row* is a pair of an offer and a gang size that occurs on it: all jobs of a row see the same
prices, so a row's running sums over the slots price any window with one subtraction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from optimizer.instance import Instance, Job

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class Queue(NamedTuple):
    """Jobs with their usable options: options of job j are ``job_ptr[j]:job_ptr[j + 1]``."""

    job_ptr: Ints
    release: Ints
    end: Ints
    unplaced: Ints
    opt_row: Ints
    opt_slots: Ints
    opt_fixed: Ints
    row_offer: Ints
    row_gang: Ints


class Tables(NamedTuple):
    """The queue beside prices and capacities, one line per offer and one column per slot."""

    queue: Queue
    price: Ints
    capacity: Ints
    opt_index: Ints  # place of each usable option among its job's options

    @property
    def jobs(self) -> int:
        """How many jobs there are."""
        return len(self.queue.release)

    def base_prefix(self) -> Ints:
        """Running sums of price x gang per row, as integers; differences are exact."""
        queue = self.queue
        rows = len(queue.row_offer)
        # There is at least one line, as the loops take their number type from its zero.
        sums = np.zeros((max(1, rows), self.price.shape[1] + 1), np.int64)
        prices = self.price[queue.row_offer] * queue.row_gang[:, None]
        np.cumsum(prices, axis=1, out=sums[:rows, 1:])
        return sums


def tables(instance: Instance) -> Tables:
    """Flatten ``instance``, leaving out options that no empty cloud could run."""
    price = np.array([offer.price for offer in instance.offers], np.int64)
    capacity = np.array([offer.capacity for offer in instance.offers], np.int64)
    shape = (len(instance.offers), instance.slots)
    price, capacity = price.reshape(shape), capacity.reshape(shape)
    options, opt_index = _usable_options(instance, capacity)
    rows = sorted({(offer, gang) for _, offer, gang, _, _ in options})
    row_of = {pair: row for row, pair in enumerate(rows)}
    count = np.bincount([option[0] for option in options], minlength=len(instance.jobs))
    queue = Queue(
        job_ptr=np.concatenate([[0], np.cumsum(count)]).astype(np.int64),
        release=_ints(min(job.release, instance.slots) for job in instance.jobs),
        end=_ints(instance.end(job) for job in instance.jobs),
        unplaced=_ints(job.unplaced_cost for job in instance.jobs),
        opt_row=_ints(row_of[offer, gang] for _, offer, gang, _, _ in options),
        opt_slots=_ints(slots for _, _, _, slots, _ in options),
        opt_fixed=_ints(fixed for _, _, _, _, fixed in options),
        row_offer=_ints(offer for offer, _ in rows),
        row_gang=_ints(gang for _, gang in rows),
    )
    return Tables(queue, price, capacity, _ints(opt_index))


def has_room(instance: Instance, job: Job, slots: int, capacity: Ints) -> bool:
    """Whether ``capacity`` holds the gang somewhere for ``slots`` slots in a row in time."""
    window = capacity[job.release : instance.end(job)] >= job.gang
    full = np.flatnonzero(~window)
    stretches = np.diff(np.concatenate([[-1], full, [len(window)]])) - 1
    return bool(stretches.max() >= slots)


def _usable_options(
    instance: Instance, capacity: Ints
) -> tuple[list[tuple[int, int, int, int, int]], list[int]]:
    """(job, offer, gang, slots, fixed cost) of each usable option, and its place in the job."""
    number = {offer.id: index for index, offer in enumerate(instance.offers)}
    least = [min(offer.capacity) for offer in instance.offers]
    options, places = [], []
    for j, job in enumerate(instance.jobs):
        for place, option in enumerate(job.options):
            offer = number[option.offer]
            fits = bool(instance.starts(job, option))
            # A search for a gap is only needed where the capacity changes.
            if fits and job.gang > least[offer]:
                fits = has_room(instance, job, option.slots, capacity[offer])
            if fits:
                options.append((j, offer, job.gang, option.slots, option.fixed_cost))
                places.append(place)
    return options, places


def _ints(values: object) -> Ints:
    return np.array(list(values), np.int64)  # type: ignore[call-overload]
