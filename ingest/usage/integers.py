"""Divides whole amounts among many at once, so that the parts always add up."""

import numpy as np

from ingest.usage.samples import Ints, first_of_each


def largest_remainder(groups: Ints, weights: Ints, totals: Ints) -> Ints:
    """Divide each group's total in proportion to weights; ties go to those that come first.

    Args:
        groups: The number of each row's group; rows of a group are neighbours.
        weights: Zero or more; a group without any weight divides evenly.
        totals: The total of each row's group, repeated in each of its rows.
    """
    if not groups.size:
        return np.empty(0, np.int64)
    starts = first_of_each(groups)
    counts = np.diff(np.append(starts, groups.size))
    sums = np.repeat(np.add.reduceat(weights, starts), counts)
    weights = np.where(sums > 0, weights, 1)
    sums = np.where(sums > 0, sums, np.repeat(counts, counts))
    parts, remainders = np.divmod(totals * weights, sums)
    short = totals - np.repeat(np.add.reduceat(parts, starts), counts)
    numbers = np.repeat(np.arange(starts.size), counts)
    order = np.lexsort((-remainders, numbers))
    place = np.arange(groups.size) - np.repeat(starts, counts)
    parts[order] += place < short[order]
    return parts


def ratio(amounts: Ints, parts: Ints, wholes: Ints) -> Ints:
    """Return ``amounts * parts / wholes`` rounded half up; nothing of nothing is nothing."""
    doubled: Ints = (2 * amounts * parts + wholes) // np.maximum(2 * wholes, 1)
    return np.where(wholes > 0, doubled, 0)
