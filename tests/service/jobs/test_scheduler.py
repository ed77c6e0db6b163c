"""The scheduler wakes, the run table decides."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from structlog.testing import capture_logs

from service.domain.runs import Run, RunState
from service.errors import ConflictError
from service.jobs.scheduler import Nightly, scheduler_of

LAST_NIGHT = datetime(2026, 11, 20, 2, 30, tzinfo=UTC)
TONIGHT = LAST_NIGHT + timedelta(days=1)
NOW = TONIGHT + timedelta(minutes=5)


@dataclass
class House:
    """A run table with at most one run, and a nightly job that writes into it."""

    newest: Run | None = None
    ran: list[datetime] = field(default_factory=list)
    refusal: Exception | None = None

    def run(self, scheduled_at: datetime) -> None:
        """Run, or refuse."""
        self.ran.append(scheduled_at)
        if self.refusal:
            raise self.refusal
        self.newest = a_run(scheduled_at, RunState.SUCCEEDED)

    def nightly(self, now: datetime = NOW, started: datetime = LAST_NIGHT) -> Nightly:
        """Return the job as the scheduler gets it."""
        return Nightly("30 2 * * *", started, lambda: now, lambda: self.newest, self.run)


def a_run(scheduled_at: datetime, state: RunState) -> Run:
    """Return a recorded run."""
    return Run(UUID(int=1), "nightly", scheduled_at, state, scheduled_at, None)


def test_a_scheduled_time_runs_once_however_often_we_wake() -> None:
    """At 02:35 the run of 02:30 is due at the first wake and done at the second."""
    house = House(newest=a_run(LAST_NIGHT, RunState.SUCCEEDED))
    nightly = house.nightly()

    nightly.wake()
    nightly.wake()

    assert house.ran == [TONIGHT]


def test_nothing_that_lies_before_the_first_start_is_made_up_for() -> None:
    """A scheduler that comes up at 02:35 for the first time waits for the next night."""
    house = House()

    house.nightly(started=NOW).wake()

    assert house.ran == []


def test_a_run_that_was_left_unfinished_is_run_on() -> None:
    """A process died in last night's run, and tonight's is not due yet: last night's goes on."""
    house = House(newest=a_run(LAST_NIGHT, RunState.RUNNING))

    house.nightly(now=TONIGHT - timedelta(minutes=1)).wake()

    assert house.ran == [LAST_NIGHT]


def test_a_missed_run_goes_before_an_unfinished_older_one() -> None:
    """Last night's run is unfinished and tonight's is due: tonight's makes up for both."""
    house = House(newest=a_run(LAST_NIGHT, RunState.RUNNING))

    house.nightly().wake()

    assert house.ran == [TONIGHT]


def test_a_failed_run_waits_for_the_next_night() -> None:
    """A run that failed for a reason would fail every minute again."""
    house = House(newest=a_run(TONIGHT, RunState.FAILED))

    house.nightly().wake()

    assert house.ran == []


def test_a_refusal_is_logged_and_the_next_wake_tries_again() -> None:
    """While another process holds the lease, this one is refused and goes on waking."""
    house = House(refusal=ConflictError("another process is at it"))
    nightly = house.nightly()

    with capture_logs() as logs:
        nightly.wake()
        nightly.wake()

    assert house.ran == [TONIGHT, TONIGHT]
    assert logs[-1]["reason"] == "another process is at it"
    assert logs[-1]["code"] == "conflict"


def test_the_scheduler_wakes_at_once_when_it_comes_up() -> None:
    """Its first wake is due when it starts, so a missed run does not wait for the minute."""
    scheduler = scheduler_of(House().nightly())

    (job,) = scheduler.get_jobs()

    assert job.id == "nightly"
    assert job.next_run_time == NOW


def test_a_started_scheduler_runs_the_job() -> None:
    """The job's own run ends the scheduler here, so starting it returns."""
    house = House()

    def run_and_end(scheduled_at: datetime) -> None:
        house.run(scheduled_at)
        scheduler.shutdown(wait=False)

    scheduler = scheduler_of(replace(house.nightly(), run=run_and_end))

    scheduler.start()

    assert house.ran == [TONIGHT]
