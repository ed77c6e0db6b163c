"""``comptroller rightsize``: which work would do with less, what that saves, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.reports import Format, write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from service.domain.rightsizing import RightsizingRun
    from service.usecases.gpu_time.rightsize import Advice

_FIELDS = (
    "id",
    "team",
    "project",
    "work",
    "accelerator_model",
    "mode",
    "rule",
    "to",
    "gpu_hours",
    "saving_a_month",
    "currency",
    "committed_gpu_ms_a_month",
    "confidence",
    "dismissed",
)


def register(app: typer.Typer) -> None:
    """Add the group to the command line."""
    group = typer.Typer(
        help="Which work would do with fewer or smaller GPUs, and what that saves.",
        no_args_is_help=True,
    )
    group.command("list")(list_)
    group.command("show")(show)
    group.command("dismiss")(dismiss)
    app.add_typer(group, name="rightsize")


def list_(
    dismissed: Annotated[
        bool, typer.Option("--dismissed", help="Also what was dismissed, with its reason.")
    ] = False,
    team: Annotated[str | None, typer.Option(help="One team only.")] = None,
    format_: Annotated[
        Format, typer.Option("--format", help="A table rounds to cents; json and csv are exact.")
    ] = Format.TABLE,
) -> None:
    """List what the newest nightly run recommends, the largest saving first.

    A saving is money that is paid no more. Hours that a commitment pays are told apart: they only
    become free.
    """
    from service.cli.console import open_wiring
    from service.usecases.gpu_time.rightsize import advice

    with open_wiring() as wiring:
        run, found = advice(store=wiring.store)
    shown = [
        one
        for one in found
        if (dismissed or one.dismissal is None)
        and (team is None or one.recommendation.work.team == team)
    ]
    records = [_record(one) for one in shown]
    write(
        format_,
        as_json=lambda: records,
        as_csv=lambda: [_FIELDS, *([_text(one[name]) for name in _FIELDS] for one in records)],
        as_table=lambda: _table(run, shown),
    )


def show(id_: Annotated[str, typer.Argument(metavar="ID", help="As the list shows it.")]) -> None:
    """Show one recommendation with its evidence."""
    from service.cli.console import open_wiring, out
    from service.errors import NotFoundError
    from service.usecases.gpu_time.rightsize import advice

    with open_wiring() as wiring:
        _, found = advice(store=wiring.store)
    known = {one.recommendation.id: one for one in found}
    if id_ not in known:
        raise NotFoundError(
            f"the newest run recommends nothing under {id_!r};"
            " comptroller rightsize list shows the ids"
        )
    told: dict[str, str | int | None] = {**_record(known[id_]), "": ""}
    told |= known[id_].recommendation.evidence
    for name, value in told.items():
        text = f"{name + ':':<32}{value}" if name else ""
        out.print(text, markup=False, highlight=False, soft_wrap=True)


def dismiss(
    id_: Annotated[str, typer.Argument(metavar="ID", help="As the list shows it.")],
    reason: Annotated[str, typer.Option(help="Why it is not wanted; everybody can read it.")],
) -> None:
    """Dismiss a recommendation; it stays dismissed in later runs."""
    from service.bootstrap import operator
    from service.cli.console import open_wiring, out
    from service.usecases.gpu_time.rightsize import dismiss as dismiss_it

    with open_wiring() as wiring:
        done = dismiss_it(id_, reason, actor=operator(), store=wiring.store, at=wiring.clock())
    out.print(f"Dismissed {done.recommendation_id}.", markup=False, highlight=False)


def _text(value: str | int | None) -> str:
    return "" if value is None else str(value)


def _record(one: Advice) -> dict[str, str | int | None]:
    found = one.recommendation
    return {
        "id": found.id,
        "team": found.work.team,
        "project": found.work.project,
        "work": found.work.name,
        "accelerator_model": found.work.accelerator_model,
        "mode": found.work.mode,
        "rule": str(found.rule),
        "to": found.to,
        "gpu_hours": found.evidence.get("GPU-hours", ""),
        "saving_a_month": found.saving.text(),
        "currency": found.saving.currency,
        "committed_gpu_ms_a_month": found.committed_ms,
        "confidence": str(found.confidence),
        "dismissed": one.dismissal.reason if one.dismissal else None,
    }


def _table(run: RightsizingRun, shown: Sequence[Advice]) -> Table:
    from service.cli.tables import add_words, gpu_hours, money, plain_table

    names = ["id", "team", "project", "work", "on", "advice", "confidence"]
    names += ["dismissed"] if any(one.dismissal for one in shown) else []
    table = plain_table(
        f"What would suffice, from the use of {run.first} to {run.end}",
        *(*names, "GPU-hours", "saving a month", "committed GPU-hours freed"),
        words=len(names),
    )
    table.caption = (
        f"run {run.id}: {run.works} kinds of work, {run.unseen} seen too little to judge"
    )
    for one in shown:
        found = one.recommendation
        words = [
            found.id,
            found.work.team,
            found.work.project,
            found.work.name,
            found.work.accelerator_model,
            f"{found.rule}: {found.to}",
            str(found.confidence),
        ]
        words += [one.dismissal.reason if one.dismissal else ""] if "dismissed" in names else []
        hours = found.evidence.get("GPU-hours", "")
        saving = f"{money(found.saving.text())} {found.saving.currency}"
        add_words(table, *words, hours, saving, gpu_hours(found.committed_ms))
    return table
