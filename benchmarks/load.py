"""Loads made-up bills beside DuckDB alone copying the same columns.

Run ``python -m benchmarks.load``; it prints Markdown tables for ``docs/benchmarks.md``: two million
lines of FOCUS as Parquet and as CSV, and of AWS's CUR 2.0; and the peak memory of bills of any
size. Each measured part runs in a process of its own, whose peak memory is what the system says.
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
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ingest.port import Delivery
    from service.bootstrap import Wiring

ROOT = Path(__file__).parents[1]
FOCUS = "FOCUS 1.2, Parquet"
BILLS = {
    FOCUS: ("focus_bill.sql", "focus.parquet"),
    "FOCUS 1.2, CSV.gz": ("focus_bill.sql", "focus.csv.gz"),
    "CUR 2.0, Parquet": ("cur_bill.sql", "cur.parquet"),
}
"""What each bill is made by, and what its file is called."""

MEMORY = "1GB"
POOL_NODES = 50
TEAMS = 40


def make_bill(path: Path, lines: int, question: str = "focus_bill.sql") -> None:
    """Write a bill of ``lines`` lines, as Parquet with Snappy or as CSV with gzip."""
    select = Path(__file__).with_name(question).read_text()
    snappy, gzip = "FORMAT parquet, COMPRESSION snappy", "FORMAT csv, HEADER, COMPRESSION gzip"
    options = snappy if path.suffix == ".parquet" else gzip
    with duckdb.connect(config={"memory_limit": MEMORY}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"COPY ({select}) TO '{path}' ({options})", {"lines": lines})


def rewrite(bill: Path, folder: Path) -> dict[str, Any]:
    """Let DuckDB alone read all columns of the bill and write them with the lake's compression."""
    text = f"read_csv('{bill}', all_varchar = true, header = true)"
    source = f"'{bill}'" if bill.suffix == ".parquet" else text
    with duckdb.connect(config={"memory_limit": MEMORY}) as connection:
        copy = (
            f"COPY (FROM {source}) TO '{folder / 'rewritten.parquet'}'"
            " (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE 122880)"
        )
        return _timed(lambda: connection.execute(copy))


def load(bill: Path, folder: Path) -> dict[str, Any]:
    """Load the bill as ``comptroller load`` does."""
    with _wired(folder) as wiring:
        return _timed(lambda: _deliver(wiring, "aws", bill))


def allocate(bill: Path, folder: Path) -> dict[str, Any]:
    """Load the bill, then allocate it by a policy, which is what is measured."""
    with _wired(folder) as wiring:
        _deliver(wiring, "aws", bill)
        _pool_facts(folder)
        for name in ("nodes", "usage"):
            _deliver(wiring, name, folder / f"{name}.parquet")
        return {"seconds": _allocate(wiring, folder)}


@contextmanager
def _wired(folder: Path) -> Iterator[Wiring]:
    from service.bootstrap import wire
    from service.config import Settings
    from service.store.embedded import EmbeddedServer

    try:
        with wire(Settings(data_dir=folder, engine_memory_limit=MEMORY)) as wiring:
            yield wiring
    finally:
        EmbeddedServer(folder).stop()


def _timed(work: Callable[[], object]) -> dict[str, Any]:
    """Do ``work``; return wall-clock and processor seconds."""
    began, used = time.perf_counter(), time.process_time()
    work()
    seconds = time.perf_counter() - began
    return {"seconds": seconds, "cpu_seconds": time.process_time() - used}


def _deliver(wiring: Wiring, source: str, path: Path) -> None:
    from service.usecases.load_delivery import load_delivery

    load_delivery(
        _delivery(wiring, source, path),
        lake=wiring.lake,
        engine=wiring.engine,
        store=wiring.store,
        new_id=wiring.new_id,
        clock=wiring.clock,
    )


def _delivery(wiring: Wiring, source: str, path: Path) -> Delivery:
    """Look at the file; a CUR comes as its source delivers it, with a dialect and a period."""
    from ingest.files import look_at
    from ingest.port import Delivery, Kind
    from service.usecases.read_files import read_files

    version = int(wiring.clock().timestamp() * 1000)
    if path.name.startswith("cur"):
        return Delivery(
            source=source,
            kind=Kind.FOCUS,
            dialect="cur-2",
            version=version,
            complete=True,
            files=(look_at(path),),
            period="2026-10",
        )
    [delivery] = read_files(source, [str(path)], None, version, complete=True)
    return delivery


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
    """Run one part in a process of its own, with a folder that goes again."""
    with tempfile.TemporaryDirectory(prefix=f"{part}-", dir=folder) as name:
        command = [sys.executable, "-m", "benchmarks.load", "--part", part, "--bill", str(bill)]
        done = subprocess.run(
            [*command, "--folder", name], cwd=ROOT, check=True, stdout=subprocess.PIPE
        )
        found: dict[str, Any] = json.loads(done.stdout)
        return found


def _report(options: argparse.Namespace, folder: Path) -> None:
    git = ["git", "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    system = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    print(f"""
{options.lines:,} lines of a month; best of {options.runs} runs; {system}, Python
{platform.python_version()}, DuckDB {duckdb.__version__} with {MEMORY}, commit {commit.strip()}

| bill | DuckDB alone | `comptroller load` | of its speed | by processor time | peak memory |
|---|---:|---:|---:|---:|---:|""")
    for name, (question, file) in BILLS.items():
        bill = folder / file
        make_bill(bill, options.lines, question)
        _compare(name, bill, options, folder)
        if name != FOCUS:
            bill.unlink()
    bill = folder / BILLS[FOCUS][1]
    seconds = _child("allocate", bill, folder)["seconds"]
    print(f"\nAllocating the month by 54 rules and 3 pools takes {seconds:.1f} s.")
    bill.unlink()
    _memory(options, folder)


def _compare(name: str, bill: Path, options: argparse.Namespace, folder: Path) -> None:
    """Print a row: the load beside DuckDB alone, in turns."""
    alone, ours = [], []
    for _ in range(options.runs):
        alone.append(_child("rewrite", bill, folder))
        ours.append(_child("load", bill, folder))
    slow, fast = _best(ours, "seconds"), _best(alone, "seconds")
    cpu = _best(alone, "cpu_seconds") / _best(ours, "cpu_seconds")
    print(
        f"| {name}, {bill.stat().st_size / 1e6:,.0f} MB | {options.lines / fast:,.0f} rows/s "
        f"| {options.lines / slow:,.0f} rows/s | {fast / slow:.0%} | {cpu:.0%} "
        f"| {max(run['peak_mb'] for run in ours):,.0f} MB |",
        flush=True,
    )


def _memory(options: argparse.Namespace, folder: Path) -> None:
    """Print the peak memory of larger and larger bills."""
    print("\n| lines of FOCUS | peak memory of the load | seconds |\n|---:|---:|---:|")
    for lines in options.sizes:
        bill = folder / BILLS[FOCUS][1]
        make_bill(bill, lines)
        found = _child("load", bill, folder)
        row = f"| {lines:,} | {found['peak_mb']:,.0f} MB | {found['seconds']:.1f} |"
        print(row, flush=True)
        bill.unlink()


def _best(runs: list[dict[str, Any]], what: str) -> float:
    return float(min(run[what] for run in runs))


def main() -> None:
    """Measure, or be one of the measured processes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=2_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument(
        "--sizes",
        type=int,
        nargs="*",
        default=[2_000_000, 10_000_000],
        help="lines of the bills whose peak memory is measured",
    )
    parts = {"rewrite": rewrite, "load": load, "allocate": allocate}
    parser.add_argument("--part", choices=parts, help=argparse.SUPPRESS)
    parser.add_argument("--bill", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        found = parts[options.part](options.bill, options.folder)
        print(json.dumps({"peak_mb": _peak_mb(), **found}))
        return
    with tempfile.TemporaryDirectory(prefix="comptroller-bench-") as name:
        _report(options, Path(name))


if __name__ == "__main__":
    main()
