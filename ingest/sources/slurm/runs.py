"""Makes job runs of what sacct says: one for each attempt that Slurm made at a job."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ingest.job_runs import JobRun
from ingest.sources.slurm.hosts import expand
from ingest.sources.slurm.times import moment_after
from ingest.sources.slurm.tres import gpus_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from zoneinfo import ZoneInfo

    from ingest.sources.slurm.labels import Labels
    from ingest.sources.slurm.lines import Line

_STATES = {
    "pending": "queued",
    "configuring": "queued",
    "requeue_hold": "queued",
    "requeue_fed": "queued",
    "resv_del_hold": "queued",
    "special_exit": "queued",
    "power_up_node": "queued",
    "running": "running",
    "completing": "running",
    "resizing": "running",
    "signaling": "running",
    "stage_out": "running",
    "stopped": "running",
    "suspended": "running",
    "completed": "completed",
    "boot_fail": "failed",
    "failed": "failed",
    "launch_failed": "failed",
    "node_fail": "failed",
    "out_of_memory": "failed",
    "reconfig_fail": "failed",
    "preempted": "preempted",
    "requeued": "preempted",
    "cancelled": "cancelled",
    "revoked": "cancelled",
    "deadline": "timeout",
    "timeout": "timeout",
}
"""Our state for each of Slurm's; a word that is not among them is left for the loader to refuse."""

_WORD = re.compile(r"[A-Z_]+")
_GOING_ON = ("queued", "running")
_JOB_ID = re.compile(r"\d+(?:[+_]\d+)?")
_FAR = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Reading:
    """How a cluster's lines are to be read: its time zone, and whose its accounts are."""

    zone: ZoneInfo
    accounts: Mapping[str, str]

    def run(self, line: Line, labels: Labels) -> JobRun:
        """Return the run that a line with its ``labels`` tells, as a first attempt.

        Raises:
            RejectedSourceError: When a field cannot be read; names file, line and field.
        """
        fields = line.fields
        state = _state(line)
        if not _JOB_ID.fullmatch(fields["JobIDRaw"]):
            raise line.refused("JobIDRaw", "the number of a job")
        submitted, started, ended = self._times(line)
        gpus, model = _gpus(line)
        hosts = _hosts(line)
        return JobRun(
            job_id=fields["JobIDRaw"],
            attempt=1,
            workload_id=labels.workload,
            user_name=fields.get("User") or None,
            team=self._team(fields.get("Account") or None, labels.team),
            project=labels.project,
            nodes=len(hosts) if hosts else _nodes(line),
            gpus=gpus,
            accelerator_model=model,
            submitted=submitted,
            started=None if state == "queued" else started,
            ended=None if state in _GOING_ON else ended,
            state=state,
            hosts=hosts,
            checkpoint_at=labels.checkpoint_at,
        )

    def _team(self, account: str | None, told: str | None) -> str | None:
        """Whose job it is: a comment cannot take it out of an account that has a team."""
        return self.accounts.get(account or "") or told or account

    def _times(self, line: Line) -> tuple[datetime, datetime | None, datetime | None]:
        found: list[datetime | None] = []
        for field in ("Submit", "Start", "End"):
            try:
                last = found[-1] if found else None
                found.append(moment_after(line.fields.get(field, ""), last, self.zone))
            except ValueError as problem:
                raise line.refused(field, "a time, as 2026-10-05T13:00:00") from problem
        if found[0] is None:
            raise line.refused("Submit", "a time, as 2026-10-05T13:00:00")
        return found[0], found[1], found[2]


def _state(line: Line) -> str:
    """Slurm adds who cancelled a job behind the word."""
    word = _WORD.match(line.fields["State"])
    if not word:
        raise line.refused("State", "one of Slurm's words, as COMPLETED")
    return _STATES.get(word[0].lower(), word[0].lower())


def _gpus(line: Line) -> tuple[int, str | None]:
    """What the job has, or while it waits, what it wants."""
    field = "AllocTRES" if line.fields["AllocTRES"] else "ReqTRES"
    try:
        return gpus_of(line.fields.get(field, ""))
    except ValueError as problem:
        raise line.refused(field, "as gres/gpu:h100=2,gres/gpu=2") from problem


def _hosts(line: Line) -> tuple[str, ...] | None:
    try:
        return expand(line.fields.get("NodeList", ""))
    except ValueError as problem:
        raise line.refused("NodeList", "a list of hosts, as gpu[01-04]") from problem


def _nodes(line: Line) -> int | None:
    told = line.fields.get("NNodes", "")
    return int(told) if told.isdigit() and int(told) > 0 else None


def attempts(told: Iterable[JobRun]) -> list[JobRun]:
    """Return each attempt once, numbered by job in the order in which they began.

    Several files may tell of one attempt, an older one while it still waited or ran: what has
    gone furthest is what holds.
    """
    jobs: dict[str, list[JobRun]] = {}
    for run in told:
        jobs.setdefault(run.job_id, []).append(run)
    return [run for job in jobs.values() for run in _numbered(job)]


def _numbered(told: list[JobRun]) -> Iterator[JobRun]:
    if len(told) == 1:
        yield told[0]
        return
    latest: dict[tuple[datetime, datetime | None], JobRun] = {}
    for run in sorted(told, key=_progress):
        latest[run.submitted, run.started] = run
    begun = {submitted for submitted, started in latest if started}
    kept = [run for run in latest.values() if run.started or run.submitted not in begun]
    ordered = sorted(kept, key=lambda run: (run.submitted, run.started or _FAR))
    for number, run in enumerate(ordered, start=1):
        yield replace(run, attempt=number)


def _progress(run: JobRun) -> tuple[bool, bool, datetime, str]:
    """Sort key: what has gone further comes later, whichever file told it."""
    over = run.state not in _GOING_ON
    return over, run.state != "queued", run.ended or _FAR, repr(run)
