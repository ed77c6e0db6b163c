"""Slurm's accounting as a source: files that sacct wrote, put together to months of job runs."""

from __future__ import annotations

import glob
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from ingest.job_runs import by_month, mark_of, spool_runs
from ingest.port import (
    Announcement,
    Check,
    Delivery,
    Kind,
    Marks,
    RejectedSourceError,
    SourceError,
)
from ingest.sources.slurm.labels import labels_of
from ingest.sources.slurm.lines import lines_of
from ingest.sources.slurm.runs import Reading, attempts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingest.job_runs import JobRun
    from ingest.settings import SlurmSettings

_SHOWN = 3
"""So many odd words of a month are told in full; the rest are counted."""


class SlurmFiles:
    """Delivers every month of submission that the files tell of, whole.

    A job that ran over the end of a month stands in the files of both, so all files are read
    together before the first month is delivered.
    """

    def __init__(self, setting: SlurmSettings) -> None:
        """Take what the settings say; no file is read yet."""
        self.name = setting.name
        self._setting = setting
        self._reading = Reading(ZoneInfo(setting.timezone), setting.accounts)
        self._months: dict[str, list[JobRun]] = {}
        self._odd: dict[str, list[str]] = {}

    def announced(self, known: Marks) -> list[Announcement]:
        """Read every file, and say which months of submission there are.

        Raises:
            SourceError: When one file cannot be used; then nothing is announced.
        """
        del known  # Files of any month may have changed, and only reading them tells.
        self._odd = {}
        runs = attempts(self._told())
        since = self._setting.since or ""
        self._months = {month: of for month, of in by_month(runs).items() if month >= since}
        return [
            Announcement(Kind.JOBS, month, mark_of(of), None, f"{self._setting.path} ({month})")
            for month, of in self._months.items()
        ]

    def fetch(self, announced: Announcement, folder: Path, version: int) -> Delivery:
        """Write the runs of one month, as they were when they were announced."""
        month = announced.period or ""
        file = spool_runs(self._months[month], f"slurm-{month}", folder)
        return Delivery(
            source=self.name,
            kind=Kind.JOBS,
            dialect="canonical-jobs",
            version=version if announced.version is None else announced.version,
            complete=True,
            files=(file,),
            period=announced.period,
            mark=announced.mark,
            notes=tuple(self._notes(month)),
        )

    def _told(self) -> Iterator[JobRun]:
        """Read every line, and keep what users wrote in vain by the month of the job."""
        for path in self._files():
            for line in lines_of(path):
                labels = labels_of(line.text)
                run = self._reading.run(line, labels)
                self._odd.setdefault(run.month, []).extend(
                    f"{line.place}: {what}" for what in labels.odd
                )
                yield run

    def _notes(self, month: str) -> Iterator[str]:
        """Say what was written and not understood; the jobs are loaded without it."""
        odd = self._odd.get(month, [])
        yield from odd[:_SHOWN]
        if len(odd) > _SHOWN:
            yield f"{len(odd) - _SHOWN:,} more words of comments could not be read"

    def check(self) -> list[Check]:
        """Say whether the files are there and can be read."""
        what = f"output of sacct at {self._setting.path}"
        try:
            found = self.announced({})
        except SourceError as problem:
            return [Check(what, passed=False, advice=str(problem))]
        months = ", ".join(one.period or "" for one in found) or "no job"
        return [Check(f"{what} ({months})", passed=True)]

    def _files(self) -> list[Path]:
        """Return the files of the pattern in the order of their names."""
        found = [Path(name) for name in glob.glob(self._setting.path, recursive=True)]  # noqa: PTH207 - the pattern may be absolute
        files = sorted(path for path in found if path.is_file())
        if not files:
            raise RejectedSourceError(
                f"{self.name}: no file fits {self._setting.path}; look at path, and at the cron "
                "line that writes the files (docs/connect/slurm.md)"
            )
        return files
