"""Real prices and real jobs become files that the product takes."""

import csv
import os
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.real_input import prepare
from benchmarks.real_jobs import workloads
from benchmarks.real_prices import write_aws, write_gcp
from ingest.machines import machine_types
from service.documents.capacity import CapacityDocument
from service.documents.policy import PolicyDocument
from service.documents.workload_file import load_workloads
from service.documents.yaml_file import load_document

pytestmark = pytest.mark.needs_shared

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 21, 2, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def data() -> Path:
    """The folder of real data."""
    folder = Path(os.environ.get("COMPTROLLER_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "jobs").is_dir():
        pytest.skip(f"there is no real data in {folder}; set COMPTROLLER_SHARED_DATA")
    return folder


def test_every_aws_zone_has_a_price_and_blank_spot_is_none(data: Path, tmp_path: Path) -> None:
    """Of 135 rows 126 have an on-demand price and 107 a spot price: 233 prices."""
    rows = write_aws(data, tmp_path / "aws.csv")

    with (tmp_path / "aws.csv").open(encoding="utf-8") as file:
        models = Counter(row["purchase_model"] for row in csv.DictReader(file))
    assert models == {"on_demand": 126, "spot": 107}
    assert rows == 233


def test_google_cloud_has_the_newest_week_of_known_machine_types(
    data: Path, tmp_path: Path
) -> None:
    """Every machine type of the list is one that the reference knows."""
    rows, day = write_gcp(data, tmp_path / "gcp.csv")

    with (tmp_path / "gcp.csv").open(encoding="utf-8") as file:
        found = {row["machine_type"] for row in csv.DictReader(file)}
    assert rows > 1000
    assert day == "2025-12-25"
    assert all(("gcp", name) in machine_types() for name in found)


def test_jobs_of_every_class_become_workloads(data: Path) -> None:
    """Every 300th of the 30,746 jobs or so; the same number gives the same queue."""
    queue = workloads(data, 100, NOW)

    assert len({one["name"] for one in queue}) == 100
    assert {one["sla"]["class"] for one in queue} == {"strict", "target", "best_effort"}
    assert queue == workloads(data, 100, NOW)


def test_what_is_prepared_is_accepted(data: Path, tmp_path: Path) -> None:
    """Workloads, capacity and policy are valid forms."""
    prepare(data, tmp_path, 50, NOW)

    assert len(load_workloads(tmp_path / "workloads.yaml")) == 50
    assert load_document(tmp_path / "capacity.yaml", CapacityDocument).commitments
    assert load_document(tmp_path / "policy.yaml", PolicyDocument).rules
    assert len(list((tmp_path / "inputs").glob("*.csv"))) == 3
