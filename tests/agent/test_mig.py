"""A GPU that is cut into MIG instances."""

from collections.abc import Callable

from agent.gpus import Gpus
from agent.metrics import ENERGY, FB_FREE, FB_USED, GPU_UTIL, POWER, PROCESSES, XID
from agent.mig import profile_in
from tests.agent.documented_nvml import GPU_A, MIB, Card, Cut, Running

NAME = "NVIDIA H100 80GB HBM3 MIG "


def test_instances_tell_memory_and_processes_and_the_gpu_what_only_it_knows(
    gpus_of: Callable[..., Gpus],
) -> None:
    """Power and energy stand once, at the GPU; 2,048 of 9,856 MiB leave 7,808 in instance 7."""
    cut = Cut(7, NAME + "1g.10gb", used=2048 * MIB, running=[Running(101)])
    gpus = gpus_of(Card(mig=True, cuts={0: cut, 3: Cut(9, NAME + "1g.10gb")}))

    whole, seven, nine = gpus.sample().uses

    assert whole.values == {POWER: 412.5, ENERGY: 9_000_000, XID: 0}
    assert (seven.uuid, seven.instance, seven.profile) == (GPU_A, 7, "1g.10gb")
    assert (seven.values[FB_USED], seven.values[FB_FREE], seven.values[PROCESSES]) == (
        2048,
        7808,
        1,
    )
    assert (nine.instance, nine.values[PROCESSES]) == (9, 0)


def test_utilisation_is_absent_under_mig(gpus_of: Callable[..., Gpus]) -> None:
    """NVML has none for the GPU and none for a process, however busy it is."""
    running = Running(101, busy={5: 90})
    gpus = gpus_of(Card(mig=True, cuts={0: Cut(1, NAME + "7g.80gb", running=[running])}))

    uses = gpus.sample().uses

    assert [GPU_UTIL in use.values for use in uses] == [False, False]
    assert [one.sm_utilization for one in uses[1].processes] == [None]


def test_compute_instances_of_one_gpu_instance_are_one(gpus_of: Callable[..., Gpus]) -> None:
    """Two compute instances with a process each are one instance 2 of 3g.40gb with two."""
    cuts = {
        0: Cut(2, NAME + "1c.3g.40gb", used=500 * MIB, running=[Running(101)]),
        1: Cut(2, NAME + "2c.3g.40gb", used=500 * MIB, running=[Running(102)]),
    }
    gpus = gpus_of(Card(mig=True, cuts=cuts))

    _, use = gpus.sample().uses

    assert (use.instance, use.profile) == (2, "3g.40gb")
    assert (use.values[PROCESSES], use.values[FB_USED]) == (2, 500)


def test_a_gpu_that_may_be_cut_but_is_not_is_told_as_one(gpus_of: Callable[..., Gpus]) -> None:
    """MIG mode without an instance: one row, with the GPU's memory."""
    gpus = gpus_of(Card(mig=True))

    (use,) = gpus.sample().uses

    assert (use.instance, use.values[FB_USED]) == (None, 4)


def test_a_gpu_of_a_time_before_mig_is_whole(gpus_of: Callable[..., Gpus]) -> None:
    """Its mode is not supported."""
    gpus = gpus_of(Card(name="Tesla V100-SXM2-16GB"))

    (use,) = gpus.sample().uses

    assert use.instance is None


def test_the_profile_is_the_end_of_the_name() -> None:
    """Without the compute instance before it, and empty where the name has none."""
    names = [NAME + "1g.10gb+me", NAME + "2c.7g.80gb", "NVIDIA H100 80GB HBM3"]

    assert [profile_in(name) for name in names] == ["1g.10gb+me", "7g.80gb", ""]
