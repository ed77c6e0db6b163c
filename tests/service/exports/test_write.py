"""Files of a statement: whole or not there, the same bytes for the same statement."""

from dataclasses import replace
from pathlib import Path

import pytest

from service.errors import InputError
from service.exports.files import safe_name
from service.exports.write import Format, write_statement
from tests.service.statements import VISION


def test_every_format_is_written_under_the_name_of_period_and_team(tmp_path: Path) -> None:
    """One file each, and nothing else stays in the folder."""
    files = write_statement(VISION, tmp_path / "new" / "folder")

    assert [file.name for file in files] == [
        "statement-2026-10-vision.csv",
        "statement-2026-10-vision.xlsx",
        "statement-2026-10-vision.parquet",
        "statement-2026-10-vision.json",
        "statement-2026-10-vision.pdf",
    ]
    assert sorted((tmp_path / "new" / "folder").iterdir()) == sorted(files)


@pytest.mark.parametrize("one", list(Format))
def test_the_same_statement_gives_the_same_bytes(one: Format, tmp_path: Path) -> None:
    """Also when its lines come in another order."""
    turned = replace(VISION, lines=VISION.lines[::-1])

    (first,) = write_statement(VISION, tmp_path / "first", [one])
    (second,) = write_statement(turned, tmp_path / "second", [one])

    assert first.read_bytes() == second.read_bytes()


def test_a_file_of_that_name_is_replaced(tmp_path: Path) -> None:
    """A provisional statement gives way to the newer one."""
    (tmp_path / "statement-2026-10-vision.csv").write_text("older", encoding="utf-8")

    (file,) = write_statement(VISION, tmp_path, [Format.CSV])

    assert b"older" not in file.read_bytes()


def test_a_place_that_takes_no_file_is_named_and_keeps_what_it_had(tmp_path: Path) -> None:
    """A folder stands where the file should: it stays, and no part of a file does."""
    taken = tmp_path / "statement-2026-10-vision.csv"
    taken.mkdir()

    with pytest.raises(InputError, match=r"vision\.csv: cannot be written \(.*directory\)"):
        write_statement(VISION, tmp_path, [Format.CSV])

    assert list(tmp_path.iterdir()) == [taken]


def test_a_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    """No folder can be made below a file."""
    (tmp_path / "file").touch()

    with pytest.raises(InputError, match="cannot be written"):
        write_statement(VISION, tmp_path / "file" / "below", [Format.CSV])


@pytest.mark.parametrize("team", ["../../etc", "a/b", "=cmd", "", "x" * 300, "東京"])
def test_no_name_of_a_team_leads_out_of_the_folder(team: str, tmp_path: Path) -> None:
    """Slashes and dots become dashes, and a hash keeps teams apart."""
    statement = replace(
        VISION, team=team, lines=tuple(replace(line, team=team) for line in VISION.lines)
    )

    (file,) = write_statement(statement, tmp_path, [Format.CSV])

    assert list(tmp_path.iterdir()) == [file]
    assert "." not in file.stem
    assert safe_name(team) != safe_name(f"{team}/")
