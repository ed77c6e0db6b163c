"""Waste that was planted in a week of 64 GPUs, and how much of it the nightly job finds.

A real Prometheus (Debian's ``prometheus`` and ``promtool``) serves the week; everything from its
answers to the stored accounts is the product's. ``python -m benchmarks.waste``.
"""

import tempfile
from pathlib import Path

from service.bootstrap import wire
from service.config import Settings
from service.store.embedded import EmbeddedServer
from tests.peers.gpu_history import fleet_history
from tests.scenario.week import begin, company, night, scores


def main() -> None:
    """Run the week and print a row for each class."""
    history = fleet_history()
    with tempfile.TemporaryDirectory(prefix="comptroller-waste-") as name:
        folder = Path(name)
        with company(history, folder) as sources:
            settings = Settings.model_validate(
                {"data_dir": folder / "house", "sources": sources, "plan_time_limit_s": 2}
            )
            try:
                with wire(settings) as wiring:
                    begin(wiring, folder / "policy.yaml")
                    night(wiring, settings)
                    found = scores(history, wiring)
            finally:
                EmbeddedServer(settings.data_dir).stop()
    print("| class | planted, GPU-hours | found, GPU-hours | precision | recall |")
    print("|---|---:|---:|---:|---:|")
    for kind, one in found.items():
        hours = f"{one.planted:,.1f} | {one.found:,.1f}"
        print(f"| {kind} | {hours} | {one.precision:.4f} | {one.recall:.4f} |")


if __name__ == "__main__":
    main()
