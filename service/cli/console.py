"""Where commands write: results to standard output, everything else to standard error."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from service.bootstrap import Wiring
    from service.cli.remote import Remote

out = Console()
err = Console(stderr=True)


@contextmanager
def open_wiring() -> Iterator["Wiring"]:
    """Open store, lake and engine as the environment configures them."""
    from service.bootstrap import settings_from_environment, wire

    with wire(settings_from_environment()) as wiring:
        yield wiring


@contextmanager
def open_remote() -> Iterator["Remote | None"]:
    """Open the API that the environment configures; ``None`` where commands work on this host."""
    from service.bootstrap import open_api, settings_from_environment

    http = open_api(settings_from_environment())
    if http is None:
        yield None
        return
    from service.cli.remote import Remote

    with http:
        yield Remote(http)
