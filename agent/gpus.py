"""Looks at every GPU and MIG instance of this machine, and says what they told."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC
from typing import TYPE_CHECKING

from agent.gpm import Gpm
from agent.metrics import PROCESSES, XID
from agent.mig import instances_of
from agent.nvml import GpuLost
from agent.sample import Lost, Sample, Use
from agent.users import Users
from agent.values import memory, power_and_energy, utilisation
from agent.xid import Xids

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from agent.nvml import Nvml
    from agent.proc import Owner


@dataclass(frozen=True, slots=True)
class Machine:
    """Where the GPUs are: its name, its clock, its processes, and which jobs hold what.

    ``owner_of`` is ``None`` where the machine's processes cannot be seen.
    """

    host: str
    clock: Callable[[], datetime]
    owner_of: Callable[[int], Owner] | None
    jobs_on: Callable[[int, int | None], tuple[str, ...]]


class Gpus:
    """The GPUs of one machine, looked at as often as asked."""

    def __init__(self, nvml: Nvml, machine: Machine, *, tell_processes: bool) -> None:
        """Ask ``nvml`` about the GPUs, and ``machine`` about what uses them."""
        self._nvml = nvml
        self._machine = machine
        self._users = Users(nvml, machine.owner_of, tell=tell_processes)
        self._gpm = Gpm(nvml)
        self._xids = Xids(nvml)
        self._uuids: dict[int, str] = {}
        self._lost: Counter[int] = Counter()
        self._driver = str(nvml.ask("nvmlSystemGetDriverVersion") or "")

    @property
    def waits_for_a_second_look(self) -> bool:
        """Whether some values come only with the second sample."""
        return self._gpm.waits_for_a_second_look

    def sample(self) -> Sample:
        """Look at all of them; one that has fallen off the bus keeps none of the others back."""
        time = self._machine.clock().astimezone(UTC).isoformat()
        self._xids.gather()
        self._nvml.refusals()
        uses = tuple(use for index in range(self._count()) for use in self._of_gpu(index))
        self._gpm.keep_only({(use.uuid, use.instance) for use in uses})
        return Sample(
            time=time,
            host=self._machine.host,
            driver=self._driver,
            uses=uses,
            lost=tuple(
                Lost(gpu, self._uuids.get(gpu, ""), n) for gpu, n in sorted(self._lost.items())
            ),
            faults=self._nvml.faults(),
        )

    def _count(self) -> int:
        """As many as NVML counts, and those that it counted before and now leaves out."""
        try:
            told = int(self._nvml.ask("nvmlDeviceGetCount") or 0)
        except GpuLost:
            told = 0
        return max(told, max(self._uuids, default=-1) + 1)

    def _of_gpu(self, index: int) -> list[Use]:
        """Return the GPU and its instances, or nothing where it is lost."""
        try:
            handle = self._nvml.ask("nvmlDeviceGetHandleByIndex", index)
            uuid = handle and self._nvml.ask("nvmlDeviceGetUUID", handle)
            if not uuid:
                if index in self._uuids:
                    self._lost[index] += 1
                return []
            self._uuids[index] = uuid
            return list(self._told_by(index, handle, uuid))
        except GpuLost:
            self._lost[index] += 1
            return []

    def _told_by(self, gpu: int, handle: object, uuid: str) -> Iterator[Use]:
        """Yield the GPU, then its instances; what only a whole GPU tells stands there alone."""
        identity = self._identity(gpu, handle, uuid)
        self._xids.watch(handle, uuid)
        xid = self._xids.last(uuid)
        shared = power_and_energy(self._nvml, handle) | ({} if xid is None else {XID: xid})
        instances = instances_of(self._nvml, handle)
        if instances:
            yield replace(identity, values=shared, refused=self._nvml.refusals())
        else:
            own = utilisation(self._nvml, handle) | self._gpm.look(handle, uuid)
            yield self._use(identity, (handle,), shared | own, whole=(handle, uuid))
        for one in instances:
            own = self._gpm.look(handle, uuid, one.number)
            jobs = self._machine.jobs_on(gpu, one.number)
            known = replace(identity, instance=one.number, profile=one.profile, jobs=jobs)
            yield self._use(known, one.handles, own)

    def _use(
        self,
        identity: Use,
        handles: tuple[object, ...],
        values: Mapping[str, float],
        whole: tuple[object, str] | None = None,
    ) -> Use:
        """Add memory and processes to what is known of a GPU or an instance."""
        count, processes = self._users.of(handles, whole)
        # The compute instances of one GPU instance share its memory: the first tells of all.
        found = {**values, **memory(self._nvml, handles[0])}
        if count is not None:
            found[PROCESSES] = count
        refused = self._nvml.refusals()
        return replace(identity, values=found, processes=processes, refused=refused)

    def _identity(self, gpu: int, handle: object, uuid: str) -> Use:
        minor = self._nvml.ask("nvmlDeviceGetMinorNumber", handle)
        place = self._nvml.ask("nvmlDeviceGetPciInfo", handle)
        return Use(
            gpu=gpu,
            uuid=uuid,
            device=f"nvidia{gpu if minor is None else minor}",
            pci_bus_id=_text(place.busId) if place else "",
            model=_text(self._nvml.ask("nvmlDeviceGetName", handle) or ""),
            instance=None,
            profile="",
            jobs=self._machine.jobs_on(gpu, None),
            values={},
            processes=(),
            refused={},
        )


def _text(told: str | bytes) -> str:
    """Return text: what stands in NVML's structures is bytes."""
    return told.decode() if isinstance(told, bytes) else told
