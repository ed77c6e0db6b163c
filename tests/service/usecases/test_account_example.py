"""The worked example of docs/usage.md: one machine, one day, 80 dollars, accounted for real."""

import re
from decimal import Decimal

import pytest

from service.documents.policy import PolicyDocument
from service.documents.yaml_file import parse_document
from service.domain.gpu_accounts import HOUR_MS
from service.domain.periods import Period
from service.usecases.charge_owners import Reader
from service.usecases.gpu_time.account import Accounts, account
from service.usecases.gpu_time.tables import entry_table, run_table
from service.usecases.stale_periods import READS
from tests.service.usage_example import PAGE, POLICY, put_example
from warehouse.lake import Lake
from warehouse.port import Engine

ROW = re.compile(r"^\| (\w+) \| (\w+) \| (\w*) ?\| (\d+) \| (\d+\.\d\d) \|$", re.MULTILINE)


@pytest.fixture
def example(lake: Lake, engine: Engine) -> Accounts:
    """Eight GPUs for 24 hours: 4 held by a job that failed once, 2 by a server, 1 asleep."""
    put_example(lake)
    policy = parse_document(POLICY, "usage.md", PolicyDocument).policy()
    reader = Reader(engine, lake.view(READS))
    return account(Period("2026-10"), policy, reader, {("aws", "us-east-1"): 400.0})


def test_192_gpu_hours_have_kinds_owners_and_80_dollars(example: Accounts) -> None:
    """Each of 8 GPUs costs 10 dollars a day, that is 192 hours at 0.41666..."""
    rows = entry_table(example.entries, example.node_split)

    found: dict[tuple[str, str, str], list[Decimal]] = {}
    for row in rows.to_pylist():
        sums = found.setdefault((row["team"], row["kind"], row["job_id"] or ""), [Decimal(0)] * 2)
        sums[0] += Decimal(row["gpu_ms"]) / HOUR_MS
        sums[1] += row["effective_cost"]
    table = [(*key, str(hours), str(round(cost, 2))) for key, (hours, cost) in found.items()]
    assert sorted(table) == ROW.findall(PAGE)
    assert sum(cost for _, cost in found.values()) == 80


def test_a_machine_is_95_parts_gpu_3_parts_cpu_2_parts_memory(example: Accounts) -> None:
    """Of 80 dollars 76 are for GPUs, 2.40 for the CPU and 1.60 for memory."""
    rows = entry_table(example.entries, example.node_split).to_pylist()

    sums = [sum(row[f"{part}_cost"] for row in rows) for part in ("gpu", "cpu", "memory")]

    assert [round(one, 6) for one in sums] == [76, Decimal("2.4"), Decimal("1.6")]
    assert sum(sums) == 80


def test_the_failed_attempt_lost_what_it_did_since_its_checkpoint(example: Accounts) -> None:
    """It held 4 GPUs for 6 hours, 24 GPU-hours for 10 dollars; 2 hours of 4 GPUs are lost."""
    runs = {(row["job_id"], row["attempt"]): row for row in run_table(example.runs).to_pylist()}

    first, second = runs["train", 1], runs["train", 2]

    assert (first["gpu_ms"], first["lost_ms"]) == (24 * HOUR_MS, 8 * HOUR_MS)
    assert round(first["effective_cost"], 6) == 10
    assert round(first["lost_cost"], 2) == Decimal("3.33")
    assert (second["gpu_ms"], second["lost_ms"], second["lost_cost"]) == (72 * HOUR_MS, 0, 0)
    assert round(second["effective_cost"], 6) == 30
    assert runs["serve", 1]["tokens_out"] == 24_000_000
    assert runs["serve", 1]["observed_ms"] == 36 * HOUR_MS


def test_energy_becomes_carbon_by_the_region_of_the_machine(example: Accounts) -> None:
    """A kilowatt-hour in each of 192 hours, 400 g each."""
    rows = entry_table(example.entries, example.node_split).to_pylist()

    assert sum(row["energy"] for row in rows) == pytest.approx(192 * 3_600_000)
    assert sum(row["carbon"] for row in rows) == pytest.approx(192 * 400)


def test_what_the_accounts_rest_on_is_proven(example: Accounts) -> None:
    """192 GPU-hours and 80 dollars were counted by themselves as well."""
    assert example.proof.capacity_ms == 192 * HOUR_MS
    assert example.proof.lines["USD"].text() == "80.00"
