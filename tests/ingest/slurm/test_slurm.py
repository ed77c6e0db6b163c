"""Slurm's accounting: what sacct printed becomes job runs, each attempt once.

``sacct-early.txt`` and ``sacct-late.txt`` are real: Slurm 22.05.8 of Debian with slurmdbd and
MariaDB, a node with eight files for ``gres/gpu:h100``, recorded on 2026-11-21 some minutes apart
with ``TZ=UTC sacct -X -a -P -D --starttime=2026-01-01 --format=JobIDRaw,JobName,Comment,…``. Jobs
1 to 14 completed, failed, were an array (3, 11, 12), cancelled, over their time, requeued (6), and
had a pipe in their name (9); 13 still ran and 14 still waited when the early one was recorded.
"""

import gzip
from datetime import UTC, datetime
from pathlib import Path
from shutil import copy

import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from ingest.job_runs import JobRun
from ingest.port import Delivery, RejectedSourceError, Source, TransientSourceError
from ingest.registry import source_of
from ingest.settings import SlurmSettings
from ingest.sources.slurm.source import SlurmFiles
from tests.ingest.source_contract import SourceContract

HERE = Path(__file__).parent
HEADER = "JobIDRaw|JobName|Comment|User|Account|State|Submit|Start|End|NNodes|AllocTRES|NodeList"


def at(text: str) -> datetime:
    """A moment of November 2026 in UTC, as ``21 21:28:19``."""
    return datetime.fromisoformat(f"2026-11-{text.replace(' ', 'T')}").replace(tzinfo=UTC)


def over(folder: Path, **more: object) -> SlurmFiles:
    """The source over all text files of a folder."""
    setting = {"name": "slurm", "type": "slurm", "path": str(folder / "*.txt*"), **more}
    return SlurmFiles(SlurmSettings.model_validate(setting))


def runs(source: SlurmFiles) -> dict[tuple[str, int], JobRun]:
    """Everything that a source has, by job and attempt."""
    source.announced({})
    return {(one.job_id, one.attempt): one for month in source._months.values() for one in month}


def written(folder: Path, *lines: str, name: str = "sacct.txt") -> SlurmFiles:
    """The source over one file with these lines below the header."""
    (folder / name).write_text("\n".join([HEADER, *lines, ""]))
    return over(folder)


def job(**changed: str) -> str:
    """A line of a job that completed, with other fields."""
    fields = {
        "JobIDRaw": "7",
        "JobName": "train",
        "Comment": "",
        "User": "ada",
        "Account": "ml",
        "State": "COMPLETED",
        "Submit": "2026-11-01T10:00:00",
        "Start": "2026-11-01T11:00:00",
        "End": "2026-11-01T12:00:00",
        "NNodes": "1",
        "AllocTRES": "cpu=8,gres/gpu:h100=8,gres/gpu=8",
        "NodeList": "gpu01",
    }
    return "|".join((fields | changed)[name] for name in HEADER.split("|"))


class TestContract(SourceContract):
    @pytest.fixture
    def source(self) -> Source:
        setting = SlurmSettings(name="slurm", type="slurm", path=str(HERE / "sacct-*.txt"))
        return source_of(setting, clock=lambda: at("21 22:00:00"))


def test_typed_and_untyped_gpus_are_the_same_ones(tmp_path: Path) -> None:
    """Slurm says gres/gpu:h100=2 and gres/gpu=2 of one job: 2 GPUs, not 4."""
    copy(HERE / "sacct-late.txt", tmp_path)

    found = runs(over(tmp_path))

    assert {key: (one.gpus, one.accelerator_model) for key, one in found.items()} == {
        ("1", 1): (2, "H100"),
        ("2", 1): (1, "H100"),
        ("3", 1): (1, "H100"),
        ("4", 1): (1, "H100"),
        ("5", 1): (1, "H100"),
        ("6", 1): (1, "H100"),
        ("6", 2): (1, "H100"),
        ("8", 1): (0, None),
        ("9", 1): (2, "H100"),
        ("11", 1): (1, "H100"),
        ("12", 1): (1, "H100"),
        ("13", 1): (4, "H100"),
        ("14", 1): (8, "H100"),
    }


def test_each_end_of_a_job_has_its_state(tmp_path: Path) -> None:
    """Exit code 3 failed, scancel cancelled, the time limit timed out, a requeue lost its work."""
    copy(HERE / "sacct-late.txt", tmp_path)

    found = runs(over(tmp_path))

    assert {key: one.state for key, one in found.items() if one.state != "completed"} == {
        ("2", 1): "failed",
        ("4", 1): "cancelled",
        ("5", 1): "timeout",
        ("6", 1): "preempted",
        ("13", 1): "cancelled",
    }


def test_a_requeued_job_has_two_attempts(tmp_path: Path) -> None:
    """Job 6 ran 22 s, was put back at 21:28:41, and ran 12 s from 21:30:49."""
    copy(HERE / "sacct-late.txt", tmp_path)

    found = runs(over(tmp_path))

    assert (found["6", 1].started, found["6", 1].ended) == (at("21 21:28:19"), at("21 21:28:41"))
    assert (found["6", 2].submitted, found["6", 2].started) == (
        at("21 21:28:41"),
        at("21 21:30:49"),
    )
    assert (found["6", 2].ended, found["6", 2].state) == (at("21 21:31:01"), "completed")


def test_a_job_that_waits_counts_what_it_asked_for(tmp_path: Path) -> None:
    """Job 14 had nothing yet and wanted 8 GPUs; job 13 ran and had no end."""
    copy(HERE / "sacct-early.txt", tmp_path)

    found = runs(over(tmp_path))
    waiting, running = found["14", 1], found["13", 1]

    assert (waiting.state, waiting.gpus, waiting.started, waiting.hosts) == (
        "queued",
        8,
        None,
        None,
    )
    assert (running.state, running.ended, running.hosts) == ("running", None, ("vm",))


@pytest.mark.parametrize("names", [("a.txt", "b.txt"), ("b.txt", "a.txt")])
def test_of_two_files_the_one_that_saw_more_holds(tmp_path: Path, names: tuple[str, str]) -> None:
    """Job 14 waits in one file and is completed in the other, whatever their names: one run."""
    copy(HERE / "sacct-early.txt", tmp_path / names[0])
    copy(HERE / "sacct-late.txt", tmp_path / names[1])

    found = runs(over(tmp_path))

    assert len(found) == 13
    assert (found["14", 1].state, found["14", 1].ended) == ("completed", at("21 21:35:34"))
    assert found["13", 1].state == "cancelled"


def test_what_users_wrote_may_hold_a_pipe_and_a_label(tmp_path: Path) -> None:
    """The job named a|b is of workload wl-7; its account is its team, its user known."""
    copy(HERE / "sacct-late.txt", tmp_path)

    one = runs(over(tmp_path))["9", 1]

    assert (one.workload_id, one.team, one.user_name) == ("wl-7", "vision", "root")
    assert (one.nodes, one.project) == (1, None)


def test_a_comment_tells_checkpoint_project_and_workload(tmp_path: Path) -> None:
    """Of two checkpoints the last one counts: 13:30 at +02:00 is 11:30 UTC."""
    words = (
        "comptroller-checkpoint=2026-11-01T11:10:00Z comptroller-workload=wl-9"
        " comptroller-checkpoint=2026-11-01T13:30:00+02:00,comptroller-project=detector"
    )

    one = runs(written(tmp_path, job(Comment=words)))["7", 1]

    assert one.checkpoint_at == at("01 11:30:00")
    assert (one.workload_id, one.project, one.team) == ("wl-9", "detector", "ml")


def test_the_comment_of_an_admin_counts_as_the_users_own(tmp_path: Path) -> None:
    """AdminComment stands behind Comment, so its checkpoint is the last one."""
    header = HEADER.replace("Comment", "Comment|AdminComment")
    told = "comptroller-checkpoint=2026-11-01T11:10:00Z|comptroller-checkpoint=2026-11-01T11:40:00Z"
    (tmp_path / "sacct.txt").write_text(f"{header}\n{job(Comment=told)}\n")

    assert runs(over(tmp_path))["7", 1].checkpoint_at == at("01 11:40:00")


@pytest.mark.parametrize(("accounts", "team"), [({}, "vision"), ({"ml": "research"}, "research")])
def test_a_comment_does_not_take_a_job_out_of_an_account_that_has_a_team(
    tmp_path: Path, accounts: dict[str, str], team: str
) -> None:
    """Account ml alone is a weak word; where the settings say whose it is, that holds."""
    written(tmp_path, job(Comment="comptroller-team=vision"))

    assert runs(over(tmp_path, accounts=accounts))["7", 1].team == team


def test_words_that_cannot_be_read_are_told_and_nothing_else_is_lost(tmp_path: Path) -> None:
    """Five bad words in October and one in November: of the five three are shown, two counted."""
    bad = [
        "comptroller-checkpoint=yesterday",
        "comptroller-checkpoint=2026-11-01T11:40:00",
        "comptroller-project=",
        "comptroller-workload=-x",
        "comptroller-team=ä",
    ]
    october = [
        job(JobIDRaw=str(number), Submit="2026-10-30T10:00:00", Comment=word)
        for number, word in enumerate(bad, start=1)
    ]
    source = written(tmp_path, *october, job(JobIDRaw="9", Comment=f"{bad[0]} {bad[0]}"))

    told = source.announced({})
    first, second = (source.fetch(one, tmp_path, 7) for one in told)

    time = "accepted is a time with its offset, as 2026-10-05T13:00:00Z"
    name = "accepted is a name of letters, digits and . _ : -"
    assert first.notes == (
        f"sacct.txt, line 2: comptroller-checkpoint is 'yesterday'; {time}",
        f"sacct.txt, line 3: comptroller-checkpoint is '2026-11-01T11:40:00'; {time}",
        f"sacct.txt, line 4: comptroller-project is ''; {name}",
        "2 more words of comments could not be read",
    )
    assert second.notes == (f"sacct.txt, line 7: comptroller-checkpoint is 'yesterday'; {time}",)
    assert [one.checkpoint_at for one in runs(source).values()] == [None] * 6


def test_a_line_break_in_a_name_is_a_part_of_it(tmp_path: Path) -> None:
    """Slurm prints names as they are; not even one that looks like a job makes another one."""
    forged = "two\n" + job(JobIDRaw="9", Account="rich")

    found = runs(written(tmp_path, job(JobName=forged), job(JobIDRaw="8", JobName="a\n\nb")))

    assert [(one.job_id, one.team) for one in found.values()] == [("7", "ml"), ("8", "ml")]


def test_accounts_are_teams_unless_said_otherwise(tmp_path: Path) -> None:
    """Account ml is the team research; vision stays vision."""
    copy(HERE / "sacct-late.txt", tmp_path)

    found = runs(over(tmp_path, accounts={"ml": "research"}))

    assert (found["1", 1].team, found["9", 1].team) == ("research", "vision")


def test_a_month_is_the_one_of_submission_and_is_delivered_whole(tmp_path: Path) -> None:
    """A job of October that ran into November comes with the other one of October, as 2026-10."""
    october = {"JobIDRaw": "1", "Submit": "2026-10-31T23:00:00"}
    source = written(tmp_path, job(**october), job(JobIDRaw="2"), name="2026-11.txt")
    earlier = job(**october | {"State": "RUNNING", "End": "Unknown"})
    written(tmp_path, earlier, job(JobIDRaw="3", Submit="2026-10-02T08:00:00"), name="2026-10.txt")

    told = source.announced({})
    first = source.fetch(told[0], tmp_path, 7)
    table = pq.read_table(first.files[0].uri).to_pylist()

    assert [one.period for one in told] == ["2026-10", "2026-11"]
    assert (first.complete, first.period) == (True, "2026-10")
    assert [(row["job_id"], row["state"]) for row in table] == [
        ("3", "completed"),
        ("1", "completed"),
    ]
    assert [one.period for one in over(tmp_path, since="2026-11").announced({})] == ["2026-11"]


def test_the_mark_tells_the_content_alone(tmp_path: Path) -> None:
    """A file under another name with an older one beside it says the same; a new job does not."""
    copy(HERE / "sacct-late.txt", tmp_path)
    [first] = over(tmp_path).announced({})
    copy(HERE / "sacct-early.txt", tmp_path)
    [same] = over(tmp_path).announced({})
    [other] = written(tmp_path, job(JobIDRaw="99")).announced({})

    assert first.mark == same.mark
    assert first.mark != other.mark


def test_hosts_are_spelled_out(tmp_path: Path) -> None:
    """gpu[01-03,07],x1 are five hosts, and so five nodes."""
    found = runs(written(tmp_path, job(NodeList="gpu[01-03,07],x1")))

    assert found["7", 1].hosts == ("gpu01", "gpu02", "gpu03", "gpu07", "x1")
    assert found["7", 1].nodes == 5


def test_local_times_need_the_zone_of_the_cluster(tmp_path: Path) -> None:
    """10:00 in Berlin is 09:00 UTC in November; seconds since 1970 need no zone."""
    written(tmp_path, job(), job(JobIDRaw="8", Submit="1793527200"))

    found = runs(over(tmp_path, timezone="Europe/Berlin"))

    assert found["7", 1].submitted == at("01 09:00:00")
    assert found["8", 1].submitted == at("01 10:00:00")


def test_the_hour_that_comes_twice_does_not_end_before_it_begins(tmp_path: Path) -> None:
    """02:50 is 00:50 UTC at first; an end at 02:10 is then the second one, 01:10 UTC."""
    line = job(Submit="2026-10-25T02:40:00", Start="2026-10-25T02:50:00", End="2026-10-25T02:10:00")
    written(tmp_path, line)

    one = runs(over(tmp_path, timezone="Europe/Berlin"))["7", 1]

    assert one.started == datetime(2026, 10, 25, 0, 50, tzinfo=UTC)
    assert one.ended == datetime(2026, 10, 25, 1, 10, tzinfo=UTC)


def test_steps_are_no_jobs_and_unknown_words_are_left_to_the_loader(tmp_path: Path) -> None:
    """7.batch is a part of 7; a state that no Slurm had yet is set aside when it is loaded."""
    found = runs(written(tmp_path, job(State="EXPEDITING"), job(JobIDRaw="7.batch")))

    assert [one.state for one in found.values()] == ["expediting"]


def test_two_kinds_of_gpu_have_no_common_model(tmp_path: Path) -> None:
    """gres/gpu=3 of two types is 3 GPUs of no model; a shard is no whole GPU."""
    both = "gres/gpu=3,gres/gpu:a100=1,gres/gpu:h100=2"
    found = runs(
        written(
            tmp_path,
            job(AllocTRES=both),
            job(JobIDRaw="8", AllocTRES="gres/shard=4"),
            job(JobIDRaw="9", AllocTRES="gres/gpu:a100=1", NodeList="None assigned"),
        )
    )

    assert (found["7", 1].gpus, found["7", 1].accelerator_model) == (3, None)
    assert (found["8", 1].gpus, found["8", 1].accelerator_model) == (0, None)
    assert (found["9", 1].gpus, found["9", 1].accelerator_model) == (1, "A100")


def test_a_job_that_was_cancelled_while_it_waited_never_began(tmp_path: Path) -> None:
    """Start is None and End is told; the row of its waiting is the same attempt."""
    waiting = {"Start": "Unknown", "AllocTRES": "", "NodeList": "None assigned", "NNodes": ""}
    written(tmp_path, job(**waiting | {"State": "PENDING", "End": "Unknown"}), name="a.txt")
    source = written(tmp_path, job(**waiting | {"State": "CANCELLED by 1000", "Start": "None"}))

    [one] = runs(source).values()

    assert (one.state, one.started, one.ended) == ("cancelled", None, at("01 12:00:00"))
    assert (one.attempt, one.gpus, one.nodes) == (1, 0, None)


def test_compressed_files_are_read(tmp_path: Path) -> None:
    """Old months may be kept as .gz; a damaged one is named."""
    (tmp_path / "old.txt.gz").write_bytes(gzip.compress(f"{HEADER}\n{job()}\n".encode()))
    assert list(runs(over(tmp_path))) == [("7", 1)]

    (tmp_path / "old.txt.gz").write_bytes(b"nothing")
    with pytest.raises(RejectedSourceError, match=r"old\.txt\.gz: cannot be read"):
        over(tmp_path).announced({})


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("JobIDRaw", "abc", "sacct.txt, line 2: JobIDRaw is 'abc'; accepted is the number"),
        ("Submit", "Unknown", "line 2: Submit is 'Unknown'; accepted is a time"),
        ("End", "yesterday", "line 2: End is 'yesterday'; accepted is a time"),
        ("AllocTRES", "gres/gpu=two", "line 2: AllocTRES is 'gres/gpu=two'; accepted is as"),
        ("NodeList", "gpu[1-", "line 2: NodeList is 'gpu\\[1-'; accepted is a list"),
        ("NodeList", "gpu[3-1]", "line 2: NodeList"),
        ("NodeList", "gpu[1-x]", "line 2: NodeList"),
        ("NodeList", "gpu[1-999999]", "line 2: NodeList"),
        ("NodeList", "r[1-999]n[1-999]", "line 2: NodeList"),
        ("NodeList", "a[1-60000],b[1-60000]", "line 2: NodeList"),
        ("NNodes", "1|1", "line 2: State is '2026-11-01T10:00:00'"),
    ],
)
def test_a_field_that_cannot_be_read_is_named(
    tmp_path: Path, field: str, value: str, told: str
) -> None:
    """File, line, field, what it says and what is accepted."""
    with pytest.raises(RejectedSourceError, match=told):
        written(tmp_path, job(**{field: value})).announced({})


def test_files_that_are_no_output_of_sacct_are_refused(tmp_path: Path) -> None:
    """Too few fields, missing ones, free text in two places, no file at all."""
    with pytest.raises(RejectedSourceError, match="line 2: has 2 fields where the header has 12"):
        written(tmp_path, "1|2").announced({})
    (tmp_path / "sacct.txt").write_text("JobIDRaw|State\n")
    with pytest.raises(RejectedSourceError, match="the header lacks Submit, AllocTRES"):
        over(tmp_path).announced({})
    (tmp_path / "sacct.txt").write_text("JobIDRaw|JobName|State|Submit|Comment|AllocTRES\n")
    with pytest.raises(RejectedSourceError, match="JobName and Comment do not stand beside"):
        over(tmp_path).announced({})
    (tmp_path / "sacct.txt").write_text("JobIDRaw|State|Submit|AllocTRES|JobName\n")
    with pytest.raises(RejectedSourceError, match="JobName stands at the edge"):
        over(tmp_path).announced({})
    (tmp_path / "sacct.txt").write_text(f"{HEADER}\n" + "1\n" * 200)
    with pytest.raises(RejectedSourceError, match="line 2: has 1 fields"):
        over(tmp_path).announced({})
    (tmp_path / "sacct.txt").write_text("JobIDRaw|State|Submit|AllocTRES\n1|A|B|C|D\n")
    with pytest.raises(RejectedSourceError, match="line 2: has 5 fields"):
        over(tmp_path).announced({})
    (tmp_path / "sacct.txt").unlink()
    [check] = over(tmp_path).check()
    assert "no file fits" in check.advice


def test_a_line_that_is_cut_off_may_be_whole_later(tmp_path: Path) -> None:
    """Somebody may still be writing, so that another try can help."""
    (tmp_path / "sacct.txt").write_text(f"{HEADER}\n{job()}")

    with pytest.raises(TransientSourceError, match="line 2: the line is cut off"):
        over(tmp_path).announced({})


def test_a_cluster_without_jobs_has_nothing_to_say(tmp_path: Path) -> None:
    """A header alone is no fault."""
    source = written(tmp_path)

    assert source.announced({}) == []
    assert [one.passed for one in source.check()] == [True]


def test_a_time_zone_is_one() -> None:
    """CEST is none."""
    with pytest.raises(ValidationError, match="'CEST' is no time zone"):
        SlurmSettings(name="slurm", type="slurm", path="x", timezone="CEST")


def test_delivered_files_have_the_form_of_job_runs(tmp_path: Path) -> None:
    """Hosts are a JSON list, times are UTC, and the file's name tells its content."""
    copy(HERE / "sacct-late.txt", tmp_path / "x.txt")
    source = over(tmp_path)
    [one] = source.announced({})
    delivery: Delivery = source.fetch(one, tmp_path, 7)

    [file] = delivery.files
    first = pq.read_table(file.uri).to_pylist()[0]

    assert file.name == f"slurm-2026-11-{file.file_id}.parquet"
    assert first["checkpoint_at"] is None
    assert (first["hosts"], first["submitted"]) == ('["vm"]', at("21 21:28:19"))
    assert delivery.dialect == "canonical-jobs"
