"""``comptroller explain``: the arithmetic of a statement line in words, down to the bill's file."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.load import Form
from service.cli.reports import period_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.domain.money import Money
    from service.usecases.ledger.explained import (
        ExplainedCostLine,
        ExplainedRow,
        Explanation,
        Moved,
    )

MOST = 1_000
"""The most rows, and cost lines of each, that are told."""


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("explain")(explain)


def explain(
    line: Annotated[str, typer.Argument(help="Its id: line_id in the files of a statement.")],
    period: Annotated[str, typer.Option(help="Billing period of the statement, as 2026-10.")],
    rows: Annotated[
        int, typer.Option(min=1, max=MOST, help="How many rows of the allocation, largest first.")
    ] = 5,
    cost_lines: Annotated[
        int, typer.Option(min=1, max=MOST, help="How many cost lines of each row, dearest first.")
    ] = 3,
    form: Annotated[
        Form, typer.Option("--format", help="A table rounds to cents; json is exact.")
    ] = Form.TABLE,
) -> None:
    """Say how a statement line came to its amount, down to the files of the bills.

    A closed period is explained from the facts that it was closed on.
    """
    from service.cli.console import open_wiring, out
    from service.usecases.ledger.explain import explain_line
    from service.usecases.ledger.line_rows import Depth

    with open_wiring() as wiring:
        found = explain_line(
            line.strip().lower(),
            period_of(period),
            lake=wiring.lake,
            engine=wiring.engine,
            store=wiring.store,
            depth=Depth(rows, cost_lines),
        )
    if form is Form.JSON:
        json.dump(as_json(found), sys.stdout, indent=2, ensure_ascii=False)
        sys.stdout.write("\n")
        return
    for text in as_text(found):
        out.print(text, soft_wrap=True, highlight=False, markup=False)


def as_text(found: Explanation) -> Iterator[str]:
    """Say it in lines of words."""
    from service.usecases.ledger.share_words import shown

    line = found.line
    state = "provisional" if found.head is None else f"closed, head {found.head}"
    yield f"line {line.id} of {line.team}, {found.period} ({state})"
    names = (line.line, line.pool and f"pool {line.pool}", line.provider, line.account)
    rest = (line.service, line.charge_category, line.commitment, line.method_id)
    yield "  " + ", ".join(name for name in (*names, *rest) if name)
    yield f"  {shown(found.amount)}, {found.cost} cost"
    yield from _restated(found)
    yield from map(_moved, found.moved)
    if found.run is None:
        return
    all_rows = found.found
    yield (
        f"  the allocation of {found.origin} (run {found.run}) has"
        f" {_count(all_rows.rows_in_all, 'row')} of it, {shown(all_rows.amount)} together"
    )
    for number, row in enumerate(all_rows.rows, start=1):
        yield from _row(number, row)
    if all_rows.rows_in_all > len(all_rows.rows):
        yield f"  … and {_count(all_rows.rows_in_all - len(all_rows.rows), 'smaller row')}: --rows"


def as_json(found: Explanation) -> dict[str, Any]:
    """Write it with exact decimal strings."""
    return {
        "line": found.line.id,
        "team": found.line.team,
        "period": str(found.period),
        "head": found.head,
        "origin_period": str(found.origin),
        "reason": found.line.reason or None,
        "run": None if found.run is None else str(found.run),
        "cost": str(found.cost),
        "currency": found.line.currency,
        "amount": found.amount.text(),
        "told_before": [{"period": one.period, "amount": one.amount.text()} for one in found.told],
        "moved": [
            {
                "amount": one.amount.text(),
                "account": one.other,
                "at": one.at.isoformat(),
                "actor": one.actor,
                "reason": one.reason,
                "comment": one.comment,
            }
            for one in found.moved
        ],
        "rows_in_all": found.found.rows_in_all,
        "rows_amount": found.found.amount.text(),
        "rows": [_row_json(row) for row in found.found.rows],
    }


def _restated(found: Explanation) -> Iterator[str]:
    from service.usecases.ledger.share_words import shown

    if not found.line.origin_period:
        return
    yield f"  it corrects {found.origin}: {found.line.reason or 'moved by people'}"
    if found.run is None:
        return
    told = [f"{shown(one.amount)} in the statement of {one.period}" for one in found.told]
    now, before = shown(found.found.amount), " and ".join(told) or "nothing"
    yield f"  {now} now, less {before} = {shown(found.amount)}"


def _moved(one: Moved) -> str:
    from service.usecases.ledger.share_words import shown

    way = "to" if one.amount.pico < 0 else "from"
    comment = f": {one.comment}" if one.comment else ""
    return (
        f"  {one.actor} moved {shown(abs(one.amount))} {way} {one.other} on"
        f" {one.at:%Y-%m-%d %H:%M} UTC, {one.reason}{comment}"
    )


def _row(number: int, row: ExplainedRow) -> Iterator[str]:
    from service.usecases.ledger.share_words import shown

    days = str(row.day) if row.days == 1 else f"{row.day} and {_count(row.days - 1, 'day')} more"
    invoice = f"invoice {row.invoice} of {row.invoice_issuer}" if row.invoice else "no invoice yet"
    sku = f", SKU {row.sku}" if row.sku else ""
    yield f"  {number}. {shown(row.amount)}: {days}{sku}, {invoice}"
    yield f"     {row.words}"
    more = row.lines_in_all > len(row.cost_lines)
    dearest = f", the {len(row.cost_lines)} dearest" if more and row.cost_lines else ""
    yield f"     {_count(row.lines_in_all, 'cost line')}{dearest}"
    yield from map(_cost_line, row.cost_lines)


def _cost_line(one: ExplainedCostLine) -> str:
    from service.usecases.ledger.share_words import shown

    what = " ".join(text for text in (one.resource, one.description) if text) or "no description"
    place = f"{one.file or 'a file without a record'}, record {one.record_number}"
    when = f"loaded {one.loaded_at:%Y-%m-%d %H:%M} UTC as {one.load}" if one.loaded_at else ""
    where = ", ".join(text for text in (one.source, place, when) if text)
    return f"       {shown(one.amount)}  {what}  ({where})"


def _row_json(row: ExplainedRow) -> dict[str, Any]:
    return {
        "amount": _exact(row.amount),
        "words": row.words,
        "day": row.day.isoformat(),
        "days": row.days,
        "sku": row.sku,
        "invoice_issuer": row.invoice_issuer,
        "invoice": row.invoice,
        "method": row.method,
        "ratio": f"{row.ratio.normalize():f}",
        "origin_amount": _exact(row.whole),
        "origin_cost_lines": row.lines_in_all,
        "cost_lines": [
            {
                "amount": _exact(one.amount),
                "resource": one.resource,
                "description": one.description,
                "source": one.source,
                "file": one.file,
                "record_number": one.record_number,
                "loaded_at": None if one.loaded_at is None else one.loaded_at.isoformat(),
                "load": one.load,
            }
            for one in row.cost_lines
        ],
    }


def _exact(amount: Money | None) -> str | None:
    return None if amount is None else amount.text()


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
