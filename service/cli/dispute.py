"""``comptroller dispute``: a team questions a line of its statement, and is answered."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID  # noqa: TC003  (Typer reads the annotation)

import typer

from service.cli.reports import Format, period_of, write

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.table import Table

    from service.bootstrap import Wiring
    from service.domain.disputes import Dispute, Outcome
    from service.usecases.ledger.adjust_line import Move
    from service.usecases.ledger.disputes import Answered, DisputeDesk

_COLUMNS = ("id", "period", "line", "team", "state", "opened", "by", "comment", "answers")


def register(app: typer.Typer) -> None:
    """Add the group to the command line."""
    group = typer.Typer(help="Questions about lines of statements.", no_args_is_help=True)
    group.command("open")(open_)
    group.command("list")(list_)
    group.command("answer")(answer)
    app.add_typer(group, name="dispute")


def open_(
    line: Annotated[str, typer.Argument(help="The line_id, as the statement's files have it.")],
    period: Annotated[str, typer.Option(help="Billing period of the statement, as 2026-10.")],
    team: Annotated[str, typer.Option(help="The team that questions it: the one that bears it.")],
    comment: Annotated[str, typer.Option(help="What is questioned; it is kept for good.")],
) -> None:
    """Question a line of a statement."""
    from service.bootstrap import operator
    from service.cli.console import open_wiring

    with open_wiring() as wiring:
        found = _desk(wiring).open(line, period_of(period), team, comment, operator())
    _say(f"dispute {found.id} is open")


def list_(
    period: Annotated[
        str | None, typer.Option(help="Billing period, as 2026-10. Left out: all.")
    ] = None,
    only_open: Annotated[
        bool, typer.Option("--open", help="Only those that nobody accepted or refused yet.")
    ] = False,
    format_: Annotated[
        Format, typer.Option("--format", help="json has every answer, and what it posted.")
    ] = Format.TABLE,
) -> None:
    """List disputes, the oldest first."""
    from service.cli.console import open_wiring
    from service.usecases.ledger.disputes import disputes_of

    month = None if period is None else period_of(period)
    with open_wiring() as wiring:
        found = disputes_of(month, store=wiring.store, only_open=only_open)
    write(
        format_,
        as_json=lambda: [_as_json(one) for one in found],
        as_csv=lambda: _as_csv(found),
        as_table=lambda: _as_table(found),
    )


def answer(  # noqa: PLR0917  (every option is a parameter)
    dispute: Annotated[UUID, typer.Argument(metavar="ID", help="The id, as the list shows it.")],
    text: Annotated[str, typer.Option(help="What is answered; it is kept for good.")],
    accept: Annotated[bool, typer.Option("--accept", help="The team is right.")] = False,
    refuse: Annotated[bool, typer.Option("--refuse", help="The line stands as it is.")] = False,
    comment: Annotated[
        bool, typer.Option("--comment", help="Only say something; it stays as it is.")
    ] = False,
    move_to: Annotated[
        str | None, typer.Option(help="With --accept: the team that bears --amount instead.")
    ] = None,
    amount: Annotated[
        str | None, typer.Option(help="How much of the line is moved, in its currency, as 12.34.")
    ] = None,
) -> None:
    """Accept or refuse a dispute, which is done once, or comment on it."""
    from service.bootstrap import operator
    from service.cli.console import open_wiring

    outcome = _outcome(accept=accept, refuse=refuse, comment=comment)
    move = _move(move_to, amount)
    with open_wiring() as wiring:
        found = _desk(wiring).answer(dispute, outcome, text, operator(), move)
    _tell(found)


def _desk(wiring: Wiring) -> DisputeDesk:
    from service.usecases.ledger.adjust_line import Adjuster
    from service.usecases.ledger.disputes import DisputeDesk

    parts = (wiring.lake, wiring.engine, wiring.store, wiring.new_id, wiring.clock)
    return DisputeDesk(Adjuster(*parts))


def _outcome(*, accept: bool, refuse: bool, comment: bool) -> Outcome:
    from service.domain.disputes import Outcome

    wanted = {Outcome.ACCEPTED: accept, Outcome.REFUSED: refuse, Outcome.COMMENT: comment}
    chosen = [outcome for outcome, is_wanted in wanted.items() if is_wanted]
    if len(chosen) != 1:
        raise typer.BadParameter("say one of --accept, --refuse and --comment")
    return chosen[0]


def _move(team: str | None, amount: str | None) -> Move | None:
    from service.usecases.ledger.adjust_line import Move

    if team is None and amount is None:
        return None
    if team is None or amount is None:
        raise typer.BadParameter("--move-to and --amount belong together")
    try:
        return Move(team, Decimal(amount))
    except InvalidOperation as error:
        raise typer.BadParameter(f"--amount: {amount!r} is no number, such as 12.34") from error


def _tell(found: Answered) -> None:
    last = found.dispute.answers[-1]
    _say(f"dispute {found.dispute.id}: {last.outcome}")
    if found.posting is not None:
        entry, moved = found.posting.entry, found.posting.amount
        _say(
            f"{moved.text()} {moved.currency} moved from {entry.credit} to {entry.debit} in"
            f" {entry.period}, batch {last.batch_id}"
        )


def _say(sentence: str) -> None:
    from service.cli.console import out

    out.print(sentence, soft_wrap=True, highlight=False, markup=False)


def _cells(one: Dispute) -> Iterator[str]:
    yield from (str(one.id), one.period, one.line_id, one.team, _state(one))
    yield from (one.opened_at.isoformat(timespec="seconds"), one.opened_by, one.comment)
    yield str(len(one.answers))


def _state(one: Dispute) -> str:
    return str(one.ruling.outcome) if one.ruling else "open"


def _as_json(one: Dispute) -> dict[str, Any]:
    return {
        **dict(zip(_COLUMNS, _cells(one), strict=True)),
        "answers": [
            {
                "at": each.at.isoformat(timespec="seconds"),
                "by": each.by,
                "outcome": str(each.outcome),
                "text": each.text,
                "batch": None if each.batch_id is None else str(each.batch_id),
            }
            for each in one.answers
        ],
    }


def _as_csv(found: Sequence[Dispute]) -> Iterator[Sequence[str]]:
    yield _COLUMNS
    yield from (tuple(_cells(one)) for one in found)


def _as_table(found: Sequence[Dispute]) -> Table:
    from service.cli.tables import add_words, plain_table

    table = plain_table("Disputes", *_COLUMNS, words=len(_COLUMNS) - 1)
    for one in found:
        add_words(table, *_cells(one))
    return table
