"""The queue: what teams want to run from now on, as the file that they would submit."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import yaml

from service.demo.recipes import HOPELESS, RECIPES, Fields, Recipe
from service.demo.records import text
from service.demo.teams import TEAMS
from service.demo.timeline import Timeline

EUROPEAN_SHARE = 0.07
"""How many workloads must stay in the European Union."""

LATER_SHARE = 0.4
"""How many workloads must not start before some hour of the next days."""

LARGE_CHECKPOINT_GB = 100

DATA_HOMES = (
    ("aws", "us-east-1"),
    ("aws", "us-west-2"),
    ("gcp", "us-central1"),
    ("azure", "eastus"),
)
EUROPEAN_HOMES = (("aws", "eu-north-1"), ("gcp", "europe-west4"), ("azure", "swedencentral"))


def write_queue(path: Path, count: int, timeline: Timeline, rng: np.random.Generator) -> Path:
    """Write ``count`` workloads, the hopeless ones among them."""
    workloads = list(_queue(count, timeline, rng))
    document = {"workloads": workloads}
    path.write_text(yaml.safe_dump(document, sort_keys=False, width=100), encoding="utf-8")
    return path


def _queue(count: int, timeline: Timeline, rng: np.random.Generator) -> Iterator[Fields]:
    weights = np.array([recipe.weight for recipe in RECIPES], dtype=float)
    picks = rng.choice(len(RECIPES), size=count, p=weights / weights.sum()).tolist()
    hopeful = max(0, count - len(HOPELESS))
    for number in range(hopeful):
        yield _workload(number, RECIPES[picks[number]], timeline, rng)
    for number, (reason, changes) in enumerate(HOPELESS[: count - hopeful], hopeful):
        wish = _workload(number, RECIPES[0], timeline, rng) | {"name": f"q{number:03d}-{reason}"}
        yield _changed(wish, changes, timeline)


def _workload(number: int, recipe: Recipe, timeline: Timeline, rng: np.random.Generator) -> Fields:
    team = TEAMS[int(rng.integers(0, len(TEAMS)))]
    european = bool(rng.random() < EUROPEAN_SHARE)
    hours = int(rng.integers(*recipe.hours, endpoint=True))
    nodes = int(rng.choice(np.array(recipe.nodes)))
    wish: Fields = {
        "name": f"q{number:03d}-{recipe.name}",
        "team": team.name,
        "user": team.users[int(rng.integers(0, len(team.users)))],
        "project": team.projects[int(rng.integers(0, len(team.projects)))],
        "run": _run(recipe, team.name),
        "kind": recipe.kind,
        "accelerators": [_accelerator(*one) for one in recipe.accelerators],
        "work": _work(recipe, hours, nodes),
        "nodes": nodes,
        "interconnect_required": recipe.interconnect and nodes > 1,
        "preemptible": recipe.preemptible,
    }
    if recipe.checkpoint_gb:
        wish["checkpoint"] = _checkpoint(recipe)
    wish |= _times(recipe, hours, timeline, rng)
    if european:
        wish["residency"] = ["EU"]
    wish["data"] = [_data(rng, european=european)]
    wish["priority"] = int(rng.integers(20, 81))
    wish["labels"] = {"invented-by": "demo"}
    wish["idempotency_key"] = f"demo-{timeline.today}-{number:03d}"
    return wish


def _run(recipe: Recipe, team: str) -> Fields:
    return {
        "image": f"registry.lumen-harbor.example/{team}/{recipe.name}:1.4",
        "command": ["python", "-m", recipe.name.replace("-", "_"), "--resume"],
    }


def _accelerator(model: str, count: int, throughput: str | None) -> Fields:
    found: Fields = {"model": model, "count_per_node": count}
    return found if throughput is None else found | {"relative_throughput": float(throughput)}


def _work(recipe: Recipe, hours: int, nodes: int) -> Fields:
    model, count, _ = recipe.accelerators[0]
    if recipe.kind == "serving":
        return {"duration_hours": hours}
    return {"accelerator_hours": hours * nodes * count, "reference_model": model}


def _checkpoint(recipe: Recipe) -> Fields:
    large = recipe.checkpoint_gb >= LARGE_CHECKPOINT_GB
    return {
        "interval_minutes": 30,
        "save_minutes": 3 if large else 1,
        "restore_minutes": 12 if large else 4,
        "size_gb": recipe.checkpoint_gb,
    }


def _times(recipe: Recipe, hours: int, timeline: Timeline, rng: np.random.Generator) -> Fields:
    """Not before some moment, and by a deadline with some slack, within a week."""
    now = timeline.at(timeline.ticks)
    starts = int(rng.integers(0, 60)) if rng.random() < LATER_SHARE else 0
    slack = float(rng.uniform(1.6, 5))
    due = min(160, int(12 + starts + hours * slack))
    level = recipe.sla[int(rng.integers(0, len(recipe.sla)))]
    sla: Fields = {"class": level}
    if level == "target":
        sla |= {"probability": 0.9, "lateness_price_per_hour": int(rng.integers(1, 9)) * 25}
    times: Fields = {"sla": sla}
    if starts:
        times["earliest_start"] = text(now + timedelta(hours=starts))
    if level != "best_effort":
        times["deadline"] = text(now + timedelta(hours=due))
    return times


def _data(rng: np.random.Generator, *, european: bool) -> Fields:
    homes = EUROPEAN_HOMES if european else DATA_HOMES
    provider, region = homes[int(rng.integers(0, len(homes)))]
    return {"provider": provider, "region": region, "size_gb": int(rng.integers(5, 800))}


def _changed(wish: Fields, changes: Fields, timeline: Timeline) -> Fields:
    """A wish with what makes it hopeless; ``deadline_hours`` makes the deadline a hard one."""
    changes = dict(changes)
    hours = changes.pop("deadline_hours", 120)
    due = timeline.at(timeline.ticks) + timedelta(hours=int(str(hours)))
    wish.pop("earliest_start", None)
    hard: Fields = {"deadline": text(due), "sla": {"class": "strict"}}
    return wish | hard | changes
