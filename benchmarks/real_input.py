"""The main job on real input: ``python -m benchmarks.real_input --data ../shared/data``.

Converts real prices and real jobs into the files that users have, then runs the product's own
commands on them in a data folder of its own: policy, capacity, submit, nightly, check-plan.
Prints a report in Markdown; ``--page`` writes it as docs/real-input.md.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from benchmarks.real_jobs import workloads
from benchmarks.real_prices import write_aws, write_gcp
from benchmarks.real_report import page

ROOT = Path(__file__).parents[1]
COMMAND = Path(sys.executable).parent / "comptroller"

# (provider, region): machine types and how many a company of this size may run at once.
QUOTAS = {
    ("aws", "us-east-1"): {"p4d.24xlarge": 1, "p5.4xlarge": 1, "p5.48xlarge": 1},
    ("aws", "us-east-2"): {"p4d.24xlarge": 1, "p5.4xlarge": 1, "p5.48xlarge": 2},
    ("aws", "us-west-2"): {"p4d.24xlarge": 2, "p5.48xlarge": 1},
    ("gcp", "us-central1"): {
        "a2-highgpu-1g": 3,
        "a2-highgpu-2g": 1,
        "a2-highgpu-4g": 1,
        "a2-highgpu-8g": 1,
        "g2-standard-8": 3,
        "g2-standard-48": 1,
    },
    ("gcp", "europe-west4"): {"a2-highgpu-1g": 2, "g2-standard-8": 2, "a3-highgpu-8g": 1},
}
COMMITMENT = ("gcp", "us-central1", "a2-highgpu-1g", 2)
"""Machines that are paid for the whole week, used or not."""


@dataclass
class Run:
    """The commands of the main job in one data folder, with the seconds that each took."""

    folder: Path
    seconds: dict[str, float] = field(default_factory=dict)

    def comptroller(self, *arguments: str, accepted: tuple[int, ...] = (0,)) -> str:
        """Run a command of the product and return what it printed.

        Raises:
            SystemExit: When it ends with another code than the accepted ones.
        """
        environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("COMPTROLLER_")},
            "COMPTROLLER_CONFIG": str(self.folder / "comptroller.toml"),
            "COMPTROLLER_DATA_DIR": str(self.folder / "data"),
        }
        began = time.monotonic()
        done = subprocess.run(
            [str(COMMAND), *arguments],
            env=environment,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        self.seconds[f"comptroller {' '.join(arguments)}"] = time.monotonic() - began
        if done.returncode not in accepted:
            sys.exit(f"comptroller {' '.join(arguments)} ended with {done.returncode}")
        return done.stdout

    def answer(self, *arguments: str, accepted: tuple[int, ...] = (0,)) -> dict[str, Any]:
        """Run a command that answers in JSON."""
        found: dict[str, Any] = json.loads(
            self.comptroller(*arguments, "--format", "json", accepted=accepted)
        )
        return found


def main() -> None:
    """Prepare, run, report."""
    options = _options()
    folder: Path = options.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    now = datetime.now(UTC)
    facts = prepare(options.data.resolve(), folder, options.workloads, now)
    settings(folder, options.time_limit)
    run = Run(folder)
    if (folder / "data").is_dir():  # An earlier run's queue would be planned along with this one.
        run.comptroller("db", "stop")
        shutil.rmtree(folder / "data")
        run.seconds.clear()
    try:
        results = main_job(run)
    finally:
        run.comptroller("db", "stop")
    text = page(facts | _house(options, now), results, run.seconds)
    sys.stdout.write(text)
    if options.page is not None:
        options.page.write_text(text, encoding="utf-8")


def main_job(run: Run) -> dict[str, Any]:
    """Run the product's commands in the order in which a company would."""
    run.comptroller("db", "start")
    run.comptroller("policy", "apply", "policy.yaml", "--yes")
    run.comptroller("capacity", "apply", "capacity.yaml", "--yes")
    submitted = run.answer("submit", "workloads.yaml")
    night = run.answer("nightly", "--again", accepted=(0, 3))
    plan = run.answer("plan", "show")
    period = max(night["periods"], key=lambda one: Decimal(one["bills"]))["period"]
    costs = run.answer("costs", "--period", period, "--by", "team")
    files = [str(Path(plan["folder"]) / name) for name in ("instance.json", "plan.json")]
    return {
        "submitted": len(submitted["workloads"]),
        "night": night,
        "costs": costs,
        "plan": plan,
        "check": run.comptroller("check-plan", *files).strip(),
    }


def prepare(data: Path, folder: Path, count: int, now: datetime) -> dict[str, Any]:
    """Write what the product reads: price lists, bills, capacity, policy, workloads."""
    inputs = folder / "inputs"
    inputs.mkdir(exist_ok=True)
    aws = write_aws(data, inputs / "aws-prices.csv")
    gcp, day = write_gcp(data, inputs / "gcp-prices.csv")
    bill = (data / "billing" / "focus-sample-1.0" / "focus_sample.csv").read_bytes()
    (inputs / "focus-sample.csv").write_bytes(bill)
    start = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    queue = workloads(data, count, start)
    _json(folder / "workloads.yaml", {"workloads": queue})
    _json(folder / "capacity.yaml", _capacity(now))
    _json(folder / "policy.yaml", _policy())
    return {"aws_prices": aws, "gcp_prices": gcp, "gcp_day": day, "queue": queue, "start": start}


def settings(folder: Path, time_limit_s: float) -> None:
    """Write comptroller.toml: the sources of the nightly run and how it plans."""
    lines = [
        f"plan_time_limit_s = {time_limit_s}",
        "default_capacity_machines = 0",
        *(
            f'[[sources]]\nname = "{name}"\nkind = "{kind}"\npath = "{folder}/inputs/{name}.csv"'
            for name, kind in (
                ("aws-prices", "prices"),
                ("gcp-prices", "prices"),
                ("focus-sample", "focus"),
            )
        ),
    ]
    (folder / "comptroller.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _capacity(now: datetime) -> dict[str, Any]:
    provider, region, machine_type, machines = COMMITMENT
    return {
        "version": 1,
        "effective_from": f"{now:%Y-%m}-01",
        "quotas": [
            {
                "provider": owner,
                "region": place,
                "machine_type": name,
                "market": market,
                "machines": number,
            }
            for (owner, place), names in QUOTAS.items()
            for name, number in names.items()
            for market in ("on_demand", "spot")
        ],
        "commitments": [
            {
                "id": "cud-1",
                "provider": provider,
                "region": region,
                "machine_type": machine_type,
                "machines": machines,
                "start": f"{now - timedelta(days=30):%Y-%m-%d}T00:00:00Z",
                "end": f"{now + timedelta(days=335):%Y-%m-%d}T00:00:00Z",
                "hourly_rate": str(Decimal("2.5")),
            }
        ],
    }


def _policy() -> dict[str, Any]:
    """The two tags of the sample bill that name who pays; what has neither stays unallocated."""
    return {
        "version": 1,
        "effective_from": "2024-09-01",
        "teams": [{"name": "peoria-data"}, {"name": "trey"}],
        "rules": [
            {"match": {"tag": {"key": "business_unit", "value": "PeoriaData"}}}
            | {"team": "peoria-data"},
            {"match": {"tag": {"key": "org", "value": "trey"}}, "team": "trey"},
        ],
    }


def _json(path: Path, document: object) -> None:
    """Write JSON, which is YAML too."""
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def _house(options: argparse.Namespace, now: datetime) -> dict[str, Any]:
    git = ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(git, capture_output=True, text=True, check=False).stdout.strip()
    return {
        "day": f"{now:%Y-%m-%d}",
        "commit": commit or "unknown",
        "cores": os.cpu_count(),
        "machine": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "time_limit_s": options.time_limit,
        "command": "make real",
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--folder", type=Path, default=ROOT / ".real")
    parser.add_argument("--workloads", type=int, default=500)
    parser.add_argument("--time-limit", type=float, default=60)
    parser.add_argument("--page", type=Path, help="also write the report to this file")
    options = parser.parse_args()
    if not (options.data / "jobs").is_dir():
        parser.error(f"{options.data} has no folder jobs; give the folder of real data")
    return options


if __name__ == "__main__":
    main()
