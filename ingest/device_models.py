"""Tells the accelerator model from what drivers, schedulers and node labels call a device."""

import re
from functools import cache

from ingest.machines import machine_types

_PARTS = re.compile(r"[\s_-]+")

_NOT_RENTED = ("A30", "GH200")
"""Models that no machine type of the reference has, and that owned machines may."""


@cache
def model_of_device(name: str) -> str:
    """Return the model as ``H100`` for a device's name, as ``NVIDIA-H100-80GB-HBM3``.

    A name that leaves the memory's size open, as ``a100``, gives ``A100``; a name that is
    not known is returned as it was told.
    """
    parts = set(_PARTS.split(name.strip().lower()))
    models = sorted({*_NOT_RENTED, *(one.accelerator_model for one in machine_types().values())})
    fitting = [model for model in models if parts.issuperset(model.lower().split("-"))]
    if fitting:
        return max(fitting, key=lambda model: (model.count("-"), model))
    sizes = [model.partition("-") for model in models if model.endswith("GB")]
    return next((group for group, _, _ in sizes if group.lower() in parts), name.strip())
