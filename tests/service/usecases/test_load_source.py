"""Loading what a source announces: only what is news, each announcement on its own."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from ingest.port import Announcement, Check, Delivery, Kind, Marks, SourceError
from ingest.registry import files_source
from service.bootstrap import Wiring
from service.store.store import Store
from service.usecases.load_source import Loaded, failures, load_source, marks
from tests.service.loads import bill
from warehouse.load_state import loader


class Provider:
    """A source of two months, written as a provider's would be: files, marks and versions."""

    name = "aws"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.offers: list[Announcement] = []
        self.fetched: list[str] = []

    def offer(self, period: str, *costs: str, mark: str, version: int) -> None:
        """Have a bill of a month from now on."""
        columns = {"BillingPeriodStart": f"{period}-01T00:00:00Z"}
        bill(self.folder, f"{period}.csv", *costs, **columns)
        self.withdraw(period)
        self.offers.append(Announcement(Kind.FOCUS, period, mark, version, f"bill of {period}"))

    def withdraw(self, period: str) -> None:
        """Have nothing of a month."""
        self.offers = [one for one in self.offers if one.period != period]

    def announced(self, known: Marks) -> list[Announcement]:
        """All months."""
        del known
        return self.offers

    def fetch(self, announced: Announcement, folder: Path, version: int) -> Delivery:
        """One month's file, looked at where it lies."""
        assert folder.is_dir()
        self.fetched.append(announced.period or "")
        source = files_source(self.name, [str(self.folder / f"{announced.period}.csv")])
        [found] = source.deliveries(version)
        return replace(found, period=announced.period, mark=announced.mark)

    def check(self) -> list[Check]:
        """Nothing to say."""
        return []


@pytest.fixture
def provider(tmp_path: Path) -> Provider:
    """September of 10, October of 4 + 2."""
    folder = tmp_path / "bills"
    folder.mkdir()
    made = Provider(folder)
    made.offer("2026-09", "10", mark="s1", version=1)
    made.offer("2026-10", "4", "2", mark="o1", version=1)
    return made


@pytest.fixture
def load(wiring: Wiring, provider: Provider, tmp_path: Path) -> Callable[..., list[Loaded]]:
    """Load the provider's bills."""

    def run(
        periods: frozenset[str] | None = None, store: Store | Dying = wiring.store
    ) -> list[Loaded]:
        return load_source(
            provider,
            lake=wiring.lake,
            engine=wiring.engine,
            store=cast("Store", store),
            new_id=wiring.new_id,
            clock=wiring.clock,
            temp_folder=tmp_path / "temp",
            periods=periods,
        )

    return run


class Dying:
    """A store that is gone at its second use: marks are read, the record cannot be written."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._uses = 0

    def work(self) -> object:
        """Work once."""
        self._uses += 1
        if self._uses > 1:
            raise KeyboardInterrupt
        return self._store.work()


def outcomes(done: list[Loaded]) -> dict[str, str]:
    """Say how it went with each period."""
    return {one.period or "": one.outcome for one in done}


def billed(wiring: Wiring) -> dict[str, str]:
    """Add up the lake by period."""
    with loader(wiring.engine).connection(wiring.lake.view(["cost_line"])) as connection:
        found = connection.execute(
            "SELECT x_BillingPeriod, sum(BilledCost)::DECIMAL(38, 2)::VARCHAR FROM cost_line"
            " GROUP BY ALL ORDER BY ALL"
        ).fetchall()
    return dict(found)


def test_what_the_lake_holds_under_the_same_mark_is_not_fetched(
    wiring: Wiring, provider: Provider, load: Callable[..., list[Loaded]]
) -> None:
    """Two months are fetched once; the second time only the one with a new mark."""
    load()
    provider.offer("2026-10", "4", "3", mark="o2", version=2)

    again = load()

    assert outcomes(again) == {"2026-09": "unchanged", "2026-10": "loaded"}
    assert provider.fetched == ["2026-09", "2026-10", "2026-10"]
    assert billed(wiring) == {"2026-09": "10.00", "2026-10": "7.00"}


def test_the_same_content_under_a_new_mark_is_kept_under_it(
    wiring: Wiring, provider: Provider, load: Callable[..., list[Loaded]]
) -> None:
    """It is fetched once to find that out, and not a second time."""
    load()
    provider.offer("2026-10", "4", "2", mark="o2", version=2)

    second, third = load(), load()

    assert outcomes(second) == outcomes(third) == {"2026-09": "unchanged", "2026-10": "unchanged"}
    assert provider.fetched == ["2026-09", "2026-10", "2026-10"]
    known = marks("aws", lake=wiring.lake, store=wiring.store)
    assert known == {(Kind.FOCUS, "2026-09"): "s1", (Kind.FOCUS, "2026-10"): "o2"}


def test_an_older_delivery_does_not_replace_a_newer_one(
    wiring: Wiring, provider: Provider, load: Callable[..., list[Loaded]]
) -> None:
    """Version 5 says 8; version 3, which comes after it, says 1."""
    provider.offer("2026-10", "8", mark="o5", version=5)
    load()
    provider.offer("2026-10", "1", mark="o3", version=3)

    done = load()

    assert outcomes(done)["2026-10"] == "older"
    assert billed(wiring)["2026-10"] == "8.00"


def test_a_fault_in_one_period_stops_no_other(
    wiring: Wiring, provider: Provider, load: Callable[..., list[Loaded]]
) -> None:
    """September's file is gone; October is loaded, and the sentence names the file."""
    (provider.folder / "2026-09.csv").unlink()

    done = load()

    assert outcomes(done) == {"2026-09": "failed", "2026-10": "loaded"}
    [(place, reason)] = failures([one.as_json() for one in done]).items()
    assert place == "aws 2026-09"
    assert "2026-09.csv: there is no such file" in reason
    assert billed(wiring) == {"2026-10": "6.00"}


def test_a_source_that_can_deliver_nothing_fails_as_a_whole(
    provider: Provider, load: Callable[..., list[Loaded]]
) -> None:
    """Both files are gone, so there is nothing to go on with."""
    for period in ("2026-09", "2026-10"):
        (provider.folder / f"{period}.csv").unlink()

    with pytest.raises(SourceError, match=r"^2026-09: .*09\.csv.*; 2026-10: .*10\.csv"):
        load()


def test_a_reason_that_all_periods_share_is_told_once(
    provider: Provider, load: Callable[..., list[Loaded]]
) -> None:
    """Both months are announced from one place, which is gone: one sentence without a month."""
    provider.offers = [replace(one, period="2026-10") for one in provider.offers]
    (provider.folder / "2026-10.csv").unlink()

    with pytest.raises(SourceError, match=r"^/.*2026-10\.csv: there is no such file$"):
        load()


def test_only_the_wanted_periods_are_loaded(
    wiring: Wiring, load: Callable[..., list[Loaded]]
) -> None:
    """Of two months one is asked for."""
    done = load(frozenset({"2026-09"}))

    assert outcomes(done) == {"2026-09": "loaded"}
    assert billed(wiring) == {"2026-09": "10.00"}


def test_rows_of_another_period_are_set_aside(
    wiring: Wiring, provider: Provider, load: Callable[..., list[Loaded]]
) -> None:
    """A file that is announced as October has one line of October and one of November."""
    path = provider.folder / "2026-10.csv"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:2], lines[2].replace("2026-10-01", "2026-11-01")]) + "\n")

    [done] = [one for one in load() if one.period == "2026-10"]

    assert done.result is not None
    assert (done.result.rows, done.result.quarantined) == (1, 1)
    assert "2026-11" in done.result.rejected[0].reason
    assert billed(wiring) == {"2026-09": "10.00", "2026-10": "4.00"}


def test_a_load_that_lost_its_record_is_made_good(
    wiring: Wiring, provider: Provider, load: Callable[..., list[Loaded]]
) -> None:
    """The process died between commit and record: the same load is recorded the next time."""
    provider.withdraw("2026-09")

    with pytest.raises(KeyboardInterrupt):
        load(store=Dying(wiring.store))
    [before] = wiring.lake.states("cost_line", "aws").values()

    load()

    [after] = wiring.lake.states("cost_line", "aws").values()
    with wiring.store.work() as work:
        [record] = work.deliveries.latest(5)
    assert str(record.id) == before.load_id == after.load_id
    assert (record.mark, record.rows) == ("o1", 2)


def test_folders_of_killed_processes_go_after_two_days(
    wiring: Wiring, load: Callable[..., list[Loaded]], tmp_path: Path
) -> None:
    """One folder is three days old, one an hour; the younger may be in use."""
    old, young = tmp_path / "temp" / "fetch-old", tmp_path / "temp" / "fetch-young"
    for folder, age in ((old, timedelta(days=3)), (young, timedelta(hours=1))):
        folder.mkdir(parents=True)
        at = (wiring.clock() - age).timestamp()
        os.utime(folder, (at, at))

    load()

    assert (old.exists(), young.exists()) == (False, True)


def test_nothing_of_what_was_fetched_stays(
    load: Callable[..., list[Loaded]], tmp_path: Path
) -> None:
    """Fetched files are the provider's, who keeps them."""
    load()

    assert list((tmp_path / "temp").iterdir()) == []


def test_a_source_that_cannot_be_asked_is_a_refusal(wiring: Wiring, tmp_path: Path) -> None:
    """There is nothing to load, and that is not the same as nothing new."""
    source = files_source("aws", [f"{tmp_path}/none-*.csv"])

    with pytest.raises(SourceError, match="no file fits"):
        load_source(
            source,
            lake=wiring.lake,
            engine=wiring.engine,
            store=wiring.store,
            new_id=wiring.new_id,
            clock=wiring.clock,
            temp_folder=tmp_path / "temp",
        )


def test_a_load_that_is_made_good_still_tells_what_it_changed(
    wiring: Wiring, provider: Provider, load: Callable[..., list[Loaded]]
) -> None:
    """October of 4 + 2 became 4 + 5, and the process died: afterwards one line changed by 3."""
    load()
    provider.offer("2026-10", "4", "5", mark="o2", version=2)
    with pytest.raises(KeyboardInterrupt):
        load(store=Dying(wiring.store))

    load()

    with wiring.store.work() as work:
        [record] = [one for one in work.deliveries.latest(5) if one.mark == "o2"]
    [change] = record.restated
    assert (change.rows_added, change.rows_removed, change.rows_changed) == (0, 0, 1)
    assert change.billed_changed == 3


def test_two_at_once_load_everything_once(
    wiring: Wiring, provider: Provider, load: Callable[..., list[Loaded]]
) -> None:
    """Whoever is second waits and finds nothing new: two months, two records."""
    with ThreadPoolExecutor(2) as both:
        done = [one for run in both.map(lambda _: load(), range(2)) for one in run]

    assert sorted(one.outcome for one in done) == ["loaded", "loaded", "unchanged", "unchanged"]
    assert len(provider.fetched) == 2
    with wiring.store.work() as work:
        assert len(work.deliveries.latest(10)) == 2
