"""The kinds of work that wait in the queue, and a few requests that nobody can fulfil."""

from dataclasses import dataclass

Fields = dict[str, object]


@dataclass(frozen=True, slots=True)
class Recipe:
    """A kind of workload; ``hours`` are its least and most hours on the first accelerator.

    ``accelerators`` are model, count per node and relative throughput (``None``: the default).
    """

    name: str
    kind: str
    weight: int
    accelerators: tuple[tuple[str, int, str | None], ...]
    nodes: tuple[int, ...]
    hours: tuple[int, int]
    sla: tuple[str, ...]
    preemptible: bool
    checkpoint_gb: int = 0
    interconnect: bool = False


RECIPES = (
    Recipe(
        name="pretrain",
        kind="training",
        weight=22,
        accelerators=(("H100", 8, "1"), ("H200", 8, "1.15"), ("A100-40GB", 8, "0.42")),
        nodes=(1, 2, 2, 3),
        hours=(12, 60),
        sla=("target", "target", "strict", "best_effort"),
        preemptible=True,
        checkpoint_gb=320,
        interconnect=True,
    ),
    Recipe(
        name="finetune",
        kind="fine_tuning",
        weight=34,
        accelerators=(("H100", 8, None), ("A100-40GB", 8, None)),
        nodes=(1,),
        hours=(4, 24),
        sla=("target", "strict", "best_effort"),
        preemptible=True,
        checkpoint_gb=60,
    ),
    Recipe(
        name="adapter",
        kind="fine_tuning",
        weight=18,
        accelerators=(("A100-40GB", 1, "1"), ("A100-80GB", 1, "1.1"), ("H100-NVL", 1, "2.1")),
        nodes=(1,),
        hours=(2, 20),
        sla=("target", "best_effort"),
        preemptible=True,
        checkpoint_gb=8,
    ),
    Recipe(
        name="embed",
        kind="batch_inference",
        weight=28,
        accelerators=(("L4", 4, "1"), ("A10G", 4, "1.2"), ("L40S", 4, "2.2")),
        nodes=(1, 1, 2, 4),
        hours=(2, 16),
        sla=("target", "best_effort", "best_effort"),
        preemptible=True,
        checkpoint_gb=1,
    ),
    Recipe(
        name="evaluate",
        kind="batch_inference",
        weight=12,
        accelerators=(("A100-40GB", 8, "1"), ("H100", 8, "1.9")),
        nodes=(1,),
        hours=(3, 16),
        sla=("strict", "target"),
        preemptible=False,
    ),
    Recipe(
        name="demo-day",
        kind="serving",
        weight=4,
        accelerators=(("L4", 1, "1"), ("A10G", 1, "1.2")),
        nodes=(1,),
        hours=(12, 48),
        sla=("strict",),
        preemptible=False,
    ),
)

HOPELESS: tuple[tuple[str, Fields], ...] = (
    ("gang-too-large", {"nodes": 48}),
    ("deadline-too-near", {"work": {"duration_hours": 60}, "deadline_hours": 8}),
    ("residency-without-offer", {"residency": ["CH"]}),
    ("memory-too-large", {"memory_per_accelerator_gib": 192}),
    ("cap-too-low", {"spending_caps": {"total": "25.00"}}),
)
"""Requests that cannot be placed, by their reason; the plan has to say why."""
