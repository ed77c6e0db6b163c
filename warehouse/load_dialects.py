"""Dialects of bills that are not FOCUS: a SELECT each, from what was delivered to FOCUS columns.

``warehouse/sql/load/dialects/<dialect>.sql`` is one SELECT over the relation ``record``: one record
in, one row out. Its header says which columns it asks for; the loader makes these out of a file's
own, whose names are compared by their letters and digits only::

    -- needs: line_item_unblended_cost      refused where a file lacks one
    -- reads: bill_invoice_id               null where a file lacks it, which is a finding
    -- optional: product_region             null where a file lacks it
    -- gathers: resource_tags from resource_tags_*
    -- opens: product.region                the key region of the map or JSON object product
    -- amounts: line_item_unblended_cost    doubles where a file has only such of them, else text
    -- continues: cur                       the SELECT goes on in ``dialects/rest/cur.sql``
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files as resources
from itertools import takewhile

from warehouse.errors import WarehouseError
from warehouse.load_files import LoadFile, UnreadableDelivery
from warehouse.sql_text import literal

TRACE = ("_file_id", "_file_name", "_record_number", "_raw")
"""The columns that lead back to the delivered record; a dialect lets them through."""

_FILE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_HEADER = re.compile(r"-- (needs|reads|optional|gathers|opens|amounts|continues): *(.*?) *$")
_GATHER = re.compile(r"([a-z0-9_]+) from ([a-z0-9_]+)\*")
_OPEN = re.compile(r"[a-z0-9_]+\.[a-z0-9_]+")
_LAST_FROM = re.compile(r"\n\s*FROM\s+(\w+)\s*;?\s*$")
_SEPARATORS = re.compile(r"[^A-Za-z0-9]")
_NESTED = re.compile(r"MAP\(.*|STRUCT\(.*|.*\]|JSON")


class BadDialect(WarehouseError):
    """There is no such dialect, or its file does not keep to the form."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a file: its name in DuckDB, its type there, and how the file spells it."""

    name: str
    kind: str
    spelled: str


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one dialect is mapped; ``gathers`` maps a new column to the prefix it is made of."""

    name: str
    needs: tuple[str, ...]
    reads: tuple[str, ...]
    optional: tuple[str, ...]
    gathers: Mapping[str, str]
    opens: tuple[str, ...]
    amounts: tuple[str, ...]
    sql: str

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that it asks for."""
        return self.needs + self.reads + self.optional

    def keeps(self, column: str) -> bool:
        """Say whether the file's ``column`` is asked for or gathered."""
        letters = squash(column)
        if any(letters == squash(name) for name in self.columns):
            return True
        return any(_key(column, prefix) for prefix in self.gathers.values())

    def missing(self, columns: Iterable[str]) -> list[str]:
        """Those columns that it reads, and would miss, and that are not among ``columns``."""
        there = {squash(name) for name in columns}
        return [name for name in self.reads if squash(name) not in there]

    def check(self, file: LoadFile) -> None:
        """Refuse a file in which a column is missing that it needs, or comes twice.

        Raises:
            UnreadableDelivery: When that is so; names the columns.
        """
        there = {squash(name) for name in file.columns}
        if lost := [name for name in self.needs if squash(name) not in there]:
            raise UnreadableDelivery(missing_sentence(file, lost, self.needs, self.name))
        for name in self.columns:
            same = [column for column in file.columns if squash(column) == squash(name)]
            if len(same) > 1:
                raise UnreadableDelivery(
                    f"{file.name}: columns {' and '.join(same)} are both {name}, of which "
                    f"{self.name} has one; upper and lower case and signs do not count"
                )


def missing_sentence(
    file: LoadFile, lost: Iterable[str], needed: Iterable[str], dialect: str
) -> str:
    """Say which columns of ``file`` are missing and which are needed."""
    names = list(lost)
    noun = "column is" if len(names) == 1 else "columns are"
    return (
        f"{file.name}: the {noun} missing: {', '.join(names)}; {dialect} needs {', '.join(needed)}"
    )


def squash(name: str) -> str:
    """The letters and digits of a column's name, by which it is known."""
    return _SEPARATORS.sub("", name).lower()


@cache
def read_dialect(name: str) -> Dialect:
    """Read the dialect called ``name``.

    Raises:
        BadDialect: When there is no such file, or it does not keep to the form.
    """
    return parse_dialect(name, _text(name))


def _text(name: str, *folders: str) -> str:
    file = resources("warehouse").joinpath("sql", "load", "dialects", *folders, f"{name}.sql")
    if not _FILE.fullmatch(name) or not file.is_file():
        raise BadDialect(f"bills in the dialect {name} cannot be loaded; there is no {name}.sql")
    return file.read_text(encoding="utf-8")


def parse_dialect(name: str, text: str) -> Dialect:
    """Read the header and the SELECT of a dialect's file.

    Raises:
        BadDialect: When it does not keep to the form.
    """
    header = list(takewhile(lambda line: line.startswith("--"), text.splitlines()))
    said: dict[str, list[str]] = {
        kind: []
        for kind in ("needs", "reads", "optional", "gathers", "opens", "amounts", "continues")
    }
    for line in header:
        if found := _HEADER.match(line):
            said[found[1]] += [word.strip() for word in found[2].split(",") if word.strip()]
    gathers = [_GATHER.fullmatch(one) for one in said["gathers"]]
    if None in gathers:
        raise BadDialect(f"{name}.sql: write '-- gathers: tags from resource_tags_*'")
    if not all(_OPEN.fullmatch(one) for one in said["opens"]):
        raise BadDialect(f"{name}.sql: write '-- opens: product.region'")
    parts = [*text.splitlines()[len(header) :], *(_text(one, "rest") for one in said["continues"])]
    sql = "\n".join(parts)
    if not _LAST_FROM.search(sql):
        raise BadDialect(f"{name}.sql: its last line must be FROM record, or FROM of a CTE over it")
    return Dialect(
        name,
        tuple(said["needs"]),
        tuple(said["reads"]),
        tuple(said["optional"]),
        {found[1]: found[2] for found in gathers if found},
        tuple(said["opens"]),
        tuple(said["amounts"]),
        sql,
    )


def mapped(dialect: Dialect, there: Sequence[Column], source: str) -> str:
    """Write the SELECT of FOCUS columns and the trace over ``source``.

    ``source`` is a FROM clause with the columns that are ``there``, and the trace.
    """
    values = {name: _value(name, there) for name in dialect.columns}
    values |= {name: _opened(*name.split("."), there=there) for name in dialect.opens}
    values |= _amounts(dialect.amounts, there)
    columns = [f"{value} AS {quoted(name)}" for name, value in values.items()]
    columns += [
        f"{_gathered(name, prefix, there)} AS {quoted(name)}"
        for name, prefix in dialect.gathers.items()
        if name not in dialect.columns
    ]
    trace = ", ".join(TRACE)
    select = _LAST_FROM.sub(rf",\n    {trace}\nFROM \1\n", dialect.sql)
    # Names are quoted, the rest comes from files of ours.
    return f"""WITH record AS NOT MATERIALIZED (SELECT {", ".join(columns)}, {trace} {source})
        SELECT * FROM ({select})"""  # noqa: S608 - see above


def _found(name: str, there: Sequence[Column]) -> Column | None:
    return next((one for one in there if squash(one.spelled) == squash(name)), None)


def _value(name: str, there: Sequence[Column]) -> str:
    """One column of ``record``: nested values as JSON text, empty text as null."""
    column = _found(name, there)
    if column is None:
        return "NULL::VARCHAR"
    if _NESTED.fullmatch(column.kind):
        return f"to_json({quoted(column.name)})::VARCHAR"
    return f"nullif({quoted(column.name)}, '')" if column.kind == "VARCHAR" else quoted(column.name)


def _opened(name: str, key: str, *, there: Sequence[Column]) -> str:
    """The text that a column holds under a key; to make JSON of a map for it would be dearer."""
    column = _found(name, there)
    if column is None or column.kind != "MAP(VARCHAR, VARCHAR)":
        return f"json_field({_value(name, there)}, {literal(key)})"
    return f"nullif({quoted(column.name)}[{literal(key)}], '')"


def _amounts(names: Sequence[str], there: Sequence[Column]) -> dict[str, str]:
    """Amounts of one type, so that they may be chosen from without turning them into text."""
    kinds = {column.kind for name in names if (column := _found(name, there))}
    kind = "DOUBLE" if kinds == {"DOUBLE"} else "VARCHAR"
    return {
        name: f"{_value(name, there) if _found(name, there) else 'NULL'}::{kind}" for name in names
    }


def _gathered(name: str, prefix: str, there: Sequence[Column]) -> str:
    """A JSON object of the columns with the prefix, by the rest of their names; nulls left out."""
    pairs = ", ".join(
        f"{literal(key)}, nullif({quoted(column.name)}::VARCHAR, '')"
        for column in there
        if (key := _key(column.spelled, prefix))
    )
    if not pairs:
        return _value(name, there)
    return f"nullif(json_merge_patch('{{}}', json_object({pairs}))::VARCHAR, '{{}}')"


def _key(column: str, prefix: str) -> str:
    """What is left of ``column`` behind ``prefix``, as the file spells it; else nothing."""
    wanted = squash(prefix)
    for place in range(1, len(column)):
        if squash(column[:place]) == wanted and _SEPARATORS.match(column[place]):
            return column[place + 1 :]
    return ""


def quoted(column: str) -> str:
    """A column's name in SQL."""
    return '"' + column.replace('"', '""') + '"'
