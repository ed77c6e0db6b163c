"""``comptroller token``: who may use the API."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import IO, Annotated
from uuid import UUID

import typer

from service.domain.access import Scope, Token
from service.errors import ConflictError, InputError

Demo = Annotated[bool, typer.Option("--demo", help="In the demo's own house.")]


def register(app: typer.Typer) -> None:
    """Add the group to the command line."""
    group = typer.Typer(help="Who may use the API.", no_args_is_help=True)
    group.command("create")(create)
    group.command("list")(show)
    group.command("revoke")(revoke)
    app.add_typer(group, name="token")


def create(
    *,
    name: Annotated[str, typer.Option(help="Whose it is, or what it is for.")],
    admin: Annotated[bool, typer.Option("--admin", help="May do everything.")] = False,
    team: Annotated[list[str] | None, typer.Option(help="A team it is for; repeatable.")] = None,
    scope: Annotated[
        list[Scope] | None,
        typer.Option(help="What it may do; with --team: submit and read-team, if none is given."),
    ] = None,
    expires_days: Annotated[
        int | None, typer.Option(min=1, max=36_500, help="Days until it ends (default: never).")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="New file, readable by you alone, that gets the secret.")
    ] = None,
    demo: Demo = False,
) -> None:
    """Make a token; its secret is shown once, on a terminal or in a new 0600 file."""
    from secrets import token_bytes

    from service.bootstrap import operator
    from service.cli.serving import wired
    from service.usecases.create_token import TokenRequest, create_token

    request = TokenRequest(
        asked_by=operator(),
        name=name,
        scopes=_scopes(scope or [], admin=admin, for_teams=bool(team)),
        teams=frozenset(team) if team else None,
        lifetime=None if expires_days is None else timedelta(days=expires_days),
    )
    with _place_for_secret(out) as place, wired(demo=demo) as wiring:
        made = create_token(
            request,
            store=wiring.store,
            clock=wiring.clock,
            new_id=wiring.new_id,
            random_bytes=token_bytes,
        )
        print(made.secret, file=place)
    print(
        f"token {made.token.id} made" + (f", its secret is in {out}" if out else ""),
        file=sys.stderr,
    )


def show(demo: Demo = False) -> None:
    """List all tokens, without their secrets."""
    from rich.table import Column, Table

    from service.cli.console import out
    from service.cli.serving import wired
    from service.cli.tables import add_words, print_table

    with wired(demo=demo) as wiring, wiring.store.work() as work:
        tokens, now = work.tokens.all(), wiring.clock()
    table = Table(
        Column("id", min_width=36), "name", "scopes", "teams", "made", "ends", "last used"
    )
    for token in tokens:
        add_words(table, *_cells(token), style=None if token.is_valid(now) else "dim")
    print_table(table, out)


def revoke(
    token_id: Annotated[UUID, typer.Argument(metavar="ID", help="As `token list` shows it.")],
    demo: Demo = False,
) -> None:
    """End a token's life now."""
    from service.bootstrap import operator
    from service.cli.console import out
    from service.cli.serving import wired
    from service.usecases.revoke_token import revoke_token

    with wired(demo=demo) as wiring:
        token = revoke_token(token_id, store=wiring.store, clock=wiring.clock, actor=operator())
    out.print(f"Token {token.id} ({token.name}) is revoked.", markup=False)


def _scopes(scopes: list[Scope], *, admin: bool, for_teams: bool) -> frozenset[Scope]:
    if admin:
        return frozenset({Scope.ADMIN, *scopes})
    if not scopes and for_teams:
        return frozenset({Scope.SUBMIT, Scope.READ_TEAM})
    return frozenset(scopes)


@contextmanager
def _place_for_secret(out: Path | None) -> Iterator[IO[str]]:
    """Give the terminal or a new file of mode 0600, which goes again when no token is made.

    Raises:
        InputError: When neither is there; a secret in a pipe or a log is no secret.
        ConflictError: When the file is there already.
    """
    if out is None:
        if not sys.stdout.isatty():
            raise InputError(
                "the secret is shown on a terminal only, and this is none; give --out FILE"
            )
        yield sys.stdout
        return
    try:
        number = os.open(out, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError as error:
        raise ConflictError(f"{out} exists; a secret never overwrites a file") from error
    except OSError as error:
        raise InputError(f"{out} cannot be made: {error.strerror}") from error
    try:
        with os.fdopen(number, "w", encoding="utf-8") as file:
            yield file
    except BaseException:
        out.unlink()
        raise


def _cells(token: Token) -> list[str]:
    ends = "never" if token.expires_at is None else f"{token.expires_at:%Y-%m-%d %H:%M}"
    used = "never" if token.last_used_at is None else f"{token.last_used_at:%Y-%m-%d %H:%M}"
    teams = "all" if token.teams is None else ", ".join(sorted(token.teams))
    scopes = ", ".join(sorted(token.scopes))
    return [str(token.id), token.name, scopes, teams, f"{token.created_at:%Y-%m-%d}", ends, used]
