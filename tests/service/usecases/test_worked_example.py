"""The worked example of docs/allocation.md, allocated for real."""

import re
from pathlib import Path

from service.documents.policy import PolicyDocument
from service.documents.yaml_file import parse_document
from service.domain.periods import Period
from service.usecases.allocate import allocate
from service.usecases.charge_owners import Reader
from service.usecases.stale_periods import READS
from tests.service.facts import HOUR_MS, at, job, line, node, put, usage
from warehouse.lake import Lake
from warehouse.port import Engine

PAGE = (Path(__file__).parents[3] / "docs" / "allocation.md").read_text()
RESULT = re.compile(r"^\| (\S+) \| (\S+) \| (\d+\.\d{12}) \| (\S+) \|$", re.MULTILINE)


def test_the_documented_example_adds_up_as_it_says(lake: Lake, engine: Engine) -> None:
    """90 + 30 + 40 of 160, three thirds of 0.01, 12.34 and 5 are 177.35, as on the page."""
    month = {"ChargePeriodStart": at(1), "ChargePeriodEnd": at(1, month=11)}
    lines = [
        line("160", ResourceId="i-1"),
        line("0.01", ServiceName="Gateway"),
        line("12.34", ServiceName="S3", Tags='{"team": "nlp"}', **month),
        line("5", ServiceName="Support"),
    ]
    put(lake, "cost_line", lines)
    put(lake, "node", [node("i-1", "a100")])
    put(lake, "job_run", [job("j1", "vision"), job("j2", "nlp")])
    samples = [
        usage("host-i-1", 9, "j1"),
        usage("host-i-1", 3, "j2"),
        usage("host-i-1", 0, None, capacity_ms=4 * HOUR_MS),
    ]
    put(lake, "gpu_usage", samples, period="2026-10-05")
    text = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert text is not None
    policy = parse_document(text[1], "allocation.md", PolicyDocument).policy()

    found = allocate(Period("2026-10"), policy, Reader(engine, lake.view(READS)))

    names = ("team", "line", "effective_cost", "method_id")
    rows = [tuple(str(row[name]) for name in names) for row in found.rows.to_pylist()]
    assert sorted(rows) == sorted(RESULT.findall(PAGE))
    (dollar,) = found.totals
    assert f"**{dollar.allocations.effective_cost}**" in PAGE
