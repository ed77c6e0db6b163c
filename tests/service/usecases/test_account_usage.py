"""What the accounts of a period do with facts that are not plain."""

from typing import Any

import pytest

from service.domain.gpu_accounts import HOUR_MS
from service.domain.periods import Period
from service.domain.policy import Policy
from service.domain.pools import Pool, Sharing
from service.usecases.charge_owners import Reader
from service.usecases.gpu_time.account import account
from service.usecases.gpu_time.tables import entry_table, run_table
from service.usecases.stale_periods import READS
from tests.service.facts import Row, at, job, line, node, put
from warehouse.lake import Lake
from warehouse.port import Engine

OCTOBER = Period("2026-10")
POLICY = Policy(
    OCTOBER.first_day,
    frozenset(("vision", "nlp", "platform")),
    pools={
        "h100": Pool("h100", "platform", Sharing.BY_RESERVATION, {"vision": 1, "nlp": 1}, 4),
        "a100": Pool("a100", "platform", Sharing.BY_USE),
    },
)


class House:
    """A lake to fill, and the accounts of it."""

    def __init__(self, lake: Lake, engine: Engine) -> None:
        """Take the parts."""
        self.lake, self.engine = lake, engine
        self.runs: list[dict[str, Any]] = []

    def accounts(self, **tables: list[Row]) -> list[dict[str, Any]]:
        """Fill the tables and return the rows of the accounts."""
        for table, facts in tables.items():
            put(self.lake, table, facts, period="2026-10-05" if table == "gpu_usage" else "2026-10")
        found = account(OCTOBER, POLICY, Reader(self.engine, self.lake.view(READS)), {})
        self.runs = run_table(found.runs).to_pylist()
        rows: list[dict[str, Any]] = entry_table(found.entries, found.node_split).to_pylist()
        return rows


@pytest.fixture
def house(lake: Lake, engine: Engine) -> House:
    """An empty house."""
    return House(lake, engine)


def sample(gpu: int, hour: int, job_id: str | None = None, **columns: object) -> Row:
    """Return an hour of a GPU of host-i-1, held whole by a job or by nobody."""
    held = HOUR_MS if job_id else 0
    usual = {"hour": at(5, hour), "gpu_uuid": f"GPU-{gpu}", "host": "host-i-1", "job_id": job_id}
    times = {"capacity_ms": HOUR_MS, "allocated_ms": held, "observed_ms": HOUR_MS}
    return usual | times | {"activity_ms": held} | columns


def hours(rows: list[dict[str, Any]], *names: str) -> dict[tuple[Any, ...], float]:
    """Sum GPU-hours by columns."""
    found: dict[tuple[Any, ...], float] = {}
    for row in rows:
        key = tuple(row[name] for name in names)
        found[key] = found.get(key, 0) + row["gpu_ms"] / HOUR_MS
    return found


def test_an_hour_of_two_attempts_is_divided_by_the_time_they_ran(house: House) -> None:
    """The first ran from 03:00 to 03:15, the second from 03:30 on: 15 and 30 of 45 minutes."""
    attempts: list[dict[str, object]] = [
        {"started": at(5, 3), "ended": at(5, 3).replace(minute=15), "state": "failed"},
        {"started": at(5, 3).replace(minute=30), "ended": at(5, 5), "state": "succeeded"},
    ]
    runs = [
        job("j", "vision", gpus=1, **{**times, "attempt": number})
        for number, times in enumerate(attempts, start=1)
    ]
    use = [sample(1, 3, "j", energy=90.0, tokens_out=9), sample(1, 4, "j", tokens_out=4)]

    rows = house.accounts(
        node=[node("i-1", "a100")],
        job_run=runs,
        gpu_usage=use,
        cost_line=[line("6", ResourceId="i-1")],
    )

    first, second = house.runs
    assert (first["gpu_ms"], second["gpu_ms"]) == (HOUR_MS // 3, HOUR_MS * 5 // 3)
    assert (first["effective_cost"], second["effective_cost"]) == (1, 5)
    assert (first["lost_ms"], first["lost_cost"]) == (0, 0)  # It served tokens.
    assert (first["tokens_out"], second["tokens_out"]) == (3, 10)
    assert (first["energy"], second["energy"]) == (30.0, 60.0)
    assert hours(rows, "team", "kind") == {("vision", "utilised"): 2}


def test_holders_that_held_more_than_there_is_are_set_aside_whole(house: House) -> None:
    """Two jobs say that they held the same GPU: the hour is the pool owner's and contradictory."""
    rows = house.accounts(
        node=[node("i-1", "a100")],
        job_run=[job("j1", "vision"), job("j2", "nlp")],
        gpu_usage=[sample(1, 3, "j1"), sample(1, 3, "j2"), sample(1, 4, "j1")],
    )

    assert hours(rows, "kind", "team") == {
        ("contradictory", "platform"): 1,
        ("utilised", "vision"): 1,
    }


def test_slices_and_shares_of_a_gpu_are_one_gpu(house: House) -> None:
    """Three sevenths held, one seventh shared by two pods, three sevenths free: one GPU-hour."""
    seventh = HOUR_MS // 7
    big: dict[str, Any] = {"slice": "1:3g.40gb", "capacity_ms": 3 * seventh, "mode": "mig"}
    small: dict[str, Any] = {"slice": "2:1g.10gb", "capacity_ms": seventh, "mode": "mig"}
    rest: dict[str, Any] = {"slice": "rest", "capacity_ms": HOUR_MS - 4 * seventh, "mode": "mig"}
    half: dict[str, Any] = {
        "allocated_ms": seventh // 2,
        "activity_ms": seventh // 4,
        "observed_ms": seventh // 2,
    }

    rows = house.accounts(
        job_run=[job("j1", "vision"), job("j2", "nlp"), job("j3", "nlp")],
        gpu_usage=[
            sample(1, 3, "j1", **big, allocated_ms=3 * seventh, activity_ms=3 * seventh),
            sample(1, 3, "j2", **small, **half),
            sample(1, 3, "j3", **small, **half),
            sample(1, 3, **rest),
        ],
    )

    assert sum(row["gpu_ms"] for row in rows) == HOUR_MS
    found = {(row["job_id"], row["kind"]): row["gpu_ms"] for row in rows}
    assert found["j1", "utilised"] == 3 * seventh
    assert found["j2", "utilised"] == found["j3", "utilised"] == seventh // 4
    assert found["j2", "unused"] == seventh // 2 - seventh // 4


def test_a_reservation_that_is_not_held_is_its_teams(house: House) -> None:
    """Of 4 GPUs for a day vision reserved 1 and held none, nlp reserved 1 and held it."""
    free = [sample(gpu, hour) for gpu in (1, 2, 3) for hour in range(24)]
    held = [sample(4, hour, "j") for hour in range(24)]

    rows = house.accounts(
        node=[node("i-1", "h100")], job_run=[job("j", "nlp")], gpu_usage=[*free, *held]
    )

    assert hours(rows, "kind", "team") == {
        ("utilised", "nlp"): 24,
        ("reserved_idle", "vision"): 24,
        ("unreserved_idle", "platform"): 48,
    }


def test_idle_time_of_a_machine_that_is_committed_to_is_reserved(house: House) -> None:
    """Most of its cost is a commitment's, and nlp pays it, outside of any pool."""
    policy_line = {"ResourceId": "i-1", "Tags": '{"team": "nlp"}'}
    rows = house.accounts(
        node=[node("i-1", "none")],
        gpu_usage=[sample(1, 3)],
        cost_line=[
            line("3", **policy_line, x_PurchaseModel="committed"),
            line("2", **policy_line, x_PurchaseModel="on_demand"),
        ],
    )

    assert hours(rows, "kind", "team") == {("reserved_idle", "unallocated"): 1}
    assert [row["effective_cost"] for row in rows] == [5]


def test_costs_in_two_currencies_have_their_time_once(house: House) -> None:
    """Two dollars and three euros for one hour: the run's cost is unknown, the hour is one."""
    rows = house.accounts(
        node=[node("i-1", "a100")],
        job_run=[job("j", "nlp", started=at(5, 3), ended=at(5, 4), gpus=1)],
        gpu_usage=[sample(1, 3, "j", tokens_out=7)],
        cost_line=[
            line("2", ResourceId="i-1"),
            line("3", ResourceId="i-1", BillingCurrency="EUR"),
        ],
    )

    found = {
        row["currency"]: (row["gpu_ms"], row["tokens_out"], row["effective_cost"]) for row in rows
    }
    assert found == {"EUR": (HOUR_MS, 7, 3), "USD": (0, None, 2)}
    assert house.runs[0]["effective_cost"] is None


def test_a_charge_of_a_month_goes_to_the_days_on_which_its_machine_was_seen(house: House) -> None:
    """31 dollars of October for two hours of the fifth; what September says is not explained."""
    month = {"ChargePeriodStart": at(1), "ChargePeriodEnd": at(1, month=11)}
    late = {"ChargePeriodStart": at(28, month=9), "ChargePeriodEnd": at(29, month=9)}

    rows = house.accounts(
        node=[node("i-1", "a100")],
        gpu_usage=[sample(1, 3), sample(1, 4)],
        cost_line=[line("31", ResourceId="i-1", **month), line("4", ResourceId="i-1", **late)],
    )

    assert {(row["kind"], row["gpu_ms"], row["effective_cost"]) for row in rows} == {
        ("unreserved_idle", 2 * HOUR_MS, 31),
        ("unmatched_no_usage", 0, 4),
    }


def test_a_signal_that_is_absent_is_not_zero(house: House) -> None:
    """Older rows say they observed an hour, but have no activity: it is unobserved."""
    rows = house.accounts(
        job_run=[job("j", "nlp")], gpu_usage=[sample(1, 3, "j", activity_ms=None)]
    )

    assert hours(rows, "kind") == {("unobserved",): 1}


def test_an_attempt_that_no_gpu_knows_has_the_schedulers_time(house: House) -> None:
    """Two GPUs for three hours, and nobody knows what they cost."""
    house.accounts(
        job_run=[job("j", "nlp", started=at(5, 3), ended=at(5, 6), gpus=2, state="failed")]
    )

    (run,) = house.runs
    assert (run["team"], run["gpu_ms"], run["lost_ms"]) == ("nlp", 6 * HOUR_MS, 6 * HOUR_MS)
    assert (run["utilised_ms"], run["observed_ms"], run["effective_cost"]) == (None, 0, None)


def test_a_pod_is_the_attempt_that_its_cluster_tells_of(house: House) -> None:
    """Usage names two pods, the cluster the run train/p-0 of vision only; p-1 is nobody's."""
    pods = [
        sample(gpu, 3, namespace="train", pod=f"p-{gpu}", allocated_ms=HOUR_MS, activity_ms=0)
        for gpu in (0, 1)
    ]
    run = job("train/p-0", "vision", started=at(5, 3), ended=at(5, 4), gpus=1)

    rows = house.accounts(job_run=[run], gpu_usage=pods)

    assert hours(rows, "team", "job_id") == {
        ("vision", "train/p-0"): 1,
        ("unallocated", None): 1,
    }
    assert [one["observed_ms"] for one in house.runs] == [HOUR_MS]
