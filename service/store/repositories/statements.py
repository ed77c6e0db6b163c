"""The lines of closed statements."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from service.domain.money import Money
from service.domain.statements import StatementLine
from service.store.models import StatementLineRow
from service.store.repositories.bulk import insert_all
from service.store.repositories.closed import told_when_closed

_TEXTS = (
    "id",
    "team",
    "line",
    "pool",
    "provider",
    "account",
    "service",
    "charge_category",
    "commitment",
    "method_id",
    "currency",
    "origin_period",
    "reason",
)
_COSTS = ("billed_cost", "effective_cost", "contracted_cost", "list_cost", "charged_cost")
_COLUMNS = ("period", *_TEXTS, *_COSTS, "cost_lines")
_LINES = select(*(getattr(StatementLineRow, name) for name in _COLUMNS[1:]))


class Statements:
    """What each team was told of each closed period, by line."""

    def __init__(self, session: Session) -> None:
        """Read and write inside the session's transaction."""
        self._session = session

    def add(self, period: str, lines: Iterable[StatementLine]) -> int:
        """Store the lines of a period for good and count them; the same transaction closes it.

        Raises:
            PeriodClosedError: When the period is closed already.
        """
        with told_when_closed(period):
            rows = (_values(period, line) for line in lines)
            return insert_all(self._session, StatementLineRow, _COLUMNS, rows)

    def of(self, period: str, team: str | None = None) -> tuple[StatementLine, ...]:
        """Give the lines of a closed period by id, those of ``team`` only if one is named."""
        query = _LINES.where(StatementLineRow.period == period).order_by(StatementLineRow.id)
        if team is not None:
            query = query.where(StatementLineRow.team == team)
        return tuple(_line(row) for row in self._session.execute(query))

    def line(self, period: str, line_id: str) -> StatementLine | None:
        """Give one line of a closed period, ``None`` where it has no such line."""
        query = _LINES.where(StatementLineRow.period == period, StatementLineRow.id == line_id)
        found = self._session.execute(query).first()
        return None if found is None else _line(found)


def _values(period: str, line: StatementLine) -> tuple[object, ...]:
    costs = (line.billed, line.effective, line.contracted, line.list, line.charged)
    return (
        period,
        *(getattr(line, name) for name in _TEXTS),
        *(None if cost is None else cost.decimal for cost in costs),
        line.cost_lines,
    )


def _line(row: Row[Any]) -> StatementLine:
    texts = dict(zip(_TEXTS, row[: len(_TEXTS)], strict=True))
    billed, effective, contracted, list_cost, charged = row[len(_TEXTS) : -1]
    currency = row.currency
    return StatementLine(
        **texts,
        billed=Money.parse(billed, currency),
        effective=Money.parse(effective, currency),
        contracted=None if contracted is None else Money.parse(contracted, currency),
        list=None if list_cost is None else Money.parse(list_cost, currency),
        charged=Money.parse(charged, currency),
        cost_lines=row.cost_lines,
    )
