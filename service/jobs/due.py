"""Which scheduled time is due, computed from what the run table says."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from apscheduler.triggers.cron import CronTrigger

from service.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOOK_BACK = (timedelta(hours=1), timedelta(days=1), timedelta(days=32), timedelta(days=4 * 366))
_FIELDS = 5
_NAMED_DAYS = re.compile(r"[^0-9]+")


def due(cron: str, *, after: datetime, now: datetime) -> datetime | None:
    """Return the newest time of ``cron`` (UTC) in ``(after, now]``, or nothing.

    Whatever was missed before that time is left out: one run makes up for all of them.

    Raises:
        InputError: When ``cron`` is not a schedule.
    """
    trigger = _trigger(cron)
    for look_back in _LOOK_BACK:
        begin = max(after, now - look_back)
        newest = max(_times(trigger, begin, now), default=None)
        if newest is not None or begin == after:
            return newest
    return None


def _times(trigger: CronTrigger, after: datetime, now: datetime) -> Iterator[datetime]:
    moment: datetime | None = trigger.get_next_fire_time(None, after + timedelta(microseconds=1))
    while moment is not None and moment <= now:
        yield moment.astimezone(UTC)
        moment = trigger.get_next_fire_time(moment, moment + timedelta(microseconds=1))


def _trigger(cron: str) -> CronTrigger:
    fields = cron.split()
    # Digits for days of the week mean Sunday = 0 to cron and Monday = 0 to APScheduler.
    if len(fields) == _FIELDS and _NAMED_DAYS.fullmatch(fields[-1]):
        try:
            trigger: CronTrigger = CronTrigger.from_crontab(cron, timezone=UTC)
        except ValueError:
            pass
        else:
            return trigger
    raise InputError(
        f"nightly_cron {cron!r} is no schedule; accepted are the five fields of cron in UTC, days"
        " of the week by name: '30 2 * * *', '0 6 * * mon-fri'"
    )
