"""How busy the units of a GPU were, where NVML supports it."""

from collections.abc import Callable

import pytest

from agent.gpus import Gpus
from tests.agent.documented_nvml import Card, Cut, Nvml

BUSY = {1: 50.0, 2: 40.0, 3: 20.0, 5: 10.0, 10: 5.0}


def profiling(values: object) -> dict[str, float]:
    """Return the profiling metrics among the values."""
    assert isinstance(values, dict)
    return {name: value for name, value in values.items() if "_PROF_" in name}


def test_shares_come_with_the_second_sample(gpus_of: Callable[..., Gpus]) -> None:
    """Nothing at first; then 50 % is 0.5, as dcgm-exporter writes it."""
    gpus = gpus_of(Card(gpm=BUSY))

    first, second = (profiling(gpus.sample().uses[0].values) for _ in range(2))

    assert first == {}
    assert second == {
        "DCGM_FI_PROF_GR_ENGINE_ACTIVE": 0.5,
        "DCGM_FI_PROF_SM_ACTIVE": 0.4,
        "DCGM_FI_PROF_SM_OCCUPANCY": 0.2,
        "DCGM_FI_PROF_PIPE_TENSOR_ACTIVE": 0.1,
        "DCGM_FI_PROF_DRAM_ACTIVE": 0.05,
    }


def test_a_metric_that_is_refused_or_no_number_is_absent(gpus_of: Callable[..., Gpus]) -> None:
    """Of two answers one is NaN: none of the five has a value but the other."""
    gpus = gpus_of(Card(gpm={1: float("nan"), 2: 40.0}))
    gpus.sample()

    values = profiling(gpus.sample().uses[0].values)

    assert values == {"DCGM_FI_PROF_SM_ACTIVE": 0.4}


def test_each_instance_has_its_own(gpus_of: Callable[..., Gpus]) -> None:
    """The GPU tells none, both of its instances do."""
    cuts = {0: Cut(1, "X MIG 3g.40gb"), 1: Cut(2, "X MIG 3g.40gb")}
    gpus = gpus_of(Card(mig=True, cuts=cuts, gpm=BUSY))
    gpus.sample()

    told = [len(profiling(use.values)) for use in gpus.sample().uses]

    assert told == [0, 5, 5]


def test_what_nvml_lent_is_given_back(gpus_of: Callable[..., Gpus]) -> None:
    """One sample is held per instance, and none of an instance that is gone."""
    card = Card(mig=True, cuts={0: Cut(1, "X MIG 3g.40gb"), 1: Cut(2, "X MIG 3g.40gb")}, gpm=BUSY)
    nvml = Nvml([card])
    gpus = gpus_of(module=nvml)
    held = []

    for _ in range(3):
        gpus.sample()
        held.append(nvml.samples_held)
    card.cuts.clear()
    card.mig = False
    gpus.sample()
    held.append(nvml.samples_held)

    assert held == [2, 2, 2, 1]


@pytest.mark.parametrize(
    "function", ["nvmlGpmSampleAlloc", "nvmlGpmSampleGet", "nvmlGpmMetricsGet"]
)
def test_a_refusal_leaves_the_values_out(gpus_of: Callable[..., Gpus], function: str) -> None:
    """No rights for profiling: the other values are there."""
    nvml = Nvml([Card(gpm=BUSY)])
    nvml.forbidden = {function}
    gpus = gpus_of(module=nvml)
    gpus.sample()

    (use,) = gpus.sample().uses

    assert (profiling(use.values), use.refused[function]) == ({}, "Insufficient Permissions")
    assert nvml.samples_held <= 1


def test_a_gpu_that_is_lost_while_it_is_looked_at_keeps_nothing(
    gpus_of: Callable[..., Gpus],
) -> None:
    """The room for its sample is given back, and so is that of the sample before."""
    nvml = Nvml([Card(gpm=BUSY)])
    gpus = gpus_of(module=nvml)
    gpus.sample()
    nvml.lost_in = {"nvmlGpmSampleGet"}

    sample = gpus.sample()

    assert (sample.uses, nvml.samples_held) == ((), 0)
