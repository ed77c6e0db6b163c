"""Tells the accelerator model from what drivers, schedulers and node labels call a device."""

import re
from functools import cache

from ingest.machines import machine_types

_PARTS = re.compile(r"[\s_-]+")


@cache
def model_of_device(name: str) -> str:
    """Return the model as ``H100`` for a device's name, as ``NVIDIA-H100-80GB-HBM3``.

    A name that leaves the memory's size open, as ``a100``, gives ``A100``; a name that no machine
    of the reference has is returned as it was told.
    """
    parts = set(_PARTS.split(name.strip().lower()))
    models = sorted({one.accelerator_model for one in machine_types().values()})
    fitting = [model for model in models if parts.issuperset(model.lower().split("-"))]
    if fitting:
        return max(fitting, key=lambda model: (model.count("-"), model))
    sizes = [model.partition("-") for model in models if model.endswith("GB")]
    return next((group for group, _, _ in sizes if group.lower() in parts), name.strip())
