"""Slurm as a source: job runs from the output of sacct."""

from ingest.port import Source
from ingest.settings import SlurmSettings
from ingest.sources.slurm.source import SlurmFiles


def slurm_source(setting: SlurmSettings) -> Source:
    """Return the source that a setting describes; no file is read yet."""
    return SlurmFiles(setting)
