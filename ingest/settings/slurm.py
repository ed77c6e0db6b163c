"""The settings of what comes from Slurm."""

from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from ingest.settings.base import Month, SourceBase


def _zone(value: str) -> str:
    """Refuse a time zone that the machine does not know."""
    if value not in available_timezones():
        raise PydanticCustomError(
            "zone", "{value} is no time zone; accepted is a name as UTC or Europe/Berlin",
            {"value": repr(value)},
        )  # fmt: skip
    return value


Zone = Annotated[str, AfterValidator(_zone)]


class SlurmSettings(SourceBase):
    """Job runs from files that Slurm's sacct wrote."""

    type: Literal["slurm"]
    path: str = Field(min_length=1, description="a file or a glob pattern, as /data/sacct/*.txt")
    timezone: Zone = Field("UTC", description="of the times in the files, as Europe/Berlin")
    accounts: dict[str, str] = Field(
        default_factory=dict, description="team by Slurm account; others are teams themselves"
    )
    since: Month | None = Field(
        None, description="the first month of submission to load, as 2026-01; all if left out"
    )
