"""Slurm's files loaded night after night: a month is replaced whole, and only when it changed."""

from pathlib import Path
from shutil import copy

from service.bootstrap import Wiring
from tests.ingest.nights import asked, load, outcomes
from tests.ingest.slurm.test_slurm import HERE, job, over, written

RUNS = """SELECT count(*), count(*) FILTER (state = 'running'), count(*) FILTER (state = 'queued'),
    sum(gpus), count(DISTINCT hosts) FROM job_run"""


def test_a_month_is_replaced_and_left_alone_while_nothing_changes(
    wiring: Wiring, tmp_path: Path
) -> None:
    """13 attempts of 24 GPUs: one runs and one waits, then none; the third night finds no news."""
    files = tmp_path / "files"
    files.mkdir()
    copy(HERE / "sacct-early.txt", files / "2026-11.txt")
    first = load(over(files), wiring, tmp_path)
    early = asked(wiring, "job_run", RUNS)
    copy(HERE / "sacct-late.txt", files / "2026-11.txt")
    second = load(over(files), wiring, tmp_path)
    third = load(over(files), wiring, tmp_path)

    assert outcomes(first) == [("jobs", "2026-11", "loaded", 13)]
    assert outcomes(second) == [("jobs", "2026-11", "loaded", 13)]
    assert outcomes(third) == [("jobs", "2026-11", "unchanged", 0)]
    assert early == [(13, 1, 1, 24, 1)]
    assert asked(wiring, "job_run", RUNS) == [(13, 0, 0, 24, 1)]


def test_a_checkpoint_reaches_the_lake_and_one_after_the_end_is_a_finding(
    wiring: Wiring, tmp_path: Path
) -> None:
    """The job ended at 12:00: saved at 11:40 is fine, saved at 13:00 is counted and kept."""
    files = tmp_path / "files"
    files.mkdir()
    saved = [f"comptroller-checkpoint=2026-11-01T{hour}:00Z" for hour in ("11:40", "13:00")]
    lines = [job(JobIDRaw=str(at), Comment=word) for at, word in enumerate(saved, start=1)]

    [done] = load(written(files, *lines), wiring, tmp_path)

    assert done.result is not None
    found = [(one.rule, one.column, one.rows) for one in done.result.findings]
    assert found == [("saved after it ended", "checkpoint_at", 1)]
    hours = asked(wiring, "job_run", "SELECT hour(checkpoint_at) FROM job_run ORDER BY job_id")
    assert hours == [(11,), (13,)]
