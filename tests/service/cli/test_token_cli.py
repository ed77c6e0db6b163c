"""``comptroller token``: the secret goes to a terminal or a private file, once."""

import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from service.cli import token
from service.domain.access import Scope, hash_token
from service.errors import ComptrollerError, ConflictError, InputError
from service.store.roles import Logins
from service.store.store import Store

Run = Callable[..., Result]

ALONE = "import typer; from service.cli import token; a = typer.Typer(); token.register(a); a()"


@pytest.fixture
def environment(
    database: Logins, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """Return, and set, an environment that leads to the test's own database."""
    wanted = {
        "COMPTROLLER_DATABASE_URL": database.app,
        "COMPTROLLER_DATA_DIR": str(tmp_path / "data"),
        "COLUMNS": "200",
    }
    for name, value in wanted.items():
        monkeypatch.setenv(name, value)
    return {**os.environ, **wanted}


@pytest.fixture
def run(environment: dict[str, str]) -> Run:
    """Return a function that runs the command in this process."""
    del environment  # It is set by now.
    app = typer.Typer()
    token.register(app)

    def command(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["token", *arguments])

    return command


def test_the_secret_goes_into_a_new_file_that_its_owner_alone_may_read(
    run: Run, tmp_path: Path, store: Store
) -> None:
    """The file has mode 0600 and one line, and the store knows the hash of that line."""
    out = tmp_path / "secret"

    result = run("create", "--admin", "--name", "eve", "--out", str(out))

    secret = out.read_text().strip()
    assert result.exit_code == 0
    assert out.stat().st_mode & 0o777 == 0o600
    assert re.fullmatch(r"cmt_[A-Za-z0-9_-]{43}", secret)
    assert secret not in result.output
    with store.work() as work:
        stored = work.tokens.by_hash(hash_token(secret))
    assert stored is not None
    assert (stored.name, set(stored.scopes), stored.teams) == ("eve", {Scope.ADMIN}, None)


def test_a_team_token_submits_and_reads_for_its_teams_and_ends(
    run: Run, tmp_path: Path, store: Store
) -> None:
    """Without --scope a team gets submit and read-team; 30 days are 30 days."""
    options = ["--team", "vision", "--team", "nlp", "--expires-days", "30"]

    run("create", "--name", "ci", *options, "--out", str(tmp_path / "secret"))

    with store.work() as work:
        (made,) = work.tokens.all()
        (entry,) = work.audit.latest(1)
    assert made.teams == frozenset({"vision", "nlp"})
    assert made.scopes == {Scope.SUBMIT, Scope.READ_TEAM}
    assert made.expires_at is not None
    assert (made.expires_at - made.created_at).days == 30
    assert entry.actor.startswith("cli:")


def refusal(result: Result, kind: type[ComptrollerError]) -> str:
    """Return the sentence of a refusal of this kind."""
    assert type(result.exception) is kind
    return str(result.exception)


def test_a_secret_is_never_printed_into_a_pipe(run: Run, store: Store) -> None:
    """Without a terminal the command asks for a file, and makes no token."""
    result = run("create", "--admin", "--name", "eve")

    assert "--out FILE" in refusal(result, InputError)
    with store.work() as work:
        assert work.tokens.all() == []


def test_a_file_is_never_overwritten(run: Run, tmp_path: Path, store: Store) -> None:
    """What stood in the file still stands there, and no token is made."""
    out = tmp_path / "secret"
    out.write_text("dear")

    result = run("create", "--admin", "--name", "eve", "--out", str(out))

    assert "exists" in refusal(result, ConflictError)
    assert out.read_text() == "dear"
    with store.work() as work:
        assert work.tokens.all() == []


def test_a_folder_that_is_not_there_is_a_sentence(run: Run, tmp_path: Path) -> None:
    """The system says why the file cannot be made."""
    out = tmp_path / "nowhere" / "secret"

    result = run("create", "--admin", "--name", "eve", "--out", str(out))

    assert "No such file or directory" in refusal(result, InputError)


def test_no_empty_file_is_left_when_no_token_is_made(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database does not answer, so the file that was reserved goes again."""
    monkeypatch.setenv("COMPTROLLER_DATABASE_URL", "postgresql://app:x@127.0.0.1:1/none")
    out = tmp_path / "secret"

    result = run("create", "--admin", "--name", "eve", "--out", str(out))

    assert isinstance(result.exception, ComptrollerError)
    assert not out.exists()


def test_a_terminal_shows_the_secret(environment: dict[str, str], store: Store) -> None:
    """On a real pseudo-terminal the one line of output is a token that the store knows."""
    ours, theirs = pty.openpty()
    arguments = ["token", "create", "--name", "eve", "--scope", "read-all"]

    done = subprocess.run(
        [sys.executable, "-c", ALONE, *arguments],
        stdout=theirs,
        stderr=subprocess.PIPE,
        env=environment,
        check=True,
    )

    os.close(theirs)
    secret = os.read(ours, 1000).decode().strip()
    os.close(ours)
    with store.work() as work:
        stored = work.tokens.by_hash(hash_token(secret))
    assert stored is not None
    assert str(stored.id) in done.stderr.decode()


def test_tokens_are_listed_without_secrets_and_can_be_revoked(
    run: Run, tmp_path: Path, store: Store
) -> None:
    """The list names both tokens; the revoked one has an end."""
    for name in ("eve", "ci"):
        run("create", "--admin", "--name", name, "--out", str(tmp_path / name))
    run("create", "--name", "t", "--team", "nlp", "--expires-days", "1", "--out", f"{tmp_path}/t")
    with store.work() as work:
        eve = next(token for token in work.tokens.all() if token.name == "eve")

    revoked = run("revoke", str(eve.id))

    listed = run("list").output
    assert "eve" in revoked.output
    assert all(text in listed for text in (str(eve.id), "ci", "admin", "never", "nlp"))
    assert (tmp_path / "eve").read_text().strip() not in listed
    with store.work() as work:
        ended = {token.name: token.expires_at for token in work.tokens.all()}
    assert ended["eve"] is not None
    assert ended["ci"] is None
