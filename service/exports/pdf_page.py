"""Says what the page of a statement shows, in the words and figures that it shows."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from service.domain.closing import PeriodState
from service.domain.money import Money, rounding, sum_money
from service.exports.shown import day, month, shown
from service.exports.statement import KINDS, Statement, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from service.domain.reporting import Part, Reported
    from service.domain.statements import StatementLine

TOP = 10
"""How many lines the page shows one by one."""

_WIDEST = 44
Row = dict[str, str]


def page(statement: Statement) -> dict[str, object]:
    """Return the content of the page; the template adds nothing but form."""
    moment = statement.created.astimezone(UTC)
    return {
        "title": f"{statement.company}: statement of {statement.title} for {statement.period}",
        "company": statement.company,
        "team": statement.title,
        "name": statement.team,
        "month": month(statement.period),
        "closed": statement.state is PeriodState.CLOSED,
        "state": _state(statement),
        "basis": f"at {statement.cost.value} cost",
        "created": [*moment.timetuple()[:6]],
        "currencies": [_currency(statement, code) for code in statement.currencies],
        "reported": _reported(statement.reported),
        "reconciliation": statement.reconciliation,
        "head": statement.head,
    }


def _state(statement: Statement) -> str:
    if statement.state is PeriodState.CLOSED:
        return "Closed: these figures stay. What is found later stands on a later statement."
    final = statement.final_through
    through = f"final through {day(final)}" if final else "not final yet"
    return f"Provisional: figures may still move; they are {through}."


def _currency(statement: Statement, currency: str) -> dict[str, object]:
    lines = [line for line in statement.sorted_lines() if line.currency == currency]
    whole = statement.total(currency)
    return {
        "currency": currency,
        "total": shown(whole.amount),
        "lines": f"{whole.lines:,}",
        "notes": list(_notes(statement, currency)),
        "kinds": list(_kinds(statement, currency)),
        "top": [_line(statement, line) for line in _largest(statement, lines)],
        "rest": list(_rest(statement, lines, currency)),
        "corrections": list(_corrections(statement, currency)),
    }


def _reported(reported: Reported | None) -> dict[str, object] | None:
    """Return the total in the reporting currency where another one is converted to it."""
    if reported is None or not reported.rates:
        return None
    parts = [part.worth for part in reported.parts]
    return {
        "currency": reported.total.currency,
        "total": shown(reported.total),
        "parts": [_part(part) for part in reported.parts],
        "rest": list(_rounding(parts, reported.total, {})),
    }


def _part(part: Part) -> Row:
    rate = part.rate
    return {
        "name": f"{shown(part.amount)} {part.amount.currency}",
        "rate": "" if rate is None else f"{rate.text} in {rate.month}",
        "source": "" if rate is None else _joined(rate.source),
        "amount": shown(part.worth),
    }


def _notes(statement: Statement, currency: str) -> Iterator[str]:
    whole = statement.total(currency)
    before = (statement.previous or {}).get(currency)
    if before is not None:
        change = whole.amount.rounded() - before.rounded()
        word = "less" if change.pico < 0 else "more"
        yield f"{shown(abs(change))} {word} than the month before ({shown(before)})."
    if whole.unpriced:
        cost = statement.cost.value
        yield f"Charged at effective cost, as no {cost} cost is known: {whole.unpriced:,} lines."


def _kinds(statement: Statement, currency: str) -> Iterator[Row]:
    totals = statement.totals_by_kind(currency)
    for total in totals:
        amount = shown(total.amount)
        yield {"name": KINDS[total.kind], "lines": f"{total.lines:,}", "amount": amount}
    parts = [total.amount for total in totals]
    yield from _rounding(parts, sum_money(parts, currency), {"lines": ""})


def _rounding(parts: Sequence[Money], total: Money, more: Row) -> Iterator[Row]:
    lacking = rounding(parts, total)
    if lacking.pico:
        yield {"name": "Rounding", "amount": shown(lacking), **more}


def _largest(statement: Statement, lines: Sequence[StatementLine]) -> list[StatementLine]:
    by_size = sorted(lines, key=lambda line: (-abs(statement.amount(line)).pico, line.id))
    return by_size[:TOP]


def _line(statement: Statement, line: StatementLine) -> Row:
    commitment = line.commitment.rpartition("/")[2]  # of an ARN, what people know
    what = (line.service, line.pool and f"pool {line.pool}", commitment)
    return {
        "kind": kind_of(line).replace("_", " ").capitalize(),
        "place": _joined(line.provider, line.account),
        "what": _joined(*what),
        "amount": shown(statement.amount(line)),
    }


def _joined(*texts: str) -> str:
    cut = (text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…" for text in texts if text)
    return " · ".join(cut)


def _rest(statement: Statement, lines: Sequence[StatementLine], currency: str) -> Iterator[Row]:
    """Yield the sum of the lines that are not shown, and what rounding leaves."""
    top = _largest(statement, lines)
    parts = [statement.amount(line) for line in top]
    total = statement.total(currency).amount
    if len(lines) > TOP:
        other = total - sum_money(parts, currency)
        parts.append(other)
        yield {"name": f"{len(lines) - TOP:,} other lines", "amount": shown(other)}
    yield from _rounding(parts, total, {})


def _corrections(statement: Statement, currency: str) -> Iterator[Row]:
    for (period, reason), amounts in statement.corrections().items():
        if currency in amounts:
            yield {"month": period, "reason": reason, "amount": shown(amounts[currency])}
