"""The command itself: help, version, refusals and exit codes, as real processes see them."""

import subprocess
import sys
from pathlib import Path

import pytest

from service.cli import main
from service.errors import InputError
from warehouse.errors import LakeNotOpen

COMPTROLLER = [str(Path(sys.executable).with_name("comptroller"))]


def comptroller(*arguments: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    """Run the installed command in a folder."""
    return subprocess.run(
        [*COMPTROLLER, *arguments], cwd=cwd, capture_output=True, text=True, check=False
    )


def test_the_help_names_every_command(tmp_path: Path) -> None:
    """Each registered group or command stands in ``--help``; the exit code is 0."""
    shown = comptroller("--help", cwd=tmp_path)

    assert shown.returncode == 0
    assert [name for name in main.COMMANDS if name not in shown.stdout] == []


def test_the_help_loads_no_heavy_library(tmp_path: Path) -> None:
    """Neither the database's, the lake's, the solver's nor the API's library is imported."""
    heavy = "sqlalchemy pyarrow duckdb pyiceberg ortools numba fastapi streamlit pydantic alembic"
    script = (
        "import sys; import service.cli.main;"
        f"print([name for name in {heavy.split()!r} if name in sys.modules])"
    )

    shown = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    assert shown.stdout.strip() == "[]"


def test_the_version_is_told(tmp_path: Path) -> None:
    """``comptroller`` and a number."""
    shown = comptroller("--version", cwd=tmp_path)

    assert shown.stdout.startswith("comptroller 0.")


@pytest.mark.parametrize("arguments", [["nonsense"], ["--nonsense"], ["config", "--format", "x"]])
def test_wrong_usage_ends_with_2(tmp_path: Path, arguments: list[str]) -> None:
    """An unknown command, option or choice."""
    shown = comptroller(*arguments, cwd=tmp_path)

    assert shown.returncode == 2


def test_a_refusal_is_one_sentence_and_ends_with_1(tmp_path: Path) -> None:
    """A wrong settings file: no traceback, nothing on standard output."""
    (tmp_path / "comptroller.toml").write_text("api_prot = [1]\n")

    shown = comptroller("config", cwd=tmp_path)

    assert shown.returncode == 1
    assert shown.stdout == ""
    assert shown.stderr.startswith("error: comptroller.toml: unknown key api_prot; accepted are ")
    assert shown.stderr.count("\n") == 1


def test_with_debug_a_refusal_shows_where_it_came_from(tmp_path: Path) -> None:
    """The same refusal with its traceback."""
    (tmp_path / "comptroller.toml").write_text("api_prot = 1\n")

    shown = comptroller("--debug", "config", cwd=tmp_path)

    assert shown.returncode == 1
    assert "Traceback" in shown.stderr


def test_refusals_of_the_leaves_count_too_and_mistakes_do_not() -> None:
    """The warehouse's and our own errors are for the user; a ``KeyError`` is a mistake of ours."""
    errors = [InputError("x"), LakeNotOpen("x"), KeyError("x")]

    refusals = [main._is_refusal(error) for error in errors]

    assert refusals == [True, True, False]


def test_main_ends_with_1_after_a_refusal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """In this process: the settings file that the environment names is missing."""
    monkeypatch.setenv("COMPTROLLER_CONFIG", str(tmp_path / "missing.toml"))
    monkeypatch.setattr(sys, "argv", ["comptroller", "config"])

    with pytest.raises(SystemExit) as end:
        main.main()

    assert end.value.code == main.FAILED
    assert "does not exist" in capsys.readouterr().err


def test_main_does_not_hide_a_mistake_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Anything that is no refusal comes out with its traceback."""

    def fail() -> None:
        raise KeyError("mistake")

    monkeypatch.setattr(main, "app", fail)

    with pytest.raises(KeyError):
        main.main()
