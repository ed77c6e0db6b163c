"""The ``.sql`` files: one question each, with a header that says what it needs.

::

    -- Spend per team in one billing period.
    -- $period: VARCHAR  billing period, YYYY-MM
    -- input owner(account VARCHAR, team VARCHAR)  who pays for an account
    SELECT ...

The header is the run of ``--`` lines at the top. A line ``-- $name: TYPE  meaning`` declares a
parameter, a line ``-- input name(column TYPE, ...)  meaning`` a relation that comes along with
the question; types are DuckDB's (VARCHAR, DATE, TIMESTAMPTZ, INTEGER, BIGINT, DOUBLE, BOOLEAN,
DECIMAL(38,12)) or lists of them (``VARCHAR[]``). A line ``-- periods $a, $b`` (these),
``-- periods $a to $b`` (from the first to before the second) or ``-- periods from $a`` promises
that rows of other billing periods cannot change the answer: their files are not even opened. A
line ``-- with a, b`` puts ``WITH`` and the relations of the files ``part/a.sql`` and ``part/b.sql``
between header and question, for questions that must look at facts alike; a question's own ``WITH``
goes on after them. Every other header line tells what the question answers. Declared and used
parameters must be the same.
The name of a question is its path below ``warehouse/sql`` without ``.sql``.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import dropwhile, takewhile

from warehouse.errors import MissingParameter, UnknownParameter, UnknownQuestion
from warehouse.port import Question

_NAME = re.compile(r"[a-z0-9_]+/[a-z0-9_]+")
_PARAMETER = re.compile(r"-- \$([a-z_][a-z0-9_]*): ([A-Z]+(?:\(\d+,\d+\))?(?:\[\])?)(?:\s|$)")
_INPUT = re.compile(r"-- input ([a-z_][a-z0-9_]*)\((.*)\)(?:  .*)?$")
_COLUMN = re.compile(r"(\w+) ([A-Z]+(?:\(\d+,\d+\))?(?:\[\])?)(?:, |$)")
_PERIODS = re.compile(r"-- periods (from )?\$([a-z_]+)(?:( to |, )\$([a-z_]+))?$")
_OWN = "WITH "
_WITH = re.compile(r"-- with ([a-z_]+(?:, [a-z_]+)*)")
_NOT_CODE = re.compile(r"'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/", re.DOTALL)
_USED = re.compile(r"\$([A-Za-z_]\w*)")


@dataclass(frozen=True, slots=True)
class Periods:
    """The parameters that say which billing periods a question reads: some, or a stretch."""

    some: tuple[str, ...] = ()
    first: str | None = None
    end: str | None = None

    def wanted(self, params: Mapping[str, object]) -> Callable[[str], bool]:
        """Tell of a period whether the question reads it."""
        some = {params[name] for name in self.some}
        first = str(params[self.first]) if self.first else None
        end = str(params[self.end]) if self.end else None
        return lambda period: (
            period in some
            or (first is not None and first <= period and (end is None or period < end))
        )


@dataclass(frozen=True, slots=True)
class QuestionFile:
    """A ``.sql`` file: its text, and the types of its parameters and input columns."""

    name: str
    sql: str
    meaning: str
    params: Mapping[str, str]
    inputs: Mapping[str, Mapping[str, str]]
    periods: Periods | None = None

    def wanted_periods(self, question: Question) -> Callable[[str], bool] | None:
        """Tell which billing periods ``question`` reads; ``None`` where it may read all."""
        return self.periods.wanted(question.params) if self.periods else None

    def check(self, question: Question) -> None:
        """Refuse a question that brings more or less than the file declares.

        Raises:
            UnknownParameter: When it brings something that the file does not mention.
            MissingParameter: When something that the file needs is absent.
        """
        _same(self.name, "parameter", set(self.params), set(question.params))
        _same(self.name, "input", set(self.inputs), set(question.inputs))


@cache
def read_question(name: str) -> QuestionFile:
    """The question file called ``name`` (``ask/spend_by_team``).

    Raises:
        UnknownQuestion: When there is none, or its header and text disagree.
    """
    file = files("warehouse").joinpath("sql", *f"{name}.sql".split("/"))
    if not _NAME.fullmatch(name) or not file.is_file():
        raise UnknownQuestion(f"there is no question {name}; questions are files in warehouse/sql")
    return parse_question(name, with_parts(name, file.read_text(encoding="utf-8")))


def with_parts(name: str, sql: str) -> str:
    """The text of a question with the parts that its header names in front of it.

    Raises:
        UnknownQuestion: When there is no such part.
    """
    lines = sql.splitlines()
    header = list(takewhile(lambda line: line.startswith("--"), lines))
    wanted = [found for line in header if (found := _WITH.fullmatch(line))]
    if not wanted:
        return sql
    parts = [_part(name, part) for found in wanted for part in found[1].split(", ")]
    own = "\n".join(lines[len(header) :])
    # A question that has relations of its own reads on after those of the parts.
    joint = ", " if own.startswith(_OWN) else "\n"
    return "\n".join([*header, "WITH " + ",\n".join(parts) + joint + own.removeprefix(_OWN)])


def _part(name: str, part: str) -> str:
    file = files("warehouse").joinpath("sql", "part", f"{part}.sql")
    if not file.is_file():
        raise UnknownQuestion(f"{name}.sql: there is no part {part} in warehouse/sql/part")
    lines = file.read_text(encoding="utf-8").splitlines()
    return "\n".join(dropwhile(lambda line: line.startswith("--"), lines))


def question_names(folder: str) -> list[str]:
    """The names of all questions in one folder of ``warehouse/sql``, sorted."""
    entries = files("warehouse").joinpath("sql", folder).iterdir()
    stems = (entry.name.removesuffix(".sql") for entry in entries if entry.name.endswith(".sql"))
    return sorted(f"{folder}/{stem}" for stem in stems)


def parse_question(name: str, sql: str) -> QuestionFile:
    """Read the header of ``sql`` and hold it against the parameters that the text uses.

    Raises:
        UnknownQuestion: When they differ, or a header line cannot be read.
    """
    header = list(takewhile(lambda line: line.startswith("--"), sql.splitlines()))
    params = {found[1]: found[2] for line in header if (found := _PARAMETER.match(line))}
    inputs = {found[1]: _input_columns(name, line, found[2]) for line, found in _inputs(header)}
    told = ("-- $", "-- input ", "-- periods ", "-- with ")
    prose = [line for line in header if not line.startswith(told)]
    declared = sum(line.startswith(("-- $", "-- input ")) for line in header)
    if declared != len(params) + len(inputs):
        raise UnknownQuestion(f"{name}.sql: a header line for a parameter or input cannot be read")
    used = set(_USED.findall(_NOT_CODE.sub(" ", sql)))
    if used != set(params):
        odd = ", ".join(sorted(used ^ set(params)))
        raise UnknownQuestion(f"{name}.sql: declared and used parameters differ in {odd}")
    meaning = " ".join(line.removeprefix("--").strip() for line in prose)
    periods = _periods(name, header, used)
    return QuestionFile(name, sql.strip().removesuffix(";"), meaning, params, inputs, periods)


def _periods(name: str, header: list[str], params: set[str]) -> Periods | None:
    lines = [line for line in header if line.startswith("-- periods ")]
    if not lines:
        return None
    found = _PERIODS.fullmatch(lines[0])
    if found is None or len(lines) > 1 or {found[2], found[4] or found[2]} - params:
        raise UnknownQuestion(
            f"{name}.sql: write one of '-- periods $a, $b', '-- periods $a to $b' and"
            f" '-- periods from $a', with parameters of the question, not {lines[0]!r}"
        )
    if found[1] or found[3] == " to ":
        return Periods(first=found[2], end=found[4])
    return Periods(some=tuple(filter(None, (found[2], found[4]))))


def _inputs(header: list[str]) -> list[tuple[str, re.Match[str]]]:
    return [(line, found) for line in header if (found := _INPUT.match(line))]


def _input_columns(name: str, line: str, columns: str) -> dict[str, str]:
    found = {match[1]: match[2] for match in _COLUMN.finditer(columns)}
    if ", ".join(f"{column} {kind}" for column, kind in found.items()) != columns:
        raise UnknownQuestion(f"{name}.sql: write '-- input name(column TYPE, ...)', not {line!r}")
    return found


def _same(name: str, what: str, wanted: set[str], given: set[str]) -> None:
    if more := sorted(given - wanted):
        raise UnknownParameter(f"{name}.sql mentions no {what} {', '.join(more)}")
    if less := sorted(wanted - given):
        raise MissingParameter(f"{name}.sql needs the {what} {', '.join(less)}")
