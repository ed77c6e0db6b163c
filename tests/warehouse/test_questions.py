"""Question files say what they need, and every one of them answers on an empty lake."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from tests.warehouse.asking import asked
from tests.warehouse.invented import fill
from warehouse.duck import DuckEngine
from warehouse.errors import MissingParameter, UnknownParameter, UnknownQuestion
from warehouse.lake import Lake
from warehouse.port import Question
from warehouse.questions import (
    QuestionFile,
    parse_question,
    question_names,
    read_question,
    with_parts,
)

EXAMPLES: Mapping[str, object] = {
    "VARCHAR": "2026-10",
    "DATE": date(2026, 10, 1),
    "TIMESTAMPTZ": datetime(2026, 10, 1, tzinfo=UTC),
    "INTEGER": 1,
    "BIGINT": 1,
    "DOUBLE": 1.0,
    "BOOLEAN": True,
    "DECIMAL(38,12)": Decimal(1),
}

GOOD = """-- Spend of one period
-- by team.
-- $period: VARCHAR  billing period
-- $teams: VARCHAR[]  teams
-- input owner(account VARCHAR, share DECIMAL(38,12), tags VARCHAR[])  who pays
SELECT '$no' /* $neither */, $period::VARCHAR -- $nor
FROM owner WHERE list_contains($teams, team);
"""


def example(kind: str) -> object:
    """A value of a declared type."""
    return [EXAMPLES[kind.removesuffix("[]")]] if kind.endswith("[]") else EXAMPLES[kind]


def empty(columns: Mapping[str, str]) -> pa.Table:
    """An input relation without rows."""
    casts = ", ".join(f"CAST(NULL AS {kind}) AS {name}" for name, kind in columns.items())
    with duckdb.connect(":memory:") as connection:
        return connection.execute(f"SELECT {casts} LIMIT 0").to_arrow_table()


@pytest.fixture(scope="module")
def names() -> list[str]:
    """All questions of the warehouse."""
    return question_names("ask")


@pytest.mark.parametrize("name", question_names("ask"))
def test_every_question_has_a_header_that_fits_its_text(name: str) -> None:
    """It says in words what it answers, and declares exactly the parameters that it uses."""
    file = read_question(name)

    assert file.meaning.strip().endswith((".", "?"))
    assert not file.sql.endswith(";")


def test_every_question_answers_on_an_empty_lake(
    lake: Lake, engine: DuckEngine, names: list[str]
) -> None:
    """With example parameters and empty inputs each gives a table, be it without rows."""
    for name in names:
        file = read_question(name)
        params = {param: example(kind) for param, kind in file.params.items()}
        inputs = {relation: empty(columns) for relation, columns in file.inputs.items()}

        for view in (lake.view(), lake.view(teams=frozenset({"vision"}))):
            answer = engine.query(Question(name, params, inputs), view)

            assert answer.num_columns > 0, name


def test_a_header_tells_parameters_inputs_and_meaning() -> None:
    """Dollar signs in strings and comments are no parameters."""
    file = parse_question("ask/spend", GOOD)

    assert file.meaning == "Spend of one period by team."
    assert file.params == {"period": "VARCHAR", "teams": "VARCHAR[]"}
    assert file.inputs == {
        "owner": {"account": "VARCHAR", "share": "DECIMAL(38,12)", "tags": "VARCHAR[]"}
    }


def test_parts_stand_between_header_and_question() -> None:
    """Two parts become one WITH, in the order in which the header names them."""
    file = read_question("ask/charge_groups")

    found = [
        file.sql.index(words) for words in ("\nWITH tagged AS (", "\nowned AS (", "\nSELECT\n")
    ]

    assert found == sorted(found)
    assert file.sql.count("WITH ") == 1
    assert "with charge" not in file.meaning


def test_a_questions_own_relations_go_on_after_the_parts() -> None:
    """One WITH, the parts' relations first, whether the question has its own or not."""
    of_its_own = with_parts("ask/q", "-- Q.\n-- with machine\nWITH own AS (SELECT 1)\nSELECT 2")
    without = with_parts("ask/q", "-- Q.\n-- with machine\nSELECT 2")

    assert of_its_own.endswith("\n), own AS (SELECT 1)\nSELECT 2")
    assert without.endswith("\n)\nSELECT 2")
    assert of_its_own.count("WITH ") == without.count("WITH ") == 1


def test_a_part_that_is_not_there_is_refused() -> None:
    """The sentence names question and part."""
    with pytest.raises(UnknownQuestion, match=r"ask/q\.sql: there is no part nothing in"):
        with_parts("ask/q", "-- Q.\n-- with charge, nothing\nSELECT 1")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("-- Q.\nSELECT $period", "declared and used parameters differ in period"),
        ("-- Q.\n-- $a: DATE  x\nSELECT 1", "declared and used parameters differ in a"),
        ("-- Q.\n-- $a DATE\nSELECT $a", "a header line for a parameter or input cannot be read"),
        ("-- Q.\n-- input owner  x\nSELECT 1", "a header line for a parameter or input"),
        ("-- Q.\n-- input o(a VARCHAR,b DATE)  x\nSELECT 1", "write '-- input name"),
        ("-- Q.\n-- $a: DATE  x\n-- periods $b\nSELECT $a", "write one of '-- periods"),
        ("-- Q.\n-- $a: DATE  x\n-- periods $a - $a\nSELECT $a", "write one of '-- periods"),
        ("-- Q.\n-- $a: DATE  x\n-- periods $a\n-- periods $a\nSELECT $a", "write one of"),
    ],
)
def test_a_header_that_does_not_fit_is_refused(text: str, sentence: str) -> None:
    """The error names the file and what is wrong."""
    with pytest.raises(UnknownQuestion, match=sentence):
        parse_question("ask/q", text)


@pytest.mark.parametrize(
    ("line", "read"),
    [
        ("-- periods $a", ["2026-09"]),
        ("-- periods $a, $b", ["2026-09", "2026-11"]),
        ("-- periods $a to $b", ["2026-09", "2026-10"]),
        ("-- periods from $a", ["2026-09", "2026-10", "2026-11"]),
    ],
)
def test_a_header_tells_which_billing_periods_are_read(line: str, read: list[str]) -> None:
    """With $a = 2026-09 and $b = 2026-11; the end of a stretch is not read."""
    params = "-- $a: VARCHAR  x\n-- $b: VARCHAR  x\n"
    file = parse_question("ask/q", f"-- Q.\n{params}{line}\nSELECT $a, $b")

    wanted = file.wanted_periods(Question("ask/q", {"a": "2026-09", "b": "2026-11"}))

    assert wanted is not None
    periods = ("2026-08", "2026-09", "2026-10", "2026-11")
    assert [period for period in periods if wanted(period)] == read
    assert file.meaning == "Q."


def test_files_of_periods_that_a_question_does_not_read_change_nothing(
    lake: Lake, engine: DuckEngine, names: list[str], tmp_path: Path
) -> None:
    """Each question that says its periods answers as it does over all files."""
    fill(lake, tables=("cost_line", "allocation", "gpu_account", "attempt_cost", "quarantine"))
    view = lake.view()
    everything = DuckEngine(lake, temp_folder=tmp_path / "spill", questions=_of_all_periods)
    for name in (name for name in names if read_question(name).periods):
        question = asked(name, engine, view)

        expected, answer = (one.query(question, view) for one in (everything, engine))

        assert sorted(map(repr, answer.to_pylist())) == sorted(map(repr, expected.to_pylist()))
        assert answer.num_rows > 0, name


def _of_all_periods(name: str) -> QuestionFile:
    return replace(read_question(name), periods=None)


@pytest.mark.parametrize("name", ["ask/none", "../errors", "ask", "ask/../ask/cost_by_source", ""])
def test_a_question_that_does_not_exist_is_refused(name: str) -> None:
    """Only names of files below warehouse/sql are questions."""
    with pytest.raises(UnknownQuestion, match="there is no question"):
        read_question(name)


@pytest.mark.parametrize(
    ("question", "error", "sentence"),
    [
        (
            Question("q", {"period": "p", "teams": [], "x": 1}, {"owner": 1}),
            UnknownParameter,
            "ask/spend.sql mentions no parameter x",
        ),
        (
            Question("q", {"period": "p"}, {"owner": 1}),
            MissingParameter,
            "ask/spend.sql needs the parameter teams",
        ),
        (
            Question("q", {"period": "p", "teams": []}, {"owner": 1, "own": 1}),
            UnknownParameter,
            "ask/spend.sql mentions no input own",
        ),
        (
            Question("q", {"period": "p", "teams": []}),
            MissingParameter,
            "ask/spend.sql needs the input owner",
        ),
    ],
)
def test_a_question_brings_exactly_what_its_file_declares(
    question: Question, error: type[Exception], sentence: str
) -> None:
    """Neither more nor less: a misspelt name must not pass as no filter."""
    file = parse_question("ask/spend", GOOD)

    with pytest.raises(error, match=sentence):
        file.check(question)
