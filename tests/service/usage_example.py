"""The worked example of docs/usage.md as facts: one machine, one day, 80 dollars."""

from service.domain.gpu_accounts import HOUR_MS
from tests.docs_examples import page, section, yaml_examples
from tests.service.facts import Row, at, line, node, put
from warehouse.lake import Lake

PAGE = page("usage.md")
POLICY = yaml_examples(section(PAGE, "A worked example"))[0]


def held(gpu: int, hour: int, job: str, **columns: object) -> Row:
    """Return an hour of a GPU that a job held whole and kept busy for half of it."""
    usual = {
        "hour": at(5, hour),
        "gpu_uuid": f"GPU-{gpu}",
        "host": "node-1",
        "job_id": job,
        "namespace": "vision" if job == "train" else "nlp-serving",
        "capacity_ms": HOUR_MS,
        "allocated_ms": HOUR_MS,
        "observed_ms": HOUR_MS,
        "activity_ms": HOUR_MS // 2,
        "no_process_ms": 0,
        "energy": 3_600_000.0,
        "mode": "whole",
    }
    return usual | columns


def free(gpu: int, hour: int) -> Row:
    """Return an hour of a GPU that nobody held."""
    nobody = {"job_id": None, "namespace": None, "allocated_ms": 0, "activity_ms": 0}
    return held(gpu, hour, "", **nobody)


def run(job: str, attempt: int, gpus: int, start: int, end: int, **columns: object) -> Row:
    """Return an attempt of the fifth."""
    usual = {"job_id": job, "attempt": attempt, "gpus": gpus, "submitted": at(4), "team": "vision"}
    times = {"started": at(5, start), "ended": at(5, end) if end < 24 else at(6)}
    return usual | times | {"state": "completed", "hosts": '["node-1"]'} | columns


def put_example(lake: Lake) -> None:
    """Load eight GPUs for 24 hours: 4 of a job that failed once, 2 of a server, 1 asleep."""
    put(lake, "cost_line", [line("80", ResourceId="i-1", RegionId="us-east-1")])
    put(lake, "node", [node("i-1", "h100", host="node-1", accelerator_model="H100")])
    jobs = [
        run("train", 1, 4, 0, 6, state="failed", checkpoint_at=at(5, 4)),
        run("train", 2, 4, 6, 24),
        run("serve", 1, 2, 0, 24, team="nlp"),
        run("notebook", 1, 1, 0, 24, team="nlp"),
    ]
    put(lake, "job_run", jobs)
    gap = {"observed_ms": 0, "activity_ms": None, "no_process_ms": None}
    asleep = {"activity_ms": 0, "no_process_ms": HOUR_MS}
    samples = [
        *(held(gpu, hour, "train") for gpu in range(4) for hour in range(24)),
        *(held(4, hour, "serve", tokens_out=1_000_000) for hour in range(24)),
        *(held(5, hour, "serve", **(gap if hour < 12 else {})) for hour in range(24)),
        *(held(6, hour, "notebook", **asleep) for hour in range(24)),
        *(free(7, hour) for hour in range(24)),
    ]
    put(lake, "gpu_usage", samples, period="2026-10-05")
