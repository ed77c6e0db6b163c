"""Job runs, machines and prices say what the bills were made from."""

import csv
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from service.demo.company import Company


def read(*paths: Path) -> list[dict[str, str]]:
    """The rows of CSV files, all text."""
    rows: list[dict[str, str]] = []
    for path in paths:
        with path.open(newline="", encoding="utf-8") as file:
            rows.extend(csv.DictReader(file))
    return rows


def test_every_attempt_has_a_row_and_retries_are_counted(company: Company) -> None:
    """Attempts of one job count from 1; all but the last were preempted."""
    by_job: dict[str, list[dict[str, str]]] = {}
    for row in read(*company.jobs):
        by_job.setdefault(row["job_id"], []).append(row)

    retried = [rows for rows in by_job.values() if len(rows) > 1]

    assert len(by_job) == len({a.job.id for a in company.attempts if not (a.pool and a.job.stray)})
    assert retried
    for rows in retried:
        rows.sort(key=lambda row: int(row["attempt"]))
        assert [int(row["attempt"]) for row in rows] == list(range(1, len(rows) + 1))
        assert {row["state"] for row in rows[:-1]} == {"preempted"}


def test_times_of_an_attempt_are_in_order(company: Company) -> None:
    """In each row submitted ≤ started ≤ checkpoint_at ≤ ended; what still runs has not ended."""
    rows = read(*company.jobs)

    assert {row["state"] for row in rows} == {"completed", "failed", "preempted", "running"}
    for row in rows:
        assert row["submitted"] <= row["started"]
        assert row["checkpoint_at"] == "" or row["started"] < row["checkpoint_at"]
        assert row["ended"] == "" or (row["checkpoint_at"] or row["started"]) <= row["ended"]
        assert (row["ended"] == "") == (row["state"] == "running")


def test_files_of_jobs_hold_one_month_each(company: Company) -> None:
    """Jobs submitted in September are in September's file."""
    months = {path.name: {row["submitted"][:7] for row in read(path)} for path in company.jobs}

    assert months == {
        "job-runs-2026-09.csv": {"2026-09"},
        "job-runs-2026-10.csv": {"2026-10"},
    }


def test_every_machine_is_known_with_its_gpus(company: Company) -> None:
    """A node row per machine; its GPU ids are as many as its type has, and no two are equal."""
    rows = read(company.nodes)
    uuids = [uuid for row in rows for uuid in json.loads(row["gpu_uuids"])]

    assert len(rows) == len(company.machines) == len({row["resource_id"] for row in rows})
    assert len(uuids) == len(set(uuids)) == sum(int(row["accelerator_count"]) for row in rows)
    assert {row["pool"] for row in rows} == {
        "",
        "aws-h100",
        "aws-a100",
        "aws-l4",
        "gcp-h100",
        "azure-h100",
    }
    assert all(row["valid_to"] == "" or row["valid_from"] < row["valid_to"] for row in rows)


def test_each_billed_machine_has_a_node_row(
    company: Company, lines: dict[str, list[dict[str, Any]]]
) -> None:
    """The ResourceIds of machine lines are the resource_ids of nodes."""
    known = {row["resource_id"] for row in read(company.nodes)}

    billed = {
        row["ResourceId"]
        for rows in lines.values()
        for row in rows
        if row["ResourceType"] in ("Instance", "Virtual machine")
    }

    assert billed == known


def test_the_price_list_has_one_price_at_a_time(company: Company) -> None:
    """For each offer no two prices hold at once, and the last one has no end."""
    offers: dict[tuple[str, ...], list[dict[str, str]]] = {}
    for row in read(company.prices):
        key = tuple(
            row[name]
            for name in (
                "provider",
                "region",
                "zone",
                "machine_type",
                "purchase_model",
                "term_months",
            )
        )
        offers.setdefault(key, []).append(row)

    assert 40 <= len(offers) <= 90
    assert {key[4] for key in offers} == {"on_demand", "spot", "committed"}
    for rows in offers.values():
        rows.sort(key=lambda row: row["valid_from"])
        assert rows[-1]["valid_to"] == ""
        assert all(one["valid_to"] == other["valid_from"] for one, other in pairwise(rows))


@pytest.mark.parametrize(
    ("machine_type", "region", "amount"),
    [
        ("p5.48xlarge", "us-east-1", "36.32"),
        ("a3-highgpu-8g", "us-central1", "61.383672"),
        ("Standard_ND96isr_H100_v5", "eastus", "63.91"),
    ],
)
def test_what_the_company_committed_to_is_in_the_price_list(
    company: Company, machine_type: str, region: str, amount: str
) -> None:
    """The rate of each commitment for 12 months stands there once."""
    rows = [
        row["amount"]
        for row in read(company.prices)
        if (row["machine_type"], row["region"]) == (machine_type, region)
        and (row["purchase_model"], row["term_months"]) == ("committed", "12")
    ]

    assert rows == [amount]
