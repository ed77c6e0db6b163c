"""Children that live and die together, as real processes."""

import os
import signal
import socket
import sys
from pathlib import Path

import psutil
import pytest

from service.cli.processes import ChildEnded, Command, Family, PortInUse, require_free_port
from service.errors import UnavailableError
from tests.service.cli.serving import a_free_port

STAYS = "import signal; signal.pause()"
STUBBORN = "import signal; signal.signal(15, signal.SIG_IGN)\n"


def python(name: str, code: str, ready_url: str | None = None) -> Command:
    """Return a child that runs ``code``."""
    return Command(name, (sys.executable, "-c", code), ready_url=ready_url)


def serving(port: int, first: str = "") -> Command:
    """Return a child that answers over HTTP, after it did something ``first``."""
    code = (
        f"{first}import http.server as h\n"
        "class A(h.BaseHTTPRequestHandler):\n"
        "    def do_GET(self): self.send_response(200); self.end_headers()\n"
        f"h.HTTPServer(('127.0.0.1', {port}), A).serve_forever()"
    )
    return python("server", code, f"http://127.0.0.1:{port}")


def ours() -> list[psutil.Process]:
    """Return the living children of this process that stay until they are ended."""
    return [
        child
        for child in psutil.Process().children()
        if child.status() != psutil.STATUS_ZOMBIE and STAYS in " ".join(child.cmdline())
    ]


def test_when_one_child_ends_the_others_are_ended_and_the_error_says_which() -> None:
    """The scheduler dies with status 3; the one that would stay for ever is gone afterwards."""
    family = Family([python("API", STAYS), python("scheduler", "raise SystemExit(3)")])

    with pytest.raises(ChildEnded, match="scheduler ended with status 3"), family:
        family.wait()

    assert ours() == []


def test_a_killed_child_is_told_from_one_that_ended() -> None:
    """Signal 9 of the system is not status 9 of the program."""
    family = Family([python("API", "import os; os.kill(os.getpid(), 9)")])

    with pytest.raises(ChildEnded, match="API was killed by signal 9"), family:
        family.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_ctrl_c_and_term_end_all_children_in_order(number: signal.Signals) -> None:
    """The signal comes to the parent alone; waiting returns and the block ends the children."""
    before = signal.getsignal(number)

    with Family([python("API", STAYS), python("scheduler", STAYS)]) as family:
        assert len(ours()) == 2
        os.kill(os.getpid(), number)
        family.wait()

    assert ours() == []
    assert signal.getsignal(number) == before


def test_ready_means_that_every_address_answers() -> None:
    """A real server on a real port, beside a child without an address."""
    with Family([serving(a_free_port()), python("scheduler", STAYS)]) as family:
        assert family.wait_until_ready()


def test_a_child_that_ends_before_it_is_ready_is_an_error() -> None:
    """It does not wait for two minutes."""
    child = python("API", "raise SystemExit(1)", f"http://127.0.0.1:{a_free_port()}")
    family = Family([child])

    with pytest.raises(ChildEnded, match="API ended with status 1"), family:
        family.wait_until_ready()


def test_ctrl_c_while_waiting_for_the_address_ends_it() -> None:
    """Nobody is told that it is ready."""
    child = python("API", STAYS, f"http://127.0.0.1:{a_free_port()}")

    with Family([child]) as family:
        os.kill(os.getpid(), signal.SIGINT)
        ready = family.wait_until_ready()

    assert not ready


def test_a_child_that_never_answers_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Patience is cut to two looks here."""
    monkeypatch.setattr("service.cli.processes._READY_TRIES", 2)
    child = python("dashboard", STAYS, f"http://127.0.0.1:{a_free_port()}")
    family = Family([child])

    with pytest.raises(UnavailableError, match="dashboard does not answer"), family:
        family.wait_until_ready()


def test_a_child_that_ignores_term_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Patience is cut to a moment here; jobs go on where they were left, so nothing is lost."""
    monkeypatch.setattr("service.cli.processes._GRACE_S", 0.1)

    with Family([serving(a_free_port(), STUBBORN)]) as family:
        assert family.wait_until_ready()
        (child,) = (c for c in psutil.Process().children() if "SIG_IGN" in " ".join(c.cmdline()))

    assert not child.is_running()


def test_a_program_that_is_not_there_ends_those_before_it(tmp_path: Path) -> None:
    """The second cannot be started, so the first is not left behind."""
    missing = Command("missing", (str(tmp_path / "missing"),))

    with pytest.raises(FileNotFoundError), Family([python("API", STAYS), missing]):
        pass

    assert ours() == []


def test_a_port_in_use_is_one_sentence_that_names_the_setting() -> None:
    """Somebody listens there; with nobody there is nothing to say."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        with pytest.raises(PortInUse, match=f"port {port} .* set COMPTROLLER_API_PORT"):
            require_free_port("127.0.0.1", port, "COMPTROLLER_API_PORT")

    require_free_port("127.0.0.1", a_free_port(), "COMPTROLLER_API_PORT")


def test_term_becomes_an_orderly_exit() -> None:
    """128 + 15 = 143 is what shells expect of a process that ended on TERM."""
    from service.cli.processes import end_on_term

    before = signal.getsignal(signal.SIGTERM)
    end_on_term()
    try:
        with pytest.raises(SystemExit) as leaving:
            signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)

    assert leaving.value.code == 143
