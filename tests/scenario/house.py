"""The company of the scenario: a lake, three connected clouds, and what it must hold."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from service.bootstrap import Wiring
from tests.scenario.truth import Place, Sums
from warehouse.load_state import loader

if TYPE_CHECKING:
    from decimal import Decimal

HELD = """
SELECT
    x_SourceId, x_BillingPeriod, coalesce(SubAccountId, BillingAccountId), ServiceName,
    BillingCurrency, count(*), sum(BilledCost), sum(EffectiveCost)
FROM cost_line GROUP BY 1, 2, 3, 4, 5
"""


def held(wiring: Wiring) -> dict[Place, Sums]:
    """Add up what the lake holds, by source and period, then account, service and currency."""
    with loader(wiring.engine).connection(wiring.lake.view(["cost_line"])) as connection:
        rows = connection.execute(HELD).fetchall()
    found: dict[Place, dict[tuple[str, str, str], tuple[int, Decimal, Decimal]]] = {}
    for source, period, account, service, currency, lines, billed, effective in rows:
        key = (account, service, currency)
        found.setdefault((source, period), {})[key] = (lines, billed, effective)
    return dict(found)


class Night:
    """Runs ``comptroller sources load`` as a process of its own, which may be killed."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        """Take the settings as variables."""
        self._environment = {**os.environ, **environment}
        self._folder = folder

    def run(self) -> subprocess.CompletedProcess[str]:
        """Let it come to its end."""
        return subprocess.run(
            self._command(),
            env=self._environment,
            cwd=self._folder,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )

    def kill_after(self, seconds: float) -> float | None:
        """Kill it with signal 9 after a while; ``None``, or how long it took if it was over."""
        began = time.monotonic()
        with subprocess.Popen(
            self._command(),
            env=self._environment,
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as process:
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                os.kill(process.pid, signal.SIGKILL)
                process.wait()
                return None
        return time.monotonic() - began

    @staticmethod
    def _command() -> list[str]:
        return [str(Path(sys.executable).with_name("comptroller")), "sources", "load"]


def settings_of(sources: Sequence[dict[str, Any]], database: str, folder: Path) -> dict[str, str]:
    """The variables that a process of the company has."""
    return {
        "COMPTROLLER_DATABASE_URL": database,
        "COMPTROLLER_DATA_DIR": str(folder),
        "COMPTROLLER_SOURCES": json.dumps(sources),
        "COLUMNS": "160",
    }
