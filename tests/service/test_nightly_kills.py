"""A real process is killed at every step of the night, and the morning looks the same."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from ingest.settings import FilesSettings
from service.bootstrap import Wiring, demo_settings, wire
from service.config import Settings
from service.documents.workload_file import load_workloads
from service.store.roles import Logins
from service.usecases.apply_capacity import apply_capacity, propose_capacity
from service.usecases.apply_policy import apply_policy, propose_policy
from service.usecases.submit_workloads import submit
from tests.service.nightly_victim import NIGHT

VICTIM = Path(__file__).with_name("nightly_victim.py")
MOMENTS = ("begun", "committing", "worked", "recorded")
TELLING = ("committing", "worked")
"""The moments at which most is at stake: files are written, nothing says so yet."""
LOADS = ("load aws", "load list-prices", "load metrics")
STEPS = (*LOADS, "allocate", "account", "rightsize", "plan", "report", "maintain")
NEVER = ("no step", "never")


class House:
    """A small company's data folder and database, and the processes that run its night."""

    def __init__(self, logins: Logins, folder: Path, company: Path) -> None:
        self.logins, self.folder, self.company = logins, folder, company

    def environment(self) -> dict[str, str]:
        """Configure the house as a user would, by variables."""
        demo = demo_settings(Settings(data_dir=Path("house"))).sources
        files = "house/demo/files"
        sources = [
            {**one.model_dump(), "path": one.path.replace(files, str(self.company))}
            for one in demo
            if isinstance(one, FilesSettings)
        ]
        return {
            "COMPTROLLER_DATABASE_URL": self.logins.app,
            "COMPTROLLER_DATA_DIR": str(self.folder),
            "COMPTROLLER_SOURCES": json.dumps(sources),
            "COMPTROLLER_PLAN_TIME_LIMIT_S": "20",
        }

    def settings(self, monkeypatch: pytest.MonkeyPatch) -> Settings:
        """Read what the processes will read."""
        for name, value in self.environment().items():
            monkeypatch.setenv(name, value)
        return Settings()

    def start(self, step: str, moment: str) -> subprocess.CompletedProcess[str]:
        """Run the night in a process that may die."""
        return subprocess.run(
            [sys.executable, str(VICTIM), step, moment],
            env={**os.environ, **self.environment()},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def morning(self) -> dict[str, Any]:
        """Run the rest of the night undisturbed and tell what is there."""
        ended = self.start(*NEVER)
        assert ended.returncode == 0, ended.stderr
        found: dict[str, Any] = json.loads(ended.stdout)
        return found

    def count(self, table: str) -> int:
        """Count rows as an administrator."""
        engine = create_engine(self.logins.admin)
        with engine.connect() as connection:
            rows = connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()  # noqa: S608
        engine.dispose()
        return int(rows)


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Any:  # noqa: ANN401
    """Three days around a month's end, and eight workloads."""
    from service.demo.company import invent

    return invent(tmp_path_factory.mktemp("company"), today=date(2026, 11, 3), days=3, workloads=8)


@contextmanager
def decided(house: House, company: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Wiring]:  # noqa: ANN401
    """Apply policy and capacity and submit the queue, with ids that count from 1."""
    with wire(house.settings(monkeypatch), clock=lambda: NIGHT) as wiring:
        store, lake, engine, new_id = wiring.store, wiring.lake, wiring.engine, wiring.new_id
        clock = wiring.clock
        policy = propose_policy(company.policy, lake=lake, engine=engine, store=store)
        apply_policy(
            policy, lake=lake, engine=engine, store=store, new_id=new_id, clock=clock, actor="test"
        )
        capacity = propose_capacity(company.capacity, store=store)
        apply_capacity(capacity, store=store, at=NIGHT, actor="test")
        documents = load_workloads(company.workloads)
        submit(documents, store=store, clock=clock, new_id=new_id, actor="test")
        yield wiring


@pytest.mark.parametrize(
    "moments",
    [
        pytest.param(TELLING, id="telling moments"),
        pytest.param(MOMENTS, id="every moment", marks=pytest.mark.slow),
    ],
)
def test_killed_at_every_step_the_night_ends_as_if_nothing_had_happened(
    moments: tuple[str, ...],
    server: Any,  # noqa: ANN401
    company: Any,  # noqa: ANN401
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """15 or 31 kills of one run (8 steps x moments, a report commits nothing) change nothing."""
    from tests.conftest import TEMPLATE

    files = company.nodes.parent
    with (
        server.new_database(f"calm_{os.getpid()}", TEMPLATE) as calm,
        server.new_database(f"killed_{os.getpid()}", TEMPLATE) as killed,
    ):
        undisturbed = House(calm, tmp_path / "calm", files)
        disturbed = House(killed, tmp_path / "killed", files)
        for house in (undisturbed, disturbed):
            with decided(house, company, monkeypatch):
                pass
        expected = undisturbed.morning()

        ends = {
            (step, moment): disturbed.start(step, moment).returncode
            for step in STEPS
            for moment in moments
            if (step, moment) != ("report", "committing")
        }
        after = disturbed.morning()

        assert set(ends.values()) == {-signal.SIGKILL}, ends
        assert {**after, "run": ""} == {**expected, "run": ""}
        assert after["plan of this run"]
        assert disturbed.count("plan") == 1
        assert disturbed.count("run") == 1
