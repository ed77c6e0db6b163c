"""Who watches a run: a terminal, or the log."""

from time import monotonic
from types import TracebackType
from typing import Self

import structlog
from rich.console import Console
from rich.markup import escape
from rich.status import Status

from service.usecases.run_nightly import Result


class TerminalProgress:
    """An observer with a spinner for the step at work and a line for each that is done."""

    def __init__(self, console: Console) -> None:
        """Write to ``console``; without a terminal the spinner is silent."""
        self._console = console
        self._status = Status("starting", console=console)
        self._began = monotonic()

    def __enter__(self) -> Self:
        """Start the spinner."""
        self._status.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the spinner, whatever happened."""
        self._status.stop()

    def started(self, step: str) -> None:
        """Show the step at work."""
        self._began = monotonic()
        self._status.update(f"[bold]{escape(step)}[/] ...")

    def finished(self, step: str, result: Result, *, resumed: bool) -> None:  # noqa: ARG002 (the port's)
        """Leave a line for the step."""
        how = "done by an earlier start" if resumed else f"{monotonic() - self._began:.1f} s"
        self._console.print(f"[green]✓[/] {escape(step)} [dim]{how}[/]", highlight=False)

    def failed(self, step: str, error: Exception) -> None:
        """Leave a line for the failure."""
        self._console.print(f"[red]✗[/] {escape(f'{step}: {error}')}", highlight=False)


class LogProgress:
    """An observer that writes structured log lines."""

    def __init__(self) -> None:
        """Log under the job's name."""
        self._log = structlog.get_logger("nightly")

    def started(self, step: str) -> None:
        """Log that a step begins."""
        self._log.info("step started", step=step)

    def finished(self, step: str, result: Result, *, resumed: bool) -> None:
        """Log that a step is done, and what it left behind by name."""
        self._log.info("step finished", step=step, resumed=resumed, left=sorted(result))

    def failed(self, step: str, error: Exception) -> None:
        """Log why a step failed."""
        self._log.error("step failed", step=step, reason=str(error))
