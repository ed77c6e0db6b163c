"""The hours that a plan looks at, numbered from 0."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

_HOUR = timedelta(hours=1)
SLOT_MINUTES = 60


@dataclass(frozen=True, slots=True)
class Horizon:
    """``slots`` hours from ``start`` on; slot n is ``[start + n hours, start + n + 1 hours)``."""

    start: datetime
    slots: int

    @classmethod
    def after(cls, moment: datetime, slots: int) -> Horizon:
        """Begin with the first full hour that is not over at ``moment``."""
        hour = moment.replace(minute=0, second=0, microsecond=0)
        return cls(hour if hour == moment else hour + _HOUR, slots)

    def first_slot_from(self, moment: datetime) -> int:
        """The first slot that begins at ``moment`` or later, 0 at least."""
        return max(0, -((self.start - moment) // _HOUR))

    def last_slot_until(self, moment: datetime) -> int:
        """The slot before which all must end to be done by ``moment``; 0 to ``slots``."""
        return min(self.slots, max(0, (moment - self.start) // _HOUR))

    def moment(self, slot: int) -> datetime:
        """When a slot begins."""
        return self.start + slot * _HOUR

    def covered(self, start: datetime, end: datetime) -> range:
        """The slots that lie wholly in ``[start, end)``."""
        return range(self.first_slot_from(start), self.last_slot_until(end))
