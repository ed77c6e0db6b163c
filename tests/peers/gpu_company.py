"""What the fleet of ``gpu_history`` costs, and whose it is: bill, machines, job runs and policy.

Each host has one line a day, half of the hosts are paid under a commitment. Two things match
nothing: a machine that no list of machines knows, and one in the list that tells no GPU time.
"""

import csv
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.peers.gpu_history import HOURS, History, Host

DAYS = HOURS // 24
HOST_A_DAY = 240
"""What a host costs on a day, in dollars."""

SILENT, STRANGE = "silent-node", "unlisted-node"

POLICY = """
version: 1
effective_from: 2026-11-01
teams: [{name: research}, {name: serving}, {name: platform}]
pools: [{name: gpus, owner: platform, share: by_use}]
rules:
  - {match: {pool: gpus}, pool: gpus}
  - {match: {namespace: serving}, team: serving}
  - {match: {namespace: research}, team: research}
"""

Key = tuple[str, str, str, str]
"""Host, kind, namespace and job of GPU time."""


def write_company(history: History, start: datetime, folder: Path) -> list[dict[str, Any]]:
    """Write the files into ``folder``; returns the sources that load them, for the settings."""
    parts = {
        "bill": ("focus", _bill(history.hosts, start)),
        "machines": ("nodes", _machines(history, start)),
        "runs": ("jobs", _runs(history, start)),
    }
    for name, (_, rows) in parts.items():
        _write(folder / f"{name}.csv", rows)
    (folder / "policy.yaml").write_text(POLICY, encoding="utf-8")
    return [
        {"name": name, "kind": kind, "path": str(folder / f"{name}.csv")}
        for name, (kind, _) in parts.items()
    ]


def planted(history: History) -> Counter[Key]:
    """Add up the truth: milliseconds by host, kind, namespace and job."""
    found: Counter[Key] = Counter()
    for row in history.truth():
        for kind, ms in row.kinds.items():
            found[row.part.host.name, kind, row.namespace, row.job_id] += ms
    return +found


def told(rows: Iterable[Mapping[str, Any]]) -> Counter[Key]:
    """Add up rows of ``gpu_account`` the same way; ``rows`` have a host each."""
    found: Counter[Key] = Counter()
    for row in rows:
        key = row["host"], row["kind"], row["namespace"] or "", row["job_id"] or ""
        found[key] += row["gpu_ms"]
    return +found


def lost(history: History, state: str) -> Counter[str]:
    """Return the hours that attempts in ``state`` threw away, by job."""
    found: Counter[str] = Counter()
    for run in history.runs:
        if run.state == state:
            found[run.job_id] += run.lost_hours * run.gpus
    return +found


def precision_and_recall(found: Mapping[Any, int], truth: Mapping[Any, int]) -> tuple[float, float]:
    """Return how much of what was found is true, and how much of the truth was found."""
    right = sum(min(found.get(key, 0), ms) for key, ms in truth.items())
    return right / max(sum(found.values()), 1), right / max(sum(truth.values()), 1)


def _bill(hosts: Sequence[Host], start: datetime) -> list[dict[str, str]]:
    names = [(host.name, host.machine_type, host.reserved) for host in hosts]
    names += [(SILENT, "p5.48xlarge", False), (STRANGE, "p5.48xlarge", False)]
    return [
        _line(name, machine, reserved, start + timedelta(days=day))
        for day in range(DAYS)
        for name, machine, reserved in names
    ]


def _line(name: str, machine: str, reserved: bool, day: datetime) -> dict[str, str]:  # noqa: FBT001 - as a host has it
    cost = str(HOST_A_DAY)
    month = day.replace(day=1)
    return {
        "BilledCost": "0" if reserved else cost,
        "EffectiveCost": cost,
        "ListCost": cost,
        "ContractedCost": cost,
        "BillingCurrency": "USD",
        "BillingPeriodStart": _moment(month),
        "BillingPeriodEnd": _moment((month + timedelta(days=32)).replace(day=1)),
        "ChargePeriodStart": _moment(day),
        "ChargePeriodEnd": _moment(day + timedelta(days=1)),
        "ChargeCategory": "Usage",
        "ServiceProviderName": "AWS",
        "ServiceName": "AmazonEC2",
        "BillingAccountId": "0123",
        "SubAccountId": "ml",
        "RegionId": "us-east-1",
        "ResourceId": f"arn:aws:ec2:us-east-1:111:instance/{name}",
        "PricingCategory": "Committed" if reserved else "Standard",
        "CommitmentDiscountId": "sp-1" if reserved else "",
        "CommitmentDiscountStatus": "Used" if reserved else "",
        "ConsumedQuantity": "24",
        "ConsumedUnit": "Hours",
        "PricingQuantity": "24",
        "PricingUnit": "Hours",
        "SkuPriceDetails": json.dumps({"InstanceType": machine}),
    }


def _machines(history: History, start: datetime) -> list[dict[str, str]]:
    uuids: dict[str, list[str]] = {}
    for part in history.parts:
        known = uuids.setdefault(part.host.name, [])
        if part.gpu_uuid not in known:
            known.append(part.gpu_uuid)
    listed = [(host.name, host.machine_type, host.accelerator_model) for host in history.hosts]
    return [
        {
            "provider": "aws",
            "resource_id": f"arn:aws:ec2:us-east-1:111:instance/{name}",
            "host": name,
            "gpu_uuids": ";".join(uuids.get(name, [])),
            "machine_type": machine,
            "accelerator_model": model,
            "accelerator_count": "8",
            "pool": "gpus",
            "valid_from": _moment(start - timedelta(days=1)),
        }
        for name, machine, model in [*listed, (SILENT, "p5.48xlarge", "H100")]
    ]


def _runs(history: History, start: datetime) -> list[dict[str, str]]:
    def at(hour: int | None) -> str:
        return "" if hour is None else _moment(start + timedelta(hours=hour))

    return [
        {
            "job_id": run.job_id,
            "attempt": str(run.attempt),
            "team": "research",
            "project": "planted",
            "gpus": str(run.gpus),
            "submitted": at(run.first),
            "started": at(run.first),
            "ended": at(run.last),
            "checkpoint_at": at(run.checkpoint),
            "state": run.state,
        }
        for run in history.runs
    ]


def _write(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
