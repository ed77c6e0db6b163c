"""The settings of files on a disk."""

from typing import Literal

from pydantic import Field

from ingest.settings.base import DataKind, SourceBase


class FilesSettings(SourceBase):
    """Files on a disk."""

    type: Literal["files"] = "files"
    kind: DataKind | None = Field(
        None, description="what it delivers; recognised from the columns where it is not said"
    )
    path: str = Field(min_length=1, description="a file or a glob pattern")
