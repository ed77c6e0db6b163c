"""Closes made-up months: allocate, post, write all statements, close, and prove it all again.

Run ``python -m benchmarks.ledger``; it prints Markdown tables for ``docs/benchmarks.md``. A month
has bills of three sources in two currencies, 210 accounts, 9 invoices and 40 commitments of
each, 200 teams and 500 pools. Each size runs in a process of its own; the peak memory of a step
is what the kernel says of that process, in which DuckDB works too. PostgreSQL is not in it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import duckdb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from service.bootstrap import Wiring
    from service.domain.closing import PeriodClose
    from service.domain.periods import Period

ROOT = Path(__file__).parents[1]
SOURCES = ("aws", "azure", "gcp")
YEAR = tuple(f"2025-{month:02}" for month in range(1, 13))
MONTH = "2025-10"
TEAMS, POOLS, SHARERS = 200, 500, 8
MEMORY = "1GB"

Steps = dict[str, dict[str, float]]
"""By step: seconds, processor seconds of this process, and its peak of memory in MB."""


def policy() -> dict[str, object]:
    """Return a policy of 200 teams and 500 pools; each pool is shared by 8 teams."""
    teams = [f"team-{number}" for number in range(TEAMS)]
    return {
        "version": 1,
        "effective_from": f"{YEAR[0]}-01",
        "teams": [{"name": team} for team in teams],
        "pools": [_pool(number, teams) for number in range(POOLS)],
        "rules": [
            {"match": {"tag": {"key": "team"}}, "team_from_tag": "team"},
            *(
                {"match": {"tag": {"key": "pool", "value": f"pool-{n}"}}, "pool": f"pool-{n}"}
                for n in range(POOLS)
            ),
        ],
        "commitments": [{"commitment": f"plan-{n}", "owner": teams[n]} for n in range(40)],
    }


def _pool(number: int, teams: Sequence[str]) -> dict[str, object]:
    mine = [teams[(number * 7 + place) % TEAMS] for place in range(SHARERS)]
    pool: dict[str, object] = {"name": f"pool-{number}", "owner": mine[0]}
    ways: Sequence[dict[str, object]] = (
        {"share": "evenly", "teams": mine},
        {"share": "fixed", "shares": {team: place + 1 for place, team in enumerate(mine)}},
        {"share": "proportional", "teams": mine},
        {
            "share": "by_reservation",
            "reservations": dict.fromkeys(mine[1:], 8),
            "capacity_gpus": 64,
        },
    )
    return pool | ways[number % len(ways)]


def fill(wiring: Wiring, period: str, lines: int) -> None:
    """Write the bills of a month straight into the lake."""
    from benchmarks.year import written
    from warehouse.commit import commit
    from warehouse.port import Partition

    load = UUID(int=int(period.replace("-", "")))
    folder = wiring.lake.folder(load)
    files = [
        written(
            folder / f"{source}-{period}.parquet",
            "month_of_bills",
            {"lines": lines // len(SOURCES), "source": source, "period": f"{period}-01"},
            Partition("cost_line", source, period),
        )
        for source in SOURCES
    ]
    commit(
        wiring.lake,
        "cost_line",
        partitions=[file.partition for file in files],
        files=files,
        load_id=load,
        version=1,
        delivered={},
    )
    wiring.lake.close_load(load)


class Books:
    """The use cases of the ledger over one company."""

    def __init__(self, wiring: Wiring, folder: Path) -> None:
        """Apply the policy, before there is any bill."""
        from service.usecases.apply_policy import apply_policy, propose_policy

        self.wiring, self.folder = wiring, folder
        self.reads: Mapping[str, Any] = {
            "lake": wiring.lake,
            "engine": wiring.engine,
            "store": wiring.store,
        }
        self.writes = {**self.reads, "new_id": wiring.new_id, "clock": wiring.clock}
        path = folder / "policy.json"
        path.write_text(json.dumps(policy()), encoding="utf-8")
        apply_policy(propose_policy(path, **self.reads), **self.writes, actor="benchmark")

    def allocate(self, period: Period) -> None:
        """Allocate a month."""
        from service.usecases.allocate_period import allocate_period

        allocate_period(period, **self.writes)

    def post(self, period: Period) -> None:
        """Post a month."""
        from service.usecases.ledger.post_period import post_period

        post_period(period, **self.writes, actor="benchmark")

    def tell(self, period: Period, *formats: str) -> int:
        """Write the statements of all teams in these forms; return how many lines they have."""
        from service.exports.write import Format, write_statement
        from service.usecases.ledger.statements import statements_of

        found = statements_of(period, company="Example", clock=self.wiring.clock, **self.reads)
        for statement in found:
            write_statement(statement, self.folder / "statements", map(Format, formats))
        return sum(len(statement.lines) for statement in found)

    def close(self, period: Period) -> PeriodClose:
        """Close a month, over whatever has no owner."""
        from service.usecases.ledger.close_period import closer_of

        closer = closer_of(self.wiring.settings, **self.writes)
        return closer.close(period, approver="benchmark", reason="benchmark")

    def verify(self, *heads: str) -> None:
        """Prove all closed months."""
        from service.usecases.ledger.verify import verify_closes

        found = verify_closes(**self.reads, heads=heads)
        if not found.holds:
            raise SystemExit(f"closed months do not hold: {found}")


def month(lines: int, folder: Path) -> Steps:
    """Bring a month of bills from allocation to proof."""
    from service.domain.periods import Period

    period, steps = Period(MONTH), Steps()
    with _wired(folder) as wiring:
        books = Books(wiring, folder)
        fill(wiring, MONTH, lines)
        with _measured(steps, "allocate"):
            books.allocate(period)
        with _measured(steps, "post"):
            books.post(period)
        with _measured(steps, "statements, csv and json"):
            told = books.tell(period, "csv", "json")
        with _measured(steps, "statements, xlsx"):
            books.tell(period, "xlsx")
        with _measured(steps, "statements, pdf"):
            books.tell(period, "pdf")
        with _measured(steps, "close"):
            head = books.close(period).head
        with _measured(steps, "verify"):
            books.verify(head)
        steps["size"] = {"statement lines": told, "postings": _postings(wiring)}
    return steps


def year(lines: int, folder: Path) -> Steps:
    """Close twelve months and prove them all again."""
    from service.domain.periods import Period

    steps = Steps()
    with _wired(folder) as wiring:
        books = Books(wiring, folder)
        heads = []
        for name in YEAR:
            fill(wiring, name, lines)
            books.allocate(Period(name))
            heads.append(books.close(Period(name)).head)
        with _measured(steps, "verify 12 months"):
            books.verify(*heads)
    return steps


def _postings(wiring: Wiring) -> int:
    with wiring.store.work() as work:
        return len(work.ledger.postings(MONTH))


@contextmanager
def _wired(folder: Path) -> Iterator[Wiring]:
    from service.bootstrap import wire
    from service.config import Settings
    from service.store.embedded import EmbeddedServer

    try:
        with wire(Settings(data_dir=folder / "data", engine_memory_limit=MEMORY)) as wiring:
            yield wiring
    finally:
        EmbeddedServer(folder / "data").stop()


@contextmanager
def _measured(steps: Steps, name: str) -> Iterator[None]:
    """Keep what a step takes; the kernel's high-water mark is reset before it."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    began, used = time.perf_counter(), time.process_time()
    yield
    steps[name] = {
        "seconds": time.perf_counter() - began,
        "processor": time.process_time() - used,
        "peak_mb": _peak_mb(),
    }


def _peak_mb() -> float:
    [peak] = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text("ascii"))
    return int(peak) / 1024


def _child(part: str, lines: int) -> Steps:
    """Run one part in a process of its own, with a folder that goes again."""
    with tempfile.TemporaryDirectory(prefix="comptroller-bench-") as folder:
        command = [sys.executable, "-m", "benchmarks.ledger", "--part", part, "--folder", folder]
        done = subprocess.run(
            [*command, "--lines", str(lines)], cwd=ROOT, check=True, stdout=subprocess.PIPE
        )
    found: Steps = json.loads(done.stdout)
    return found


def table(found: Mapping[int, Steps]) -> str:
    """Return a Markdown table: a row for each step, seconds and peak memory by size."""
    sizes = list(found)
    rows = [
        f"| {' | '.join(['', *(f'{lines:,} lines' for lines in sizes)])} |",
        "|---" + "|---:" * len(sizes) + "|",
    ]
    steps = [name for name in found[sizes[0]] if name != "size"]
    rows += [_row(name, [found[lines][name] for lines in sizes]) for name in steps]
    for name in found[sizes[0]].get("size", {}):
        counts = (f"{found[lines]['size'][name]:,.0f}" for lines in sizes)
        rows.append(f"| {name} | {' | '.join(counts)} |")
    return "\n".join(rows)


def _row(name: str, steps: Sequence[Mapping[str, float]]) -> str:
    cells = [
        f"{one['seconds']:.1f} s ({one['processor']:.1f}), {one['peak_mb']:,.0f} MB"
        for one in steps
    ]
    return f"| {name} | {' | '.join(cells)} |"


def main() -> None:
    """Measure, or be one of the measured processes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, nargs="+", default=[1_000_000, 3_000_000, 10_000_000])
    parser.add_argument("--year", type=int, default=1_000_000, help="lines of each of 12 months")
    parts: Mapping[str, Callable[[int, Path], Steps]] = {"month": month, "year": year}
    parser.add_argument("--part", choices=parts, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        print(json.dumps(parts[options.part](options.lines[0], options.folder)))
        return
    system = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    load = f"load average {os.getloadavg()[0]:.1f}"
    print(f"{system}, DuckDB {duckdb.__version__} with {MEMORY}, {load}\n", flush=True)
    print("Seconds (of the processor, this process only), and peak memory of the step.\n")
    print(table({lines: _child("month", lines) for lines in options.lines}), flush=True)
    if options.year:
        print(f"\n{table({options.year: _child('year', options.year)})}")


if __name__ == "__main__":
    main()
