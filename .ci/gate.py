"""Fails a full test run in which nothing ran, something was skipped, or too little was covered."""

import json
import sys
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree as ET

FLOORS = {"service/domain": 100.0}
DEFAULT_FLOOR = 95.0


def main(junit: Path, coverage: Path) -> int:
    """Print what falls short; 1 if anything does."""
    faults = [*_run_faults(junit), *_coverage_faults(coverage)]
    for fault in faults:
        print(f"gate: {fault}", file=sys.stderr)
    return 1 if faults else 0


def _run_faults(junit: Path) -> list[str]:
    """Say whether no test ran, and which ones were skipped."""
    cases = list(ET.parse(junit).iter("testcase"))  # noqa: S314 (our own file)
    skipped = [case for case in cases if case.find("skipped") is not None]
    faults = [f"skipped: {case.get('classname')}::{case.get('name')}" for case in skipped]
    if len(cases) == len(skipped):
        faults.append("no test ran")
    return faults


def _coverage_faults(coverage: Path) -> list[str]:
    """Compare lines and branches covered per room with its floor, in per cent."""
    covered: defaultdict[str, int] = defaultdict(int)
    total: defaultdict[str, int] = defaultdict(int)
    for name, file in json.loads(coverage.read_text())["files"].items():
        room, summary = _room(name), file["summary"]
        covered[room] += summary["covered_lines"] + summary["covered_branches"]
        total[room] += summary["num_statements"] + summary["num_branches"]
    shares = {room: 100 * covered[room] / total[room] for room in total if total[room]}
    for room, share in sorted(shares.items()):
        print(f"{share:6.2f} %  {room}")
    return [
        f"coverage of {room} is {share:.2f} %, the floor is {FLOORS.get(room, DEFAULT_FLOOR)} %"
        for room, share in shares.items()
        if share < FLOORS.get(room, DEFAULT_FLOOR)
    ]


def _room(name: str) -> str:
    """The part of the house that a file counts for: ``service/domain``, ``warehouse``."""
    parts = Path(name).parts
    return "/".join(parts[:2]) if parts[0] == "service" and len(parts) > 2 else parts[0]  # noqa: PLR2004


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
