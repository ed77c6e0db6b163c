"""Writes the SELECT that types what was delivered: every column of a table, beside what came.

Beside each column ``c`` stand ``_value_c`` (what came) and ``_given_c`` (did anything). What came
is not turned into text here: only a complaint about it needs that. Beside text stands ``_told_c``,
the very text of the file, also where it is empty: a function of such a column is computed once for
each of its values, not for each row, as long as nothing but functions were applied to it.
"""

import re
from collections.abc import Collection, Mapping
from types import MappingProxyType

from warehouse.load_dialects import TRACE, quoted
from warehouse.tables import ColumnType, spec_of

_EXACT = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DECIMAL\(\d+,(\d|1[0-2])\)")
_MOMENT = re.compile(r"TIMESTAMP.*|DATE")
_NESTED = re.compile(r"MAP\(.*|STRUCT\(.*|.*\]")

JSON_COLUMNS = frozenset(
    {
        "Tags",
        "SkuPriceDetails",
        "AllocatedTags",
        "AllocatedMethodDetails",
        "ContractApplied",
        "CommitmentProgramEligibilityDetails",
    }
)
"""Columns whose text must be a JSON object."""

ASKED_COLUMNS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "cost_line": MappingProxyType(
            {
                "ProviderName": "text",
                "PublisherName": "text",
                "x_UsageType": "text",
                "x_SkuMeterName": "text",
                "x_SkuDetails": "json",
                "x_MachineType": "text",
                "x_AcceleratorModel": "text",
                "x_AcceleratorCount": "long",
                "x_PurchaseModel": "text",
            }
        )
    }
)
"""Columns of older FOCUS versions and hints at machines, which the load's question sees as well."""

ROUNDED_COLUMNS = frozenset({"BilledCost"})
"""Columns that tell what rounding added; of every amount, it would double the time to plan."""

_WANTED = {
    ColumnType.STRING: "text",
    ColumnType.DECIMAL: "decimal",
    ColumnType.TIMESTAMP: "time",
    ColumnType.INT: "long",
    ColumnType.LONG: "long",
    ColumnType.DOUBLE: "double",
}


def template(table: str) -> dict[str, str]:
    """The columns that a delivery of ``table`` may have, and what each is read as."""
    named = {
        name: "json" if name in JSON_COLUMNS else _WANTED[kind]
        for name, kind in spec_of(table).columns.items()
        if not name.startswith("x_")
    }
    return named | dict(ASKED_COLUMNS.get(table, {}))


def typed(
    wanted: Mapping[str, str],
    schema: Mapping[str, str],
    source: str,
    filled: Collection[str] = (),
) -> str:
    """Write the SELECT over ``source``, a FROM clause with columns of ``schema`` and the trace.

    It only calls macros of ``readers.sql`` by name. Texts of the columns ``filled`` are known not
    to be empty, so they need not be looked at.
    """
    inner: list[str] = []
    words: list[list[str]] = []
    outer: list[str] = []
    for column, want in wanted.items():
        family = _family(schema[column]) if column in schema else None
        value, given = _values(column, family, column in filled)
        inner += [
            f"{value} AS {quoted('_value_' + column)}",
            f"{_told(column, family)} AS {quoted('_told_' + column)}",
        ]
        outer += [
            f"{_reader(column, want, family)} AS {quoted(column)}",
            quoted("_value_" + column),
            f"{given} AS {quoted('_given_' + column)}",
            quoted("_told_" + column),
        ]
        if want == "decimal":
            words.append(_words(column, family))
            outer.append(f"{_double(column, family)} AS {quoted('_double_' + column)}")
        if column in ROUNDED_COLUMNS:
            outer.append(f"{_rounding(column, family)} AS {quoted('_rounding_' + column)}")
    # A step for each thing that is asked for several times, because DuckDB computes what stands
    # below a condition as often as it is written.
    steps = [f"SELECT {', '.join([*inner, *TRACE])} {source}"]
    for number in (0, 1, 2):
        made = ", ".join(["*", *(step for of in words for step in of[number : number + 1])])
        steps.append(f"SELECT {made} FROM ({steps[-1]})")  # noqa: S608 - see below
    # Names are quoted; everything else is written here or in readers.sql.
    return f"SELECT {', '.join([*outer, *TRACE])} FROM ({steps[-1]})"  # noqa: S608 - see above


def _family(physical: str) -> str:
    """Sort a file's own type into the families that readers.sql knows."""
    if physical in {"VARCHAR", "JSON"}:
        return "text"
    if physical in {"DOUBLE", "FLOAT"}:
        return "number" if physical == "DOUBLE" else "float"
    if _EXACT.fullmatch(physical):
        return "exact"
    if _MOMENT.fullmatch(physical):
        return "moment"
    return "nested" if _NESTED.fullmatch(physical) else "other"


def _values(column: str, family: str | None, filled: bool) -> tuple[str, str]:  # noqa: FBT001 - read once, above
    """What came, and whether something came."""
    if family is None:
        return "NULL::VARCHAR", "false"
    value = quoted(column) if filled or family != "text" else f"text_of_text({quoted(column)})"
    return value, f"{quoted('_value_' + column)} IS NOT NULL"


def _told(column: str, family: str | None) -> str:
    """What came, as text and without a condition."""
    if family is None:
        return "NULL::VARCHAR"
    if family == "nested":
        return f"to_json({quoted(column)})::VARCHAR"
    return quoted(column) if family == "text" else f"{quoted(column)}::VARCHAR"


_NUMBERS = frozenset({None, "exact", "number"})
"""Families whose amounts are never looked at as text."""

_READERS = {
    ("decimal", "exact"): "decimal_of_exact({value})",
    ("decimal", "number"): "decimal_of_double({value})",
    ("decimal", "float"): "decimal_of_double_text({value}::VARCHAR)",
    ("decimal", "text"): "decimal_of_plain({plain})",
    ("decimal", None): "NULL::DECIMAL(38,12)",
    ("time", "moment"): "time_of_moment({value})",
    ("time", None): "NULL::TIMESTAMPTZ",
    ("long", "exact"): "long_of_number({value})",
    ("long", "number"): "long_of_number({value})",
    ("long", "float"): "long_of_number({value})",
    ("long", None): "NULL::BIGINT",
    ("double", "exact"): "double_of_number({value})",
    ("double", "number"): "double_of_number({value})",
    ("double", "float"): "double_of_number({value})",
    ("double", None): "NULL::DOUBLE",
    ("json", "text"): "json_of_text({told})",
    ("json", "nested"): "json_of_nested({value})",
    ("json", None): "NULL::VARCHAR",
    ("text", "text"): "{value}",
    ("text", "nested"): "text_of_nested({value})",
    ("text", None): "NULL::VARCHAR",
}


def _reader(column: str, want: str, family: str | None) -> str:
    default = "text_of_other({value})" if want == "text" else f"{want}_of_text({{value}}::VARCHAR)"
    return _READERS.get((want, family), default).format(
        value=quoted("_value_" + column),
        told=quoted("_told_" + column),
        plain=quoted("_plain_" + column),
    )


def _words(column: str, family: str | None) -> list[str]:
    """An amount that came as text: as it is compared, without an exponent, and its end."""
    if family in _NUMBERS:
        return []
    value, word, plain = (quoted(f"_{made}_{column}") for made in ("value", "word", "plain"))
    steps = [f"lower(trim({value}::VARCHAR)) AS {word}", f"without_exponent({word}) AS {plain}"]
    if column in ROUNDED_COLUMNS:
        steps.append(f"tail_of({plain}) AS {quoted('_tail_' + column)}")
    return steps


def _rounding(column: str, family: str | None) -> str:
    """What rounding added to a decimal column, in units of its twelfth decimal."""
    if family in {None, "exact"}:
        return "0::DECIMAL(18,4)"
    if family == "number":
        value = quoted("_value_" + column)
        return f"rounding_of_double(decimal_of_double({value}), {value})"
    word, plain, tail = (quoted(f"_{made}_{column}") for made in ("word", "plain", "tail"))
    return f"rounding_of_words({word}, {plain}, {tail})"


def _double(column: str, family: str | None) -> str:
    """A decimal column as a double, for rules that need not be exact."""
    if family is None:
        return "NULL::DOUBLE"
    value = quoted("_value_" + column)
    if family in {"number", "float", "exact"}:
        return f"{value}::DOUBLE"
    return f"try_cast({value}::VARCHAR AS DOUBLE)"
