"""Reads the attempts at jobs that may have been at work in some time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from service.domain.attempts import Attempt

if TYPE_CHECKING:
    from service.domain.periods import Window
    from service.usecases.charge_owners import Reader


def attempts_in(window: Window, reader: Reader) -> tuple[Attempt, ...]:
    """Return the attempts at jobs that may have run in ``window``, by job, source and number."""
    rows = reader.ask("job_attempts", {"begin": window.start, "until": window.end}).to_pylist()
    return tuple(
        Attempt(
            hosts=_hosts(row.pop("hosts")),
            gpus=max(row.pop("gpus") or 0, 0),
            **{name: value for name, value in row.items() if name != "submitted"},
        )
        for row in rows
    )


def _hosts(text: str | None) -> frozenset[str]:
    try:
        hosts = json.loads(text or "[]")
    except ValueError:
        return frozenset()
    return frozenset(map(str, hosts)) if isinstance(hosts, list) else frozenset()
