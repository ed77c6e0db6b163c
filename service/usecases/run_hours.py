"""How long a workload runs on an accelerator, and how much longer on spot, as exact fractions.

Interruptions are a prior, not a measurement of ours: 16 H100 spot machines of Google Cloud were
probed every 10 minutes for 14 days in 13 zones; one machine lived 4.2 hours on average, 8 together
1.9 and 16 together 1.4. The rates below are these, rounded. Real lifetimes are heavy-tailed, so
this is an expectation and no promise.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from ingest.machines import default_throughput

if TYPE_CHECKING:
    from service.documents.workload import Accelerator, Checkpoint, WorkloadDocument

INTERRUPTIONS_PER_HOUR = ((16, Fraction(3, 4)), (8, Fraction(1, 2)), (1, Fraction(1, 4)))
"""Expected interruptions an hour for gangs of at least so many machines."""

PROVISIONING_HOURS = Fraction(1, 10)
"""Time to get a new machine after an interruption (SkyPilot's and SkyNomad's 6 minutes)."""

WORST_STRETCH = 2
"""Spot is not considered where a run is expected to take more than this many times its work."""

_MINUTES = 60
_EXP = Context(prec=30)


@dataclass(frozen=True, slots=True)
class SpotHours:
    """Expected hours on spot, and the hours to keep in reserve to finish on demand after all."""

    expected: Fraction
    reserve: Fraction


def work_hours(document: WorkloadDocument, accelerator: Accelerator, model: str) -> Fraction:
    """Hours of undisturbed work on machines with ``model``, used as ``accelerator`` asks."""
    throughput = _throughput(document, accelerator, model)
    work = document.work
    if work.duration_hours is not None:
        return Fraction(work.duration_hours) / throughput
    together = document.nodes * accelerator.count_per_node
    return Fraction(work.accelerator_hours or 0) / (together * throughput)


def spot_hours(hours: Fraction, nodes: int, checkpoint: Checkpoint | None) -> SpotHours | None:
    """What ``hours`` of work become on spot; ``None`` where spot would stretch them too far.

    With checkpoints the work stands still to save, and each interruption costs half an interval,
    the restore and a new machine. Without, each starts the work anew.
    """
    rate = next(rate for least, rate in INTERRUPTIONS_PER_HOUR if nodes >= least)
    found = _with(checkpoint, hours, rate) if checkpoint else _without(hours, rate)
    if found is None or found.expected > WORST_STRETCH * hours:
        return None
    return found


def _with(checkpoint: Checkpoint, hours: Fraction, rate: Fraction) -> SpotHours | None:
    interval, save, restore = (
        Fraction(minutes) / _MINUTES
        for minutes in (
            checkpoint.interval_minutes,
            checkpoint.save_minutes,
            checkpoint.restore_minutes,
        )
    )
    back = restore + PROVISIONING_HOURS
    useful = 1 - rate * ((interval + save) / 2 + back)
    if useful <= 0:
        return None
    return SpotHours(hours * (interval + save) / interval / useful, interval + save + back)


def _without(hours: Fraction, rate: Fraction) -> SpotHours | None:
    if hours * rate > WORST_STRETCH:  # e^2 - 1 is more than 2 x 2, so the answer is known
        return None
    expected = hours * rate
    exponent = _EXP.divide(Decimal(expected.numerator), Decimal(expected.denominator))
    lost = Fraction(_EXP.exp(exponent)) - 1
    return SpotHours(lost * (1 / rate + PROVISIONING_HOURS), hours + PROVISIONING_HOURS)


def _throughput(document: WorkloadDocument, accelerator: Accelerator, model: str) -> Fraction:
    """Beside the reference model: as the workload says, else the default of its kind of work."""
    if accelerator.relative_throughput is not None:
        return Fraction(accelerator.relative_throughput)
    if document.work.reference_model is None:
        return Fraction(1)
    mine = default_throughput(document.kind, model)
    return Fraction(mine) / Fraction(
        default_throughput(document.kind, document.work.reference_model)
    )
