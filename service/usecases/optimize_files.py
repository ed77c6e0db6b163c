"""Plan an instance file, or judge a plan file, with no database and no configuration."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from optimizer import (
    BadFile,
    explain,
    read_claim,
    read_instance,
    solve,
    violations,
    write_plan,
)
from service.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from optimizer import Plan, Reason

_SHARE_LEFT = 0.1  # of the time limit that is left to the solver however long reading took


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to search, reading included, from which seed and with how many threads."""

    time_limit_s: float
    seed: int
    workers: int


@dataclass(frozen=True, slots=True)
class Optimized:
    """A plan that was written, and why each job is where it is."""

    plan: Plan
    reasons: tuple[Reason, ...]
    elapsed_s: float

    @property
    def causes(self) -> dict[str, int]:
        """How many jobs were left out for which cause, most frequent first."""
        unplaced = set(self.plan.unplaced)
        codes = Counter(reason.code for reason in self.reasons if reason.job in unplaced)
        return dict(codes.most_common())


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the referee says of a plan file: valid when ``faults`` is empty."""

    faults: tuple[str, ...]
    cost: int | None
    bound: int | None
    gap: float | None
    placed: int
    unplaced: int


def optimize_file(
    instance: Path, out: Path, effort: Effort, clock: Callable[[], float] = time.monotonic
) -> Optimized:
    """Read ``instance``, plan it with ``effort`` and write the plan to ``out``.

    Raises:
        InputError: The instance cannot be used, or ``out`` cannot be written.
    """
    began = clock()
    if not out.absolute().parent.is_dir():
        raise InputError(f"{out}: there is no folder {out.absolute().parent}")
    try:
        problem = read_instance(instance)
    except BadFile as error:
        raise InputError(str(error)) from error
    limit_s = effort.time_limit_s
    solution = solve(
        problem,
        time_limit_s=max(limit_s - (clock() - began), limit_s * _SHARE_LEFT),
        seed=effort.seed,
        workers=effort.workers,
        clock=clock,
    )
    try:
        write_plan(solution.plan, out)
    except OSError as error:
        raise InputError(f"{out}: cannot be written: {error.strerror}") from error
    return Optimized(solution.plan, explain(problem, solution), clock() - began)


def check_plan_file(instance: Path, plan: Path) -> Verdict:
    """Judge ``plan`` against ``instance`` with the referee.

    Raises:
        InputError: The instance cannot be used, or the plan cannot be read at all.
    """
    try:
        problem = read_instance(instance)
        claim, faults = read_claim(plan)
    except BadFile as error:
        raise InputError(str(error)) from error
    faults = [*faults, *violations(problem, claim)]
    return Verdict(
        tuple(faults),
        claim.cost,
        claim.bound,
        claim.gap,
        len(claim.placements),
        len(claim.unplaced),
    )
