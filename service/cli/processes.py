"""Child processes that live and die together."""

from __future__ import annotations

import signal
import socket
import subprocess
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import httpx

from service.errors import ConflictError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import FrameType, TracebackType

_LOOK_EVERY_S = 0.2
_GRACE_S = 10.0
_READY_TRIES = 600
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class PortInUse(ConflictError):
    """Something else listens where we want to."""

    code = "port-in-use"


class ChildEnded(UnavailableError):
    """A child ended by itself, so the others were ended too."""

    code = "child-ended"

    def __init__(self, name: str, status: int) -> None:
        """Say which, and how: a negative status is the signal that killed it."""
        how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
        super().__init__(f"{name} {how}; the others were ended too")


@dataclass(frozen=True, slots=True)
class Command:
    """A child to be: its name, how it is started, and where it answers when it is ready."""

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str] | None = None
    ready_url: str | None = None
    quiet: bool = False


class Family:
    """Children that are all ended when the block is left, whatever the reason."""

    def __init__(self, commands: Sequence[Command]) -> None:
        """Keep what is to be started."""
        self._commands = commands
        self._children: list[tuple[Command, subprocess.Popen[bytes]]] = []
        self._asked_to_end = threading.Event()
        self._before: dict[signal.Signals, Callable[[int, FrameType | None], object] | int | None]
        self._before = {}

    def __enter__(self) -> Self:
        """Start every child; from here on Ctrl-C and TERM only ask to end."""
        for number in _ENDING:
            self._before[number] = signal.signal(number, lambda *_: self._asked_to_end.set())
        try:
            for command in self._commands:
                self._children.append((command, _start(command)))
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End what still lives."""
        self._end()

    def wait_until_ready(self) -> bool:
        """Return whether every child answers where it should, before anybody asked to end.

        Raises:
            ChildEnded: When one ended instead.
            UnavailableError: When one does not answer for two minutes.
        """
        waited_for = [c for c, _ in self._children if c.ready_url]
        for _ in range(_READY_TRIES):
            if self._ended_within(_LOOK_EVERY_S):
                return False
            waited_for = [c for c in waited_for if not _answers(c.ready_url or "")]
            if not waited_for:
                return True
        raise UnavailableError(f"{waited_for[0].name} does not answer")

    def wait(self) -> None:
        """Return when somebody asked to end.

        Raises:
            ChildEnded: When a child ended by itself.
        """
        while not self._ended_within(_LOOK_EVERY_S):
            pass

    def _ended_within(self, seconds: float) -> bool:
        if self._asked_to_end.wait(seconds):
            return True
        for command, child in self._children:
            status = child.poll()
            if status is not None:
                raise ChildEnded(command.name, status)
        return False

    def _end(self) -> None:
        for _, child in self._children:
            child.terminate()
        for _, child in self._children:
            try:
                child.wait(_GRACE_S)
            except subprocess.TimeoutExpired:
                # Every job goes on where it was left, so a hard end loses nothing.
                child.kill()
                child.wait()
        for number, before in self._before.items():
            signal.signal(number, before)


def require_free_port(host: str, port: int, setting: str) -> None:
    """Make sure that we can listen there.

    Raises:
        PortInUse: When we cannot; it names the ``setting`` that chooses another port.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortInUse(
                f"port {port} on {host} cannot be used ({error.strerror});"
                f" set {setting} to a free one"
            ) from error


def end_on_term() -> None:
    """Turn TERM into an orderly exit of this process, so that what is open gets closed."""

    def leave(number: int, _: FrameType | None) -> None:
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, leave)


def _start(command: Command) -> subprocess.Popen[bytes]:
    # A session of its own: Ctrl-C reaches the parent alone, which then ends all children.
    return subprocess.Popen(  # noqa: S603 -- our own commands
        command.arguments,
        env=command.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL if command.quiet else None,
        start_new_session=True,
    )


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5.0).is_success
    except httpx.HTTPError:
        return False
