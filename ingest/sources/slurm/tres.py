"""Counts the GPUs in a list of trackable resources, as ``cpu=6,gres/gpu:h100=2,gres/gpu=2``."""

from functools import lru_cache

from ingest.device_models import model_of_device

_GPU = "gres/gpu"


@lru_cache(maxsize=65_536)
def gpus_of(tres: str) -> tuple[int, str | None]:
    """Return how many GPUs there are, and of which model where one type is told.

    Slurm repeats typed GPUs as untyped ones, so they count once. Shares of a GPU (``gres/shard``)
    are not whole ones and count nothing here.

    Raises:
        ValueError: When a count is no number.
    """
    every: int | None = None
    typed: dict[str, int] = {}
    for piece in tres.split(","):
        name, _, count = piece.partition("=")
        if name == _GPU:
            every = int(count)
        elif name.startswith(f"{_GPU}:"):
            kind = name.removeprefix(f"{_GPU}:")
            typed[kind] = typed.get(kind, 0) + int(count)
    models = {model_of_device(kind) for kind, count in typed.items() if count}
    return (
        sum(typed.values()) if every is None else every,
        models.pop() if len(models) == 1 else None,
    )
