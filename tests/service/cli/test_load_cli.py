"""``comptroller load``: files in, costs out, and an exit code that says how it went."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from ingest.port import RejectedSourceError
from service.bootstrap import Wiring
from service.cli import costs, load
from service.errors import InputError
from service.store.roles import Logins
from service.usecases.check_delivery import WouldDropRows
from service.usecases.load_delivery import DuplicateLoad
from tests.service.loads import bill, write


@pytest.fixture
def app(
    database: Logins, wiring: Wiring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> typer.Typer:
    """Return the commands over an empty lake."""
    monkeypatch.setenv("COMPTROLLER_DATABASE_URL", database.app)
    monkeypatch.setenv("COMPTROLLER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("COMPTROLLER_LAKE_URI", str(wiring.lake.root))
    monkeypatch.setenv("COLUMNS", "160")
    commands = typer.Typer()
    load.register(commands)
    costs.register(commands)
    return commands


def invoke(commands: typer.Typer, *arguments: str | Path) -> Result:
    """Run a command; refusals come out as they are."""
    return CliRunner().invoke(commands, [str(argument) for argument in arguments])


def test_a_load_ends_with_costs_that_can_be_asked(app: typer.Typer, tmp_path: Path) -> None:
    """1.25 and 2.50 USD are loaded and allocated with difference 0; without a policy to nobody."""
    path = bill(tmp_path, "a.csv", "1.25", "2.50")

    done = invoke(app, "load", path, "--source", "aws")
    asked = invoke(app, "costs", "--period", "2026-10", "--format", "json")

    assert done.exit_code == 0
    assert "2 rows of aws (focus-1.0) loaded" in done.stdout
    assert "allocated 2026-10: 3.75 USD effective cost, difference 0" in done.stdout
    assert [row["effective_cost"] for row in json.loads(asked.stdout)["rows"]] == ["3.75"]


def test_a_header_without_records_is_refused_unless_it_is_meant(
    app: typer.Typer, tmp_path: Path
) -> None:
    """No record, no load; with --replace the name, odd as it is, stands among the findings."""
    path = bill(tmp_path, "a[b].csv")

    refused = invoke(app, "load", path, "--source", "aws")
    meant = invoke(app, "load", path, "--source", "aws", "--replace")

    assert "a[b].csv: there is a header and no record" in str(refused.exception)
    assert refused.exit_code == 1
    assert meant.exit_code == 0
    assert "a[b].csv" in meant.stdout


def test_rows_that_are_set_aside_end_with_3(app: typer.Typer, tmp_path: Path) -> None:
    """Twelve of thirteen rows are bad: ten are told with their record, two are counted."""
    path = bill(tmp_path, "a.csv", "1", *["2"] * 12)
    path.write_text(path.read_text().replace("2,2,2,", "2,?,2,"))

    done = invoke(app, "load", path, "--source", "aws")

    assert done.exit_code == load.QUARANTINED
    assert "12 rows set aside with a billed cost of 24.00 USD:" in done.stdout
    assert "a.csv:2 EffectiveCost '?' cannot be read; accepted is a decimal number" in done.stdout
    assert "a.csv:11 " in done.stdout
    assert "a.csv:12 " not in done.stdout
    assert "... and 2 more" in done.stdout


def test_programs_get_json(app: typer.Typer, tmp_path: Path) -> None:
    """Exact amounts as text, reasons, findings, and the difference of the allocation."""
    path = bill(tmp_path, "a.csv", "1.0000000000003", "x")

    done = invoke(app, "load", path, "--source", "aws", "--kind", "focus", "--format", "json")

    found = json.loads(done.stdout)
    assert done.exit_code == load.QUARANTINED
    assert (found["rows"], found["quarantined"], found["periods"]) == (1, 1, ["2026-10"])
    assert [float(value) for value in found["rounding"].values()] == [-3e-13]
    assert found["rejected"][0]["record"] == 2
    assert {"rule": "null not allowed", "column": "ServiceName", "rows": 1} in found["findings"]
    assert [float(one["difference"]["USD"]) for one in found["allocations"]] == [0]


def test_many_days_are_told_by_the_first_and_last(app: typer.Typer, tmp_path: Path) -> None:
    """Ten days of usage."""
    columns = ["hour", "gpu_uuid", "host", "capacity_ms", "observed_ms", "allocated_ms"]
    rows = [[f"2026-10-{day:02d}T00:00:00Z", "G", "h", "1", "1", "0"] for day in range(1, 11)]
    path = write(tmp_path / "u.csv", columns, rows)

    done = invoke(app, "load", path, "--source", "prometheus")

    assert "periods: 10 from 2026-10-01 to 2026-10-10" in " ".join(done.stdout.split())


def test_rounding_and_machines_are_told(app: typer.Typer, tmp_path: Path) -> None:
    """A list of machines is replaced whole: its period is all."""
    nodes = write(tmp_path / "n.csv", ["provider", "resource_id", "host"], [["aws", "i-1", "h"]])
    rounded = bill(tmp_path, "a.csv", "1.0000000000003")

    assert "periods: all" in invoke(app, "load", nodes, "--source", "slurm").stdout
    done = invoke(app, "load", rounded, "--source", "aws")

    assert "rounding to 12 decimals moved the billed cost by -0.0000000000003" in done.stdout


def test_a_second_load_of_the_same_is_refused(app: typer.Typer, tmp_path: Path) -> None:
    """The first one stands."""
    path = bill(tmp_path, "a.csv", "1")
    invoke(app, "load", path, "--source", "aws")

    again = invoke(app, "load", path, "--source", "aws")

    assert isinstance(again.exception, DuplicateLoad)


def test_replace_and_append_say_what_happens_to_other_files(
    app: typer.Typer, tmp_path: Path
) -> None:
    """Without either, rows of another file are not dropped; both together are wrong usage."""
    invoke(app, "load", bill(tmp_path, "a.csv", "1"), "--source", "aws")
    other = bill(tmp_path, "b.csv", "2")

    assert isinstance(invoke(app, "load", other, "--source", "aws").exception, WouldDropRows)
    assert invoke(app, "load", other, "--source", "aws", "--append").exit_code == 0
    third = bill(tmp_path, "c.csv", "4")
    assert invoke(app, "load", third, "--source", "aws", "--replace").exit_code == 0
    assert invoke(app, "load", third, "--source", "aws", "--replace", "--append").exit_code == 2


def test_files_of_several_kinds_are_several_loads(app: typer.Typer, tmp_path: Path) -> None:
    """The sentence says which file is what."""
    nodes = write(tmp_path / "n.csv", ["provider", "resource_id", "host"], [["aws", "i-1", "h"]])

    done = invoke(app, "load", bill(tmp_path, "a.csv", "1"), nodes, "--source", "aws")

    assert isinstance(done.exception, InputError)
    assert "(focus: a.csv; nodes: n.csv)" in str(done.exception)


def test_a_bad_file_loads_nothing(app: typer.Typer, tmp_path: Path, wiring: Wiring) -> None:
    """One good and one empty file: neither is loaded."""
    (tmp_path / "b.csv").write_text("")

    done = invoke(app, "load", bill(tmp_path, "a.csv", "1"), tmp_path / "b.csv", "--source", "aws")

    assert isinstance(done.exception, RejectedSourceError)
    assert wiring.lake.view(["cost_line"]).snapshots == {"cost_line": None}
