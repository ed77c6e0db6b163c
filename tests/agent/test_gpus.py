"""What a sample holds of whole GPUs, and what it leaves out."""

from collections.abc import Callable

import pytest

from agent.gpus import Gpus
from agent.metrics import ENERGY, FB_FREE, FB_RESERVED, FB_USED, GPU_UTIL, POWER, PROCESSES, XID
from agent.nvml import known, percent
from agent.sample import Fault, Lost
from tests.agent.documented_nvml import GPU_A, GPU_B, NOT_AVAILABLE, Card, Nvml, xid


def test_an_idle_gpu_tells_everything_in_the_units_of_dcgm(gpus_of: Callable[..., Gpus]) -> None:
    """412,500 mW are 412.5 W; of 81,559 MiB 4 are used, 551 reserved and 81,004 free."""
    gpus = gpus_of(Card())

    (use,) = gpus.sample().uses

    assert use.values == {
        GPU_UTIL: 37,
        POWER: 412.5,
        ENERGY: 9_000_000,
        FB_USED: 4,
        FB_FREE: 81_004,
        FB_RESERVED: 551,
        PROCESSES: 0,
        XID: 0,
    }


def test_a_gpu_has_the_labels_of_dcgm_exporter(gpus_of: Callable[..., Gpus]) -> None:
    """Index 0 with minor number 3 is gpu 0 and nvidia3; PCI's address is text, not bytes."""
    gpus = gpus_of(Card(minor=3))

    (use,) = gpus.sample().uses

    assert (use.gpu, use.uuid, use.device) == (0, GPU_A, "nvidia3")
    assert (use.model, use.pci_bus_id) == ("NVIDIA H100 80GB HBM3", "00000000:12:00.0")
    assert (use.instance, use.profile) == (None, "")


def test_what_a_gpu_does_not_support_is_absent_and_not_zero(gpus_of: Callable[..., Gpus]) -> None:
    """No utilisation, power, energy or XIDs: none of the four has a value, each has a reason."""
    card = Card(utilisation=None, milliwatts=None, millijoules=None, xids=False)
    gpus = gpus_of(card)

    (use,) = gpus.sample().uses
    (again,) = gpus.sample().uses

    assert set(use.values) == {FB_USED, FB_FREE, FB_RESERVED, PROCESSES} == set(again.values)
    assert use.refused["nvmlDeviceGetPowerUsage"] == "Not Supported"
    assert use.refused["nvmlDeviceRegisterEvents"] == "Not Supported"


@pytest.mark.parametrize("guard", [2**32 - 1, NOT_AVAILABLE, 9.3e18, -1, float("nan"), None])
def test_guard_values_are_absent(guard: float | None) -> None:
    """4294967295, 18446744073709551615, 9.3e18, -1 and NaN say that there is no value."""
    assert known(guard) is None


def test_a_percentage_above_101_is_none_and_a_hair_above_100_is_100() -> None:
    """100.4 is rounding, 250 is nonsense."""
    assert [percent(100.4), percent(250), percent(0)] == [100, None, 0]


def test_guard_values_of_nvml_leave_their_metric_out(gpus_of: Callable[..., Gpus]) -> None:
    """An energy of 2**64 - 1 and a power of 2**32 - 1 are no energy and no power."""
    gpus = gpus_of(Card(milliwatts=2**32 - 1, millijoules=NOT_AVAILABLE))

    (use,) = gpus.sample().uses

    assert {POWER, ENERGY}.isdisjoint(use.values)


def test_an_older_driver_tells_memory_without_what_is_reserved(
    gpus_of: Callable[..., Gpus],
) -> None:
    """The first form of the call counts 551 reserved MiB as used: 555."""
    gpus = gpus_of(Card(), memory_versions=(1,))

    (use,) = gpus.sample().uses

    assert (use.values[FB_USED], use.values[FB_FREE]) == (555, 81_004)
    assert FB_RESERVED not in use.values


def test_memory_that_is_not_told_is_absent(gpus_of: Callable[..., Gpus]) -> None:
    """Machines whose GPU shares the host's memory answer neither form of the call."""
    gpus = gpus_of(Card(), memory_versions=())

    (use,) = gpus.sample().uses

    assert {FB_USED, FB_FREE, FB_RESERVED}.isdisjoint(use.values)


def test_a_gpu_that_falls_off_the_bus_is_counted_and_the_others_go_on(
    gpus_of: Callable[..., Gpus],
) -> None:
    """GPU 0 is lost in the 2nd and 3rd of three samples; GPU 1 is in all of them."""
    cards = Card(), Card(uuid=GPU_B, minor=1)
    gpus = gpus_of(*cards)
    first = gpus.sample()
    cards[0].lost = True

    gpus.sample()
    third = gpus.sample()

    assert [use.uuid for use in first.uses] == [GPU_A, GPU_B]
    assert [use.uuid for use in third.uses] == [GPU_B]
    assert (first.lost, third.lost) == ((), (Lost(0, GPU_A, 2),))


def test_a_gpu_that_was_lost_before_the_start_is_counted_without_its_uuid(
    gpus_of: Callable[..., Gpus],
) -> None:
    """Nobody told its UUID."""
    gpus = gpus_of(Card(lost=True), Card(uuid=GPU_B))

    sample = gpus.sample()

    assert (len(sample.uses), sample.lost) == (1, (Lost(0, "", 1),))


def test_a_gpu_that_is_not_counted_any_more_is_lost(gpus_of: Callable[..., Gpus]) -> None:
    """Two GPUs, then NVML counts one, then it cannot count at all."""
    nvml = Nvml([Card(), Card(uuid=GPU_B)])
    gpus = gpus_of(module=nvml)
    gpus.sample()
    nvml.cards.pop()

    second = gpus.sample()
    nvml.count_fails = True
    third = gpus.sample()

    assert [len(second.uses), len(third.uses)] == [1, 1]
    assert third.lost == (Lost(1, GPU_B, 2),)


def test_a_gpu_that_gives_no_handle_and_never_did_is_not_counted_as_lost(
    gpus_of: Callable[..., Gpus],
) -> None:
    """A machine without a GPU has an empty sample."""
    assert gpus_of().sample().uses == ()


def test_the_last_xid_stands_until_another_comes(gpus_of: Callable[..., Gpus]) -> None:
    """None, then 31 and 79 between two samples, then nothing new: 0, 79, 79."""
    card = Card()
    nvml = Nvml([card, Card(uuid=GPU_B)])
    gpus = gpus_of(module=nvml)

    told = [gpus.sample().uses[0].values[XID]]
    nvml.events += [xid(card, 31), xid(card, 79)]
    told += [gpus.sample().uses[n].values[XID] for n in (0, 1)]
    told += [gpus.sample().uses[0].values[XID]]

    assert told == [0, 79, 0, 79]


def test_events_of_a_lost_gpu_do_not_end_the_sampler(gpus_of: Callable[..., Gpus]) -> None:
    """Whose XID it was cannot be asked any more."""
    card = Card()
    nvml = Nvml([card])
    gpus = gpus_of(module=nvml)
    gpus.sample()
    card.lost = True
    nvml.events.append(xid(card, 79))

    sample = gpus.sample()

    assert (sample.uses, sample.lost) == ((), (Lost(0, GPU_A, 1),))


def test_an_answer_that_is_an_error_is_counted_as_a_fault(gpus_of: Callable[..., Gpus]) -> None:
    """Missing rights are no "not supported": the function, the error, and 2 in two samples."""
    nvml = Nvml([Card()])
    nvml.forbidden = {"nvmlDeviceGetPowerUsage"}
    gpus = gpus_of(module=nvml)

    gpus.sample()
    sample = gpus.sample()

    fault = Fault("nvmlDeviceGetPowerUsage", "Insufficient Permissions", 2)
    assert sample.faults == (fault,)
    assert POWER not in sample.uses[0].values


def test_functions_that_library_or_driver_do_not_have_are_absent_values(
    gpus_of: Callable[..., Gpus],
) -> None:
    """An older nvidia-ml-py has no GPM, an older driver no UUID-keyed list of processes."""
    nvml = Nvml([Card()])
    nvml.missing = {"nvmlGpmQueryDeviceSupport"}
    nvml.mismatched = {"nvmlDeviceGetMPSComputeRunningProcesses"}
    gpus = gpus_of(module=nvml)

    (use,) = gpus.sample().uses

    assert use.refused["nvmlGpmQueryDeviceSupport"] == "not in this version of nvidia-ml-py"
    assert "this version of the driver" in use.refused["nvmlDeviceGetMPSComputeRunningProcesses"]
    assert use.values[PROCESSES] == 0
