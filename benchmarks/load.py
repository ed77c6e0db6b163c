"""Loads a made-up bill of two million lines beside DuckDB alone rewriting the same file.

Run ``python -m benchmarks.load``; it prints a Markdown table for ``docs/benchmarks.md``. Each
measured part runs in a process of its own, whose peak memory is what the system says it was.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

if TYPE_CHECKING:
    from collections.abc import Callable

    from service.bootstrap import Wiring

ROOT = Path(__file__).parents[1]
BILL_SQL = Path(__file__).with_name("focus_bill.sql")
MEMORY = "1GB"
POOL_NODES = 50
TEAMS = 40


def make_bill(path: Path, lines: int) -> None:
    """Write a FOCUS 1.2 bill of ``lines`` lines, as Parquet with Snappy."""
    with duckdb.connect(config={"memory_limit": MEMORY}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        copy = f"COPY ({BILL_SQL.read_text()}) TO '{path}' (FORMAT parquet, COMPRESSION snappy)"
        connection.execute(copy, {"lines": lines})


def rewrite(bill: Path, folder: Path) -> dict[str, Any]:
    """Let DuckDB alone read all columns of the bill and write them with the lake's compression."""
    with duckdb.connect(config={"memory_limit": MEMORY}) as connection:
        copy = (
            f"COPY (FROM '{bill}') TO '{folder / 'rewritten.parquet'}'"
            " (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE 122880)"
        )
        return _timed(lambda: connection.execute(copy))


def load(bill: Path, folder: Path) -> dict[str, Any]:
    """Load the bill as ``comptroller load`` does, then allocate it by a policy."""
    from service.bootstrap import wire
    from service.config import Settings
    from service.store.embedded import EmbeddedServer

    settings = Settings(data_dir=folder, engine_memory_limit=MEMORY)
    try:
        with wire(settings) as wiring:
            return _load(wiring, bill, folder)
    finally:
        EmbeddedServer(folder).stop()


def _load(wiring: Wiring, bill: Path, folder: Path) -> dict[str, Any]:
    found = _timed(lambda: _deliver(wiring, "aws", bill))
    peak = _peak_mb()
    _pool_facts(folder)
    for name in ("nodes", "usage"):
        _deliver(wiring, name, folder / f"{name}.parquet")
    return {**found, "peak_mb": peak, "allocation_seconds": _allocate(wiring, folder)}


def _timed(work: Callable[[], object]) -> dict[str, Any]:
    """Do ``work``; return wall-clock and processor seconds."""
    began, used = time.perf_counter(), time.process_time()
    work()
    seconds = time.perf_counter() - began
    return {"seconds": seconds, "cpu_seconds": time.process_time() - used}


def _deliver(wiring: Wiring, source: str, path: Path) -> None:
    from service.usecases.load_delivery import load_delivery
    from service.usecases.read_files import read_files

    version = int(wiring.clock().timestamp() * 1000)
    [delivery] = read_files(source, [str(path)], None, version, complete=True)
    load_delivery(
        delivery,
        lake=wiring.lake,
        engine=wiring.engine,
        store=wiring.store,
        new_id=wiring.new_id,
        clock=wiring.clock,
    )


def _pool_facts(folder: Path) -> None:
    """Write the machines of a shared pool, which are on the bill, and what its GPUs did."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("CREATE TABLE size AS SELECT $nodes AS nodes", {"nodes": POOL_NODES})
        for name, sql in (("nodes", _NODES), ("usage", _USAGE)):
            connection.execute(f"COPY ({sql}) TO '{folder / name}.parquet' (FORMAT parquet)")


_MACHINE = """SELECT i, hash(i) AS resource, 'host-' || i AS host
    FROM range((SELECT nodes FROM size)) AS machines(i)"""
_NODES = f"""SELECT 'AWS' AS provider, 'arn:aws:ec2:us-east-1:' || (200000000000 + resource % 120)
        || ':instance/i-' || printf('%016x', resource) AS resource_id, host,
    'training' AS pool FROM ({_MACHINE})"""  # noqa: S608 - two constants
_USAGE = f"""SELECT TIMESTAMPTZ '2026-10-01 00:00:00+00' + to_hours(hour::INTEGER) AS hour,
    'GPU-' || i || '-' || gpu AS gpu_uuid, host, 'team-' || ((i + hour) % 40) AS namespace,
    'pod' AS pod, 3600000 AS capacity_ms, 3600000 AS observed_ms,
    3600000 * (1 + (i + gpu) % 4) // 4 AS allocated_ms
    FROM ({_MACHINE}), range(744) AS hours(hour), range(8) AS gpus(gpu)"""  # noqa: S608 - the same


def _allocate(wiring: Wiring, folder: Path) -> float:
    """Apply a policy of about fifty rules and pools, which allocates the month."""
    from service.usecases.apply_policy import apply_policy, propose_policy

    path = folder / "policy.json"
    path.write_text(json.dumps(_policy()), encoding="utf-8")
    lake, engine, store = wiring.lake, wiring.engine, wiring.store
    proposal = propose_policy(path, lake=lake, engine=engine, store=store)
    began = time.perf_counter()
    applied = apply_policy(
        proposal,
        lake=lake,
        engine=engine,
        store=store,
        new_id=wiring.new_id,
        clock=wiring.clock,
        actor="benchmark",
    )
    seconds = time.perf_counter() - began
    [run] = applied.runs
    if any(one.difference.billed_cost or one.difference.effective_cost for one in run.totals):
        raise SystemExit("bills and allocations differ")
    return seconds


def _policy() -> dict[str, object]:
    teams = [f"team-{number}" for number in range(TEAMS)]
    return {
        "version": 1,
        "effective_from": "2026-10-01",
        "teams": [{"name": team} for team in teams],
        "pools": [
            {"name": "training", "owner": "team-0", "share": "by_use"},
            {"name": "gateway", "owner": "team-1", "share": "evenly", "teams": teams},
            {
                "name": "reserved",
                "owner": "team-2",
                "share": "by_reservation",
                "capacity_gpus": 64,
                "reservations": {"team-3": 40, "team-4": 16},
            },
        ],
        "rules": [
            {"match": {"pool": "training"}, "pool": "training"},
            {"match": {"charge_category": "Credit"}, "team": "team-5"},
            {"match": {"account": "200000000007"}, "pool": "reserved"},
            {"match": {"service": "AWS Data*", "account": "2000000000[12]?"}, "pool": "gateway"},
            *({"match": {"tag": {"key": "team", "value": team}}, "team": team} for team in teams),
            *({"match": {"account": f"20000000010{n}"}, "team": teams[n]} for n in range(10)),
        ],
    }


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _child(part: str, bill: Path, folder: Path) -> dict[str, Any]:
    """Run one part in a process of its own."""
    folder.mkdir(mode=0o700)
    command = [sys.executable, "-m", "benchmarks.load", "--part", part, "--bill", str(bill)]
    done = subprocess.run(
        [*command, "--folder", str(folder)], cwd=ROOT, check=True, stdout=subprocess.PIPE
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _report(options: argparse.Namespace, bill: Path, folder: Path) -> None:
    alone, ours = [], []
    for run in range(options.runs):
        alone.append(_child("rewrite", bill, folder / f"alone-{run}"))
        ours.append(_child("load", bill, folder / f"load-{run}"))
    git = ["git", "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    lines, size = options.lines, bill.stat().st_size / 1e6
    allocated = min(run["allocation_seconds"] for run in ours)
    system = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    print(f"""
{lines:,} lines of FOCUS 1.2, 57 columns, {size:.0f} MB of Parquet; best of {options.runs} runs;
{system}, Python {platform.python_version()}, DuckDB {duckdb.__version__} with {MEMORY},
commit {commit.strip() or "unknown"}

| part | seconds | processor seconds | lines per second | peak memory |
|---|---:|---:|---:|---:|
| DuckDB alone rewrites the file | {_speed(alone, lines)} |
| `comptroller load`, checksum to commit | {_speed(ours, lines)} |
| monthly allocation, 54 rules and 3 pools | {allocated:.1f} | | {lines / allocated:,.0f} | |

Loading reaches {_best(alone, "seconds") / _best(ours, "seconds"):.0%} of the speed of DuckDB alone
({_best(alone, "cpu_seconds") / _best(ours, "cpu_seconds"):.0%} by processor time).""")


def _speed(runs: list[dict[str, Any]], lines: int) -> str:
    seconds, cpu = _best(runs, "seconds"), _best(runs, "cpu_seconds")
    peak = max(run["peak_mb"] for run in runs)
    return f"{seconds:.1f} | {cpu:.1f} | {lines / seconds:,.0f} | {peak:,.0f} MB"


def _best(runs: list[dict[str, Any]], what: str) -> float:
    return float(min(run[what] for run in runs))


def main() -> None:
    """Measure, or be one of the measured processes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=2_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--part", choices=["rewrite", "load"], help=argparse.SUPPRESS)
    parser.add_argument("--bill", type=Path, help="a bill that is there already")
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        measure = rewrite if options.part == "rewrite" else load
        found = measure(options.bill, options.folder)
        print(json.dumps({"peak_mb": _peak_mb(), **found}))
        return
    with tempfile.TemporaryDirectory(prefix="comptroller-bench-") as name:
        bill = options.bill or Path(name) / "bill.parquet"
        if options.bill is None:
            make_bill(bill, options.lines)
        _report(options, bill, Path(name))


if __name__ == "__main__":
    main()
