"""``comptroller demo`` and ``comptroller nightly``, from an empty folder to the report."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from io import StringIO
from pathlib import Path

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner, Result

from service.bootstrap import Wiring, demo_settings, settings_from_environment
from service.cli import demo, nightly
from service.cli.progress import TerminalProgress
from service.domain.runs import RunState
from service.errors import InputError
from service.store.embedded import EmbeddedServer
from service.usecases.run_nightly import JOB
from tests.warehouse.rows import load_id, stage_rows
from warehouse.commit import commit, current_files
from warehouse.port import Partition

PROBES = Partition("availability", "probes", "2026-10-05")
"""A partition of a table that no step of the night reads."""

SMALL = ("--date", "2026-11-03", "--days", "3", "--workloads", "8")


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """An empty data folder; the demo's own server ends with it."""
    folder = Path(tempfile.mkdtemp(prefix="comptroller-demo-"))
    yield folder
    EmbeddedServer(folder / "demo").stop()
    shutil.rmtree(folder)


@pytest.fixture
def app(home: Path, monkeypatch: pytest.MonkeyPatch) -> typer.Typer:
    """Both commands; a database is configured, which the demo must not touch."""
    monkeypatch.setenv("COMPTROLLER_DATA_DIR", str(home))
    monkeypatch.setenv("COMPTROLLER_DATABASE_URL", "postgresql://nobody:x@127.0.0.1:1/nothing")
    monkeypatch.setenv("COMPTROLLER_PLAN_TIME_LIMIT_S", "1")
    commands = typer.Typer()
    demo.register(commands)
    nightly.register(commands)
    return commands


def invoke(commands: typer.Typer, *arguments: str) -> Result:
    """Run a command and let its bugs out."""
    return CliRunner().invoke(commands, arguments, catch_exceptions=False)


def test_the_demo_ends_with_a_report_and_a_second_one_finds_nothing_new(app: typer.Typer) -> None:
    """Seven sources are loaded, then all seven are unchanged; both end with costs and a plan."""
    first = invoke(app, "demo", *SMALL)
    second = invoke(app, "demo", *SMALL)

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert first.stdout.count(" loaded ") == 7
    assert second.stdout.count(" unchanged ") == 7
    assert "✓ maintain" in second.stderr
    assert "Maintained the lake" not in second.stdout
    for text in ("DEMO", "Effective cost by provider", "Cost by team, 2026-10", "unallocated",
                 "Bills and allocations, exact", "lower bound, proven", "on demand"):  # fmt: skip
        assert text in second.stdout


def test_a_night_is_run_once_and_then_only_read(
    app: typer.Typer, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same date gives the same report; --again begins a new run with a plan of its own."""
    invoke(app, "demo", *SMALL)
    monkeypatch.setenv("COMPTROLLER_DATA_DIR", str(home / "demo"))
    monkeypatch.delenv("COMPTROLLER_DATABASE_URL")
    night = ("nightly", "--date", "2026-11-04", "--format", "json")

    first, second = invoke(app, *night), invoke(app, *night)
    again = invoke(app, *night, "--again")

    report = json.loads(first.stdout)
    assert report == json.loads(second.stdout)
    assert report["scheduled_at"] == "2026-11-04T02:30:00+00:00"
    assert report["plan"]["id"] != json.loads(again.stdout)["plan"]["id"]
    assert {row["difference"] for row in report["periods"]} == {"0.00"}


def test_another_format_is_wrong_usage(app: typer.Typer) -> None:
    """Table and json are accepted; xml ends with 2."""
    ended = CliRunner().invoke(app, ["nightly", "--format", "xml"])

    assert ended.exit_code == 2
    assert "accepted are table and json" in ended.output


def test_the_scheduler_runs_the_night_and_logs_its_steps(wiring: Wiring) -> None:
    """A house without sources has five steps: allocate, account, plan, report and maintain."""
    at = datetime(2026, 11, 21, 2, 30, tzinfo=UTC)

    nightly.run_scheduled(wiring, at)

    with wiring.store.work() as work:
        run = work.runs.latest(JOB, 1)[0]
        steps = {step.name for step in work.runs.steps(run.id)}
    assert run.scheduled_at == at
    assert steps == {
        "allocate",
        "post",
        "account",
        "rightsize",
        "plan",
        "report",
        "maintain",
    }


def test_a_broken_source_is_told_and_ends_with_3(wiring: Wiring) -> None:
    """No file fits the pattern of source aws: the run stands, and says what is missing."""
    source = {"name": "aws", "kind": None, "path": "no/such/*.csv"}
    settings = type(wiring.settings)(**{**wiring.settings.model_dump(), "sources": [source]})
    broken = Wiring(settings, *(getattr(wiring, part) for part in wiring.__slots__[1:]))

    assert nightly.run_and_show(broken, None, again=False) == nightly.INCOMPLETE
    nightly.run_scheduled(broken, datetime(2026, 11, 22, 2, 30, tzinfo=UTC))


def test_the_night_ends_with_maintenance_of_the_lake(
    wiring: Wiring, capsys: pytest.CaptureFixture[str]
) -> None:
    """Eight files of a day become one; record and terminal say so, tonight and when read again."""
    _add_probes(wiring, 8)

    codes = [nightly.run_and_show(wiring, None, again=False) for _ in range(2)]

    with wiring.store.work() as work:
        steps = work.runs.steps(work.runs.latest(JOB, 1)[0].id)
    assert codes == [0, 0]
    assert {step.name: step.result for step in steps}["maintain"] == {
        "keep_days": 30,
        "compacted": {"partitions": 1, "files_before": 8, "files_after": 1, "overtaken": 0},
        "maintained": {"expired_snapshots": 0, "deleted_files": 0, "deleted_bytes": 0},
    }
    assert capsys.readouterr().out.count("Put 8 small files of 1 partitions together into 1.") == 2


def test_maintenance_that_fails_is_told_and_the_report_stands(
    wiring: Wiring, capsys: pytest.CaptureFixture[str]
) -> None:
    """One of eight files has vanished: the run succeeds with a report and ends with 3."""
    _add_probes(wiring, 8)
    Path(current_files(wiring.lake, PROBES.table)[0].uri).unlink()

    code = nightly.run_and_show(wiring, None, again=False, output="json")

    with wiring.store.work() as work:
        run = work.runs.latest(JOB, 1)[0]
    report = json.loads(capsys.readouterr().out)
    assert (code, run.state) == (nightly.INCOMPLETE, RunState.SUCCEEDED)
    assert report["plan"] is not None
    assert list(report["failed"]) == ["maintain"]
    assert "'probes'" in report["failed"]["maintain"]


def _add_probes(wiring: Wiring, count: int) -> None:
    """Load one probe of a day after the other, each into a file of its own."""
    select = "SELECT 'probes' AS x_SourceId, DATE '2026-10-05' AS x_Day, 'f' AS x_FileId"
    for number in range(1, count + 1):
        file = stage_rows(wiring.lake.folder(load_id(number)) / "p.parquet", PROBES, select, 1)
        commit(
            wiring.lake,
            PROBES.table,
            partitions=[PROBES],
            files=[file],
            load_id=load_id(number),
            version=number,
            delivered={str(number): "p"},
            complete=False,
        )
        wiring.lake.close_load(load_id(number))


def test_a_day_that_the_schedule_leaves_out_is_run_at_midnight() -> None:
    """On weekdays at 6; 21 November 2026 is a Saturday."""
    cron = "0 6 * * mon-fri"

    assert nightly.scheduled_on(date(2026, 11, 20), cron).hour == 6
    assert nightly.scheduled_on(date(2026, 11, 21), cron).hour == 0


def test_a_terminal_sees_what_failed_as_it_stands() -> None:
    """A reason may hold brackets, which are no markup."""
    screen = StringIO()

    with TerminalProgress(Console(file=screen, width=80)) as progress:
        progress.started("plan")
        progress.failed("plan", InputError("no [/b] today"))

    assert "plan: no [/b] today" in screen.getvalue()


def test_the_demo_has_a_house_of_its_own(app: typer.Typer, home: Path) -> None:
    """Its folder lies below the data folder, and no configured database is left in it."""
    assert app is not None

    settings = demo_settings(settings_from_environment())

    assert settings.data_dir == home / "demo"
    assert settings.database_url is None
    assert settings.demo
