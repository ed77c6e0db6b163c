"""The columns of a statement's lines, the same in every form of file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from service.domain.money import Money
from service.exports.statement import Statement, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from service.domain.statements import StatementLine

Value = str | int | Money | None
Read = Callable[[Statement, "StatementLine"], Value]


class Kind(Enum):
    """What the values of a column are."""

    TEXT = auto()
    AMOUNT = auto()
    COUNT = auto()


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, what its values are, and where a value comes from."""

    name: str
    kind: Kind
    read: Read


def _text(name: str, field: str = "") -> Column:
    def read(_: Statement, line: StatementLine) -> Value:
        return str(getattr(line, field or name)) or None

    return Column(name, Kind.TEXT, read)


def _cost(field: str) -> Column:
    def read(_: Statement, line: StatementLine) -> Value:
        amount: Money | None = getattr(line, field)
        return amount

    return Column(f"{field}_cost", Kind.AMOUNT, read)


def _rate(name: str, field: str) -> Column:
    def read(statement: Statement, line: StatementLine) -> Value:
        rate = statement.rate(line)
        return None if rate is None else str(getattr(rate, field))

    return Column(name, Kind.TEXT, read)


HEADING = (
    Column("period", Kind.TEXT, lambda statement, _: statement.period.name),
    Column("team", Kind.TEXT, lambda statement, _: statement.team),
    Column("state", Kind.TEXT, lambda statement, _: statement.state.value),
    Column(
        "final_through",
        Kind.TEXT,
        lambda statement, _: statement.final_through_text,
    ),
    Column("head", Kind.TEXT, lambda statement, _: statement.head),
    Column("reporting_currency", Kind.TEXT, lambda statement, _: statement.reporting_currency),
    Column(
        "reported_total",
        Kind.AMOUNT,
        lambda statement, _: statement.reported.total if statement.reported else None,
    ),
    _rate("rate", "text"),
    _rate("rate_month", "month"),
    _rate("rate_source", "source"),
)
"""What each line of a bare table says of its statement."""

LINE = (
    _text("line_id", "id"),
    Column("kind", Kind.TEXT, lambda _, line: kind_of(line)),
    _text("line"),
    _text("pool"),
    _text("provider"),
    _text("account"),
    _text("service"),
    _text("charge_category"),
    _text("commitment"),
    _text("method_id"),
    _text("origin_period"),
    _text("reason"),
    _text("currency"),
    Column("amount", Kind.AMOUNT, lambda statement, line: statement.amount(line)),
    _cost("billed"),
    _cost("effective"),
    _cost("contracted"),
    _cost("list"),
    Column("cost_lines", Kind.COUNT, lambda _, line: line.cost_lines),
)
"""What a line says."""


def rows(statement: Statement, columns: Iterable[Column]) -> Iterator[tuple[Value, ...]]:
    """Yield the lines of a statement in their order, as the values of ``columns``."""
    wanted = tuple(columns)
    for line in statement.sorted_lines():
        yield tuple(column.read(statement, line) for column in wanted)
