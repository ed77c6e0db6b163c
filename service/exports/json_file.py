"""Writes a statement as JSON: amounts are exact texts, what is not known is null."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from service.domain.money import Money
from service.exports.columns import LINE, rows

if TYPE_CHECKING:
    from collections.abc import Iterable

    from service.domain.reporting import Part, Reported
    from service.exports.columns import Value
    from service.exports.statement import Statement, Total

FORM = "statement file 1"
"""Names the form of the file; another form gets another number."""


def statement_json(statement: Statement) -> bytes:
    """Write the statement with its totals and every line."""
    content = {
        **heading(statement),
        "previous": _amounts((statement.previous or {}).values()),
        "totals": [_total(statement.total(code)) for code in statement.currencies],
        "totals_by_kind": [
            _total(total)
            for code in statement.currencies
            for total in statement.totals_by_kind(code)
        ],
        "reported": statement.reported and reported_json(statement.reported),
        "lines": [_line(row) for row in rows(statement, LINE)],
    }
    return orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def reported_json(reported: Reported) -> dict[str, object]:
    """Tell what amounts come to in the reporting currency, and the rates that were used."""
    return {
        "currency": reported.total.currency,
        "amount": reported.total.text(),
        "parts": [_part(part) for part in reported.parts],
    }


def heading(statement: Statement) -> dict[str, str | None]:
    """Tell what a statement says of itself."""
    return {
        "form": FORM,
        "company": statement.company,
        "period": statement.period.name,
        "team": statement.team,
        "team_title": statement.team_title or None,
        "state": statement.state.value,
        "final_through": statement.final_through_text,
        "head": statement.head,
        "charged_by": f"{statement.cost.value}_cost",
        "currency": statement.currency,
        "created": statement.created.isoformat(),
        "reconciliation": statement.reconciliation,
    }


def _amounts(amounts: Iterable[Money]) -> list[dict[str, str]]:
    return [{"currency": amount.currency, "amount": amount.text()} for amount in amounts]


def _part(part: Part) -> dict[str, str | None]:
    return {
        "currency": part.amount.currency,
        "amount": part.amount.text(),
        "worth": part.worth.text(),
        "rate": part.rate.text if part.rate else None,
        "rate_month": part.rate.month if part.rate else None,
        "rate_source": part.rate.source if part.rate else None,
    }


def _total(total: Total) -> dict[str, str | int]:
    return {
        "kind": total.kind,
        "currency": total.amount.currency,
        "amount": total.amount.text(),
        "lines": total.lines,
        "lines_without_price": total.unpriced,
        "cost_lines": total.cost_lines,
    }


def _line(row: Iterable[Value]) -> dict[str, str | int | None]:
    return {
        column.name: value.text() if isinstance(value, Money) else value
        for column, value in zip(LINE, row, strict=True)
    }
