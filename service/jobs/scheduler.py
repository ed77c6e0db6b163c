"""The table of jobs: APScheduler only wakes us, the run table says what there is to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

import structlog
from apscheduler.schedulers.blocking import BlockingScheduler
from apscheduler.triggers.cron import CronTrigger

from service.domain.runs import RunState
from service.errors import ComptrollerError
from service.jobs.due import due

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from service.domain.runs import Run


@dataclass(frozen=True, slots=True)
class Nightly:
    """The nightly job: its schedule, its newest recorded run, and how to run it.

    ``started`` is when this scheduler came up: where nothing ever ran, nothing was missed before.
    """

    cron: str
    started: datetime
    clock: Callable[[], datetime]
    newest: Callable[[], Run | None]
    run: Callable[[datetime], object]

    def due(self) -> datetime | None:
        """Return the scheduled time to run now: the newest missed one, else one left unfinished."""
        newest = self.newest()
        after = self.started if newest is None else newest.scheduled_at
        missed = due(self.cron, after=after, now=self.clock())
        if missed is None and newest is not None and newest.state == RunState.RUNNING:
            return newest.scheduled_at
        return missed

    def wake(self) -> None:
        """Run what is due; a refusal is logged, and the next wake tries again."""
        log = structlog.get_logger()
        try:
            scheduled_at = self.due()
            if scheduled_at is None:
                return
            log.info("nightly run is due", scheduled_at=scheduled_at.isoformat())
            self.run(scheduled_at)
        except ComptrollerError as refusal:
            log.warning("nightly run did not finish", reason=str(refusal), code=refusal.code)


def scheduler_of(nightly: Nightly) -> BlockingScheduler:
    """Return a scheduler that wakes the nightly job now and at every full minute."""
    scheduler = BlockingScheduler(timezone=UTC)
    scheduler.add_job(
        nightly.wake,
        CronTrigger(minute="*", timezone=UTC),
        id="nightly",
        max_instances=1,
        coalesce=True,
        misfire_grace_time=None,
        next_run_time=nightly.clock(),
    )
    return scheduler
