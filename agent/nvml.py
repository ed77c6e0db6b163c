"""NVIDIA's management library: opened with a sentence when it cannot be, asked one by one."""

from __future__ import annotations

import math
from collections import Counter
from contextlib import contextmanager
from enum import IntEnum
from importlib import import_module
from typing import TYPE_CHECKING, Any

from agent.errors import AgentError
from agent.sample import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator


class Code(IntEnum):
    """The answers of ``nvml.h`` that are told apart here."""

    NO_ERROR = 0
    INVALID_ARGUMENT = 2
    NOT_SUPPORTED = 3
    NOT_FOUND = 6
    DRIVER_NOT_LOADED = 9
    TIMEOUT = 10
    LIBRARY_NOT_FOUND = 12
    FUNCTION_NOT_FOUND = 13
    GPU_IS_LOST = 15
    RESET_REQUIRED = 16
    LIB_RM_VERSION_MISMATCH = 18
    NO_DATA = 21
    ARGUMENT_VERSION_MISMATCH = 25
    NOT_READY = 27
    GPU_NOT_FOUND = 28


_LOST = frozenset({Code.GPU_IS_LOST, Code.RESET_REQUIRED})
_NO_VALUE_HERE = frozenset(
    {
        Code.NO_ERROR,
        Code.INVALID_ARGUMENT,
        Code.NOT_SUPPORTED,
        Code.NOT_FOUND,
        Code.TIMEOUT,
        Code.FUNCTION_NOT_FOUND,
        Code.NO_DATA,
        Code.ARGUMENT_VERSION_MISMATCH,
        Code.NOT_READY,
    }
)
_NOT_AVAILABLE = frozenset({2**32 - 1, 2**64 - 1})
"""``NVML_VALUE_NOT_AVAILABLE``, as unsigned numbers of both widths."""

_GUARD = 9.2e18
_REMEDIES = {
    Code.LIBRARY_NOT_FOUND: (
        "no NVIDIA driver here: libnvidia-ml.so.1 is not found; install the driver of the GPUs"
        " (in a container: start it with the NVIDIA runtime and the driver capability 'utility')"
    ),
    Code.DRIVER_NOT_LOADED: (
        "the NVIDIA driver is installed but not loaded; load it (modprobe nvidia) or restart"
    ),
    Code.GPU_NOT_FOUND: "the NVIDIA driver is loaded but finds no GPU on this machine",
    Code.LIB_RM_VERSION_MISMATCH: (
        "the NVIDIA driver was updated while it ran; restart this machine to load the new one"
    ),
}


class GpuLost(Exception):
    """The GPU that was asked has fallen off the bus, or waits for a reset."""


class Nvml:
    """The library, asked by the names of its functions."""

    def __init__(self, module: Any) -> None:  # noqa: ANN401 -- pynvml has no types
        """Ask ``module``, which is pynvml or has its functions."""
        self.module = module
        self._refused: dict[str, str] = {}
        self._faults: Counter[tuple[str, str]] = Counter()

    def ask(self, function: str, *arguments: object) -> Any:  # noqa: ANN401 -- the same
        """Return the answer, or ``None`` where there is none, which is noted.

        Raises:
            GpuLost: When the GPU does not answer any more.
        """
        return self._call(function, *arguments)[1]

    def do(self, function: str, *arguments: object) -> bool:
        """Say whether a function that answers nothing went well; where not, it is noted."""
        return self._call(function, *arguments)[0]

    def number(self, function: str, *arguments: object) -> float | None:
        """Return a number, ``None`` where there is none or NVML says so by a guard value."""
        return known(self.ask(function, *arguments))

    def _call(self, function: str, *arguments: object) -> tuple[bool, Any]:
        call = getattr(self.module, function, None)
        if call is None:
            self._refused[function] = "not in this version of nvidia-ml-py"
            return False, None
        try:
            return True, call(*arguments)
        except self.module.NVMLLibraryMismatchError:
            self._refused[function] = "not in this version of the driver"
        except self.module.NVMLError as error:
            if error.value in _LOST:
                raise GpuLost(str(error)) from error
            self._refused[function] = str(error)
            if error.value not in _NO_VALUE_HERE:
                self._faults[function, str(error)] += 1
        return False, None

    def refusals(self) -> dict[str, str]:
        """Return which functions gave no answer since this was asked last, and what they said."""
        refused, self._refused = self._refused, {}
        return refused

    def faults(self) -> tuple[Fault, ...]:
        """Return the odd answers since the start."""
        return tuple(Fault(*key, count) for key, count in sorted(self._faults.items()))


def known(value: float | None) -> float | None:
    """Return a number that means something: guard values and negative ones are absent."""
    if value is None or value in _NOT_AVAILABLE or not math.isfinite(value):
        return None
    return float(value) if 0 <= value < _GUARD else None


def percent(value: float | None) -> float | None:
    """Return a percentage that can be one; a hair above 100 is 100."""
    number = known(value)
    return None if number is None or number > 101 else min(number, 100.0)  # noqa: PLR2004


@contextmanager
def opened(module: Any = None) -> Iterator[Nvml]:  # noqa: ANN401 -- pynvml has no types
    """Start the library of this machine, and end it afterwards.

    Raises:
        AgentError: When the package, the driver or its library is not there.
    """
    nvml = module or _pynvml()
    try:
        nvml.nvmlInit()
    except nvml.NVMLError as error:
        remedy = _REMEDIES.get(error.value, f"NVIDIA's management library does not start: {error}")
        raise AgentError(remedy) from error
    try:
        yield Nvml(nvml)
    finally:
        nvml.nvmlShutdown()


def _pynvml() -> Any:  # noqa: ANN401 -- the same
    try:
        return import_module("pynvml")
    except ImportError as error:
        raise AgentError(
            "the sampler needs NVIDIA's package nvidia-ml-py; install it beside comptroller:"
            " pip install 'nvidia-ml-py>=13'"
        ) from error
