"""Three clouds at once, three months, restatements, late rows, faults: the lake keeps up."""

import random
import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from service.bootstrap import Wiring
from service.store.roles import Logins
from tests.peers.azure import azurite
from tests.peers.google import bqemulator
from tests.peers.moto import ENVIRONMENT, moto_server
from tests.scenario.aws import Aws
from tests.scenario.azure import Azure
from tests.scenario.google import Google
from tests.scenario.house import Night, held, settings_of
from tests.scenario.script import AUGUST, STEPS, Clouds
from tests.scenario.truth import Truth

pytestmark = [pytest.mark.slow, pytest.mark.needs_peers, pytest.mark.timeout(1500)]

FAULTY = {"faults_of_the_files": 3, "october_and_too_few_rows": 3, "october_is_mended": 3}
"""Steps after which a load ends with 3: something could not be loaded."""

KILLS_A_STEP = 6
"""In nine steps that is more than fifty."""

LONGEST_S = 6.0
"""A load of the scenario is mostly over by then."""


@pytest.fixture
def clouds(tmp_path: Path) -> Iterator[Clouds]:
    """The three clouds' peers, at work at the same time."""
    with ExitStack() as running:
        bucket = re.sub("[^a-z0-9]+", "-", tmp_path.name.lower()).strip("-")[:60]
        aws = Aws(running.enter_context(moto_server()), bucket)
        azure = Azure(running.enter_context(azurite(tmp_path)))
        google = Google(running.enter_context(bqemulator()))
        yield Clouds(aws, azure, google, Truth())


@pytest.fixture
def night(
    clouds: Clouds,
    database: Logins,
    wiring: Wiring,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Night:
    """A process that loads all three clouds into the lake of the test."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    sources = [cloud.setting(AUGUST) for cloud in (clouds.aws, clouds.azure, clouds.google)]
    environment = settings_of(sources, database.app, tmp_path / "data")
    return Night({**environment, "COMPTROLLER_LAKE_URI": str(wiring.lake.root)}, tmp_path)


def test_after_every_step_the_lake_is_what_the_clouds_have_delivered_whole(
    clouds: Clouds, night: Night, wiring: Wiring
) -> None:
    """Nine steps, nine loads; a second load in between changes nothing."""
    for step in STEPS:
        step(clouds)

        done = night.run()

        assert done.returncode == FAULTY.get(step.__name__, 0), done.stdout + done.stderr
        assert held(wiring) == wanted(clouds), step.__name__
    snapshots = wiring.lake.view(["cost_line"])
    again = night.run()
    assert (again.returncode, wiring.lake.view(["cost_line"])) == (0, snapshots)
    with wiring.store.work() as work:
        records = work.deliveries.latest(1000)
    loads = {state.load_id for state in wiring.lake.states("cost_line").values()}
    assert loads <= {str(record.id) for record in records}


def test_a_restatement_is_told_by_account_and_service(
    clouds: Clouds, night: Night, wiring: Wiring
) -> None:
    """August of AWS loses a line of 0.000001, gains a credit of -1.5; one is dearer by 5.25."""
    for step in STEPS[:3]:
        step(clouds)
        assert night.run().returncode == 0

    with wiring.store.work() as work:
        records = work.deliveries.latest(1000, "aws")
    [told] = [one for one in records if one.periods == (AUGUST,) and one.rows == 60][:1]
    sums = [
        sum(getattr(change, name) for change in told.restated)
        for name in ("rows_added", "rows_removed", "rows_changed", "billed_added", "billed_changed")
    ]
    assert [f"{one:.2f}" for one in sums] == ["1.00", "1.00", "1.00", "-1.50", "5.25"]


def test_a_process_killed_anywhere_leaves_old_or_new_and_the_next_finishes(
    clouds: Clouds, night: Night, wiring: Wiring
) -> None:
    """Before each load that is let through, six are killed at random moments: 54 in all."""
    moments = random.Random(20261121)  # noqa: S311 - no secret, and the same every time
    before: dict[tuple[str, str], object] = {}
    for step in STEPS:
        step(clouds)
        after = wanted(clouds)
        longest, kills = LONGEST_S, 0
        while kills < KILLS_A_STEP:
            over = night.kill_after(moments.uniform(0.3, longest))
            # A run that was over before it could be killed has nothing left for the next one.
            longest, kills = (longest, kills + 1) if over is None else (over, kills)
            found = held(wiring)
            for place in {*before, *after, *found}:
                assert found.get(place) in (before.get(place), after.get(place)), place

        done = night.run()

        assert done.returncode == FAULTY.get(step.__name__, 0), done.stdout + done.stderr
        assert held(wiring) == after, step.__name__
        before = dict(after)


def wanted(clouds: Clouds) -> dict[tuple[str, str], object]:
    """What the lake must hold: a period without a line is not there."""
    return {place: sums for place, sums in clouds.truth.sums().items() if sums}
