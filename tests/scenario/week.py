"""The week of 64 GPUs as a company lives it: served by Prometheus, billed, accounted, compared."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from service.bootstrap import Wiring
from service.config import Settings
from service.usecases.apply_policy import apply_policy, propose_policy
from service.usecases.gpu_time.rightsize import advice
from service.usecases.nightly_steps import nightly_job
from service.usecases.run_nightly import NightlyRun
from tests.peers.gpu_company import lost, planted, precision_and_recall, told, write_company
from tests.peers.gpu_history import HOUR_MS, SHARE_METRIC, History
from tests.peers.prometheus import backfill, prometheus
from warehouse.load_state import loader

START = datetime(2026, 11, 2, tzinfo=UTC)
NIGHT = datetime(2026, 11, 21, 2, tzinfo=UTC)
STEP_S = 60

KINDS = (
    "utilised",
    "unused",
    "no_process",
    "unobserved",
    "reserved_idle",
    "unreserved_idle",
)
"""The kinds that partition the time of the fleet."""

_SMALLER = frozenset({"smaller-model", "mig-slice", "share-a-gpu"})


@dataclass(frozen=True)
class Score:
    """How much of a class was planted and found, in GPU-hours, and how well they agree."""

    planted: float
    found: float
    precision: float
    recall: float


class _Quiet:
    """Watches without a word."""

    def started(self, step: str) -> None: ...

    def finished(self, step: str, result: dict[str, Any], *, resumed: bool) -> None: ...

    def failed(self, step: str, error: Exception) -> None: ...


@contextmanager
def company(history: History, folder: Path) -> Iterator[list[dict[str, Any]]]:
    """Run a Prometheus with the week in it, write the files; gives the settings' sources."""
    backfill(history.open_metrics(int(START.timestamp() * 1000), STEP_S * 1000), folder)
    with prometheus(folder) as port:
        usage = {
            "name": "usage",
            "type": "prometheus",
            "url": f"http://127.0.0.1:{port}",
            "since": str(START.date()),
            "step_s": STEP_S,
            "share_metric": SHARE_METRIC,
            "replicas": {"gpu-6": 4},
        }
        yield [*write_company(history, START, folder), usage]


def begin(wiring: Wiring, policy: Path) -> None:
    """Apply the company's policy."""
    proposal = propose_policy(policy, lake=wiring.lake, engine=wiring.engine, store=wiring.store)
    apply_policy(
        proposal,
        lake=wiring.lake,
        engine=wiring.engine,
        store=wiring.store,
        new_id=wiring.new_id,
        clock=lambda: NIGHT,
        actor="test",
    )


def night(wiring: Wiring, settings: Settings, at: datetime = NIGHT) -> NightlyRun:
    """Run the nightly job to its end."""
    return nightly_job(
        settings,
        lake=wiring.lake,
        engine=wiring.engine,
        store=wiring.store,
        clock=lambda: at,
        new_id=wiring.new_id,
    ).run(at, _Quiet())


def asked(wiring: Wiring, table: str, sql: str) -> list[dict[str, Any]]:
    """Ask the lake anything, past the questions of the product."""
    with loader(wiring.engine).connection(wiring.lake.view([table])) as connection:
        rows: list[dict[str, Any]] = connection.execute(sql).to_arrow_table().to_pylist()
    return rows


def scores(history: History, wiring: Wiring) -> dict[str, Score]:
    """Compare what was planted with what the stored accounts and advice say, class by class."""
    truth = planted(history)
    rows = asked(wiring, "gpu_account", "SELECT * FROM gpu_account")
    seen = told(row for row in rows if row["kind"] in KINDS)
    thrown = asked(wiring, "attempt_cost", "SELECT job_id, state, lost_ms FROM attempt_cost")
    found = {
        kind: _score(
            {key: ms for key, ms in truth.items() if key[1] == kind},
            {key: ms for key, ms in seen.items() if key[1] == kind},
        )
        for kind in KINDS
    }
    for state in ("failed", "preempted"):
        hours = {job: many * HOUR_MS for job, many in lost(history, state).items()}
        found[state] = _score(hours, _lost(thrown, state))
    return found | {"over_sized": _score(_over_sized(history), _smaller(wiring))}


def _score(truth: Mapping[Any, int], found: Mapping[Any, int]) -> Score:
    precision, recall = precision_and_recall(found, truth)
    hours = [sum(some.values()) / HOUR_MS for some in (truth, found)]
    return Score(hours[0], hours[1], precision, recall)


def _lost(rows: list[dict[str, Any]], state: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for row in rows:
        if row["state"] == state:
            found[row["job_id"]] += row["lost_ms"]
    return +found


def _over_sized(history: History) -> Counter[str]:
    """GPU time by the name of the work that would do with less."""
    found: Counter[str] = Counter()
    for stay in history.stays:
        if stay.waste == "over_sized":
            hours = stay.last - stay.first
            found[stay.pod.rpartition("-")[0]] += hours * stay.allocated_ms
    return found


def _smaller(wiring: Wiring) -> Counter[str]:
    _, known = advice(store=wiring.store)
    found: Counter[str] = Counter()
    for one in known:
        if one.recommendation.rule in _SMALLER:
            hours = one.recommendation.evidence["GPU-hours"].replace(",", "")
            found[one.recommendation.work.name] += round(float(hours) * HOUR_MS)
    return found
