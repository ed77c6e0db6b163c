"""The files in which a scheduler says which jobs hold which GPU, in dcgm-exporter's format.

A file is named after the GPU's index, or index and MIG instance as ``0.7``, and has the id of a
job in each line. A prolog writes them and an epilog takes them away.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from agent.errors import AgentError

if TYPE_CHECKING:
    from pathlib import Path


class JobFiles:
    """A folder of such files, or none at all."""

    def __init__(self, folder: Path | None) -> None:
        """Look into ``folder``.

        Raises:
            AgentError: When it cannot be looked into.
        """
        if folder and not (folder.is_dir() and os.access(folder, os.R_OK | os.X_OK)):
            raise AgentError(f"--job-files: {folder} is not a folder that can be read")
        self._folder = folder

    def jobs_on(self, gpu: int, instance: int | None) -> tuple[str, ...]:
        """Return the jobs that hold a GPU or an instance, each once; none without a file."""
        if not self._folder:
            return ()
        name = str(gpu) if instance is None else f"{gpu}.{instance}"
        try:
            lines = (self._folder / name).read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return ()
        return tuple(sorted({line.strip() for line in lines} - {""}))
