"""Whatever GPUs did and whatever was billed: time and cost are in the accounts, once."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.documents.policy import PolicyDocument
from service.documents.yaml_file import parse_document
from service.domain.gpu_accounts import CAPACITY, CONTRACTED, HOUR_MS, WASTE, Kind
from service.domain.money import Money
from service.domain.periods import Period
from service.usecases.charge_owners import Reader
from service.usecases.gpu_time.account import account
from service.usecases.gpu_time.tables import entry_table, run_table
from service.usecases.stale_periods import READS
from tests.service.facts import Row, at, line, node, put
from warehouse.lake import Lake
from warehouse.port import Engine

POLICY = """
version: 1
effective_from: 2026-08-01
teams: [{name: vision}, {name: nlp}, {name: platform}]
pools:
  - {name: a100, owner: platform, share: by_use}
  - {name: h100, owner: nlp, share: by_reservation, reservations: {vision: 2}, capacity_gpus: 3}
rules:
  - {match: {pool: a100}, pool: a100}
  - {match: {tag: {key: team}}, team_from_tag: team}
  - {match: {namespace: "nlp-*"}, team: nlp}
node_split: {gpu: 7, cpu: 2, memory: 1}
"""
OCTOBER = Period("2026-10")
MS = st.integers(0, HOUR_MS)
SIGNAL = st.none() | st.integers(-5, HOUR_MS)
USE = st.lists(
    st.fixed_dictionaries(
        {
            "hour": st.sampled_from([at(5, 3), at(5, 4), at(6, 3)]),
            "gpu_uuid": st.sampled_from(["GPU-1", "GPU-2", "GPU-3", ""]),
            "slice": st.sampled_from([None, "", "7:1g.10gb"]),
            "host": st.sampled_from(["host-i-1", "host-i-2", "alias", "stranger"]),
            "namespace": st.sampled_from([None, "", "nlp-a", "x"]),
            "job_id": st.sampled_from([None, "", "j1", "j2", "j3"]),
            "capacity_ms": st.sampled_from([HOUR_MS, HOUR_MS // 7, 0, None]),
            "allocated_ms": MS | st.sampled_from([0, HOUR_MS // 7, HOUR_MS // 14]),
            "observed_ms": SIGNAL,
            "activity_ms": SIGNAL,
            "no_process_ms": SIGNAL,
            "energy": st.none() | st.floats(0, 1e6),
            "memory_mean": st.sampled_from([None, 0.0, 700.5]),
            "tokens_out": st.none() | st.integers(0, 10**9),
            "mode": st.sampled_from([None, "whole", "mig"]),
        }
    ),
    max_size=8,
)
LINES = st.lists(
    st.builds(
        line,
        st.integers(-(10**20), 10**20).map(lambda pico: str(Money(pico, "USD").decimal)),
        BillingCurrency=st.sampled_from(["USD", "EUR"]),
        ResourceId=st.sampled_from([None, "i-1", "i-2", "i-3", "i-4"]),
        Tags=st.sampled_from([None, '{"team": "nlp"}', '{"team": "x"}']),
        ChargePeriodStart=st.sampled_from([at(5), at(5, 3), at(6), at(28, month=9)]),
        ChargePeriodEnd=st.sampled_from([at(6), at(7, 5), at(1, month=11)]),
        CommitmentDiscountStatus=st.sampled_from([None, "Used", "Unused"]),
        x_PurchaseModel=st.sampled_from([None, "committed", "on_demand"]),
        x_AcceleratorModel=st.sampled_from([None, "H100"]),
        x_AcceleratorHours=st.sampled_from([None, Decimal("8.5")]),
        RegionId=st.sampled_from([None, "us-east-1"]),
    ),
    max_size=8,
)
RUNS = st.lists(
    st.fixed_dictionaries(
        {
            "job_id": st.sampled_from(["j1", "j2"]),
            "attempt": st.integers(1, 3),
            "gpus": st.sampled_from([0, 1, 8]),
            "team": st.sampled_from([None, "vision", "x"]),
            "submitted": st.just(at(1)),
            "started": st.sampled_from([None, at(5, 2), at(5, 3)]),
            "ended": st.sampled_from([None, at(5, 3), at(5, 4), at(6, 4)]),
            "checkpoint_at": st.sampled_from([None, at(5, 3)]),
            "state": st.sampled_from(["failed", "preempted", "succeeded", "running"]),
            "hosts": st.sampled_from([None, "[]", '["host-i-1"]', "no list"]),
        }
    ),
    max_size=6,
)
NODES = [
    node("i-1", "a100", accelerator_model="A100-80GB"),
    node("i-2", "h100", gpu_uuids='["GPU-2","GPU-3"]', accelerator_count=2),
    node("i-3", "cpu", accelerator_count=0),
]


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(LINES, USE, RUNS)
def test_time_and_cost_are_in_the_accounts_once(
    lake: Lake, engine: Engine, lines: list[Row], use: list[Row], runs: list[Row]
) -> None:
    """Time by GPU and hour, cost by currency, and GPU + CPU + memory, to the last digit."""
    put(lake, "cost_line", lines)
    put(lake, "node", NODES)
    put(lake, "job_run", runs)
    put(lake, "gpu_usage", use, period="2026-10-05")
    policy = parse_document(POLICY, "policy.yaml", PolicyDocument).policy()

    found = account(OCTOBER, policy, Reader(engine, lake.view(READS)), {})

    rows = entry_table(found.entries, found.node_split).to_pylist()
    assert by_day(rows) == capacity(use)
    assert sums(rows, "effective_cost") == paid(lines)
    assert time(rows, WASTE) <= time(rows, CONTRACTED)
    for row in rows:
        parts = [row[f"{part}_cost"] for part in ("gpu", "cpu", "memory")]
        assert (sum(parts) if row["effective_cost"] is not None else None) == row["effective_cost"]
        assert row["gpu_ms"] >= 0
        assert row["team"] in {"vision", "nlp", "platform", "unallocated"}
    for run in run_table(found.runs).to_pylist():
        assert 0 <= run["lost_ms"] <= run["gpu_ms"]
        assert 0 <= (run["utilised_ms"] or 0) <= run["observed_ms"] <= run["gpu_ms"]


def time(rows: list[dict[str, Any]], kinds: Iterable[Kind]) -> int:
    """Sum the GPU-milliseconds of some classes."""
    return sum(row["gpu_ms"] for row in rows if row["kind"] in set(kinds))


def by_day(rows: list[dict[str, Any]]) -> dict[Any, tuple[int, int]]:
    """Sum the classes of time that there was by day, and of it what is contradictory."""
    found: Counter[Any] = Counter()
    odd: Counter[Any] = Counter()
    for row in rows:
        if row["kind"] in CAPACITY:
            found[row["day"]] += row["gpu_ms"]
            odd[row["day"]] += row["gpu_ms"] * (row["kind"] == Kind.CONTRADICTORY)
    return {day: (ms, odd[day]) for day, ms in found.items() if ms}


def capacity(use: list[Row]) -> dict[Any, tuple[int, int]]:
    """Count what there was, and of it the hours whose holders held more, without the lake."""
    hours: defaultdict[tuple[Any, ...], list[tuple[int, int]]] = defaultdict(list)
    for row in use:
        key = row["hour"], row["gpu_uuid"], row["slice"] or ""
        hours[key].append((number(row["capacity_ms"]), number(row["allocated_ms"])))
    found: Counter[Any] = Counter()
    odd: Counter[Any] = Counter()
    for (hour, *_), parts in hours.items():
        there = max(ms for ms, _ in parts)
        found[hour.date()] += there
        odd[hour.date()] += there * (sum(held for _, held in parts) > there)
    return {day: (ms, odd[day]) for day, ms in found.items() if ms}


def number(value: object) -> int:
    """Read what is not known as nothing: an hour without capacity was not there."""
    return value if isinstance(value, int) else 0


def sums(rows: list[dict[str, Any]], name: str) -> dict[str, Decimal]:
    """Sum a cost by currency."""
    found: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        if row["currency"] is not None:
            found[row["currency"]] += row[name]
    return dict(found)


def paid(lines: list[Row]) -> dict[str, Decimal]:
    """Sum the lines of machines and accelerators by currency, without the lake."""
    of_interest = (
        row
        for row in lines
        if row["ResourceId"] in ("i-1", "i-2")
        or row["x_AcceleratorModel"] is not None
        or row["x_AcceleratorHours"] is not None
    )
    found: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in of_interest:
        found[str(row["BillingCurrency"])] += Decimal(str(row["EffectiveCost"]))
    return dict(found)
