"""What every source has, and the words that several types are set with."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

DataKind = Literal["focus", "prices", "usage", "jobs", "nodes", "availability"]


def fits(pattern: str, accepted: str) -> AfterValidator:
    """Refuse what does not fit, with what is ``accepted`` in words."""

    def checked(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise PydanticCustomError(
                "form", "{value} is not accepted; accepted is {accepted}",
                {"value": repr(value), "accepted": accepted},
            )  # fmt: skip
        return value

    return AfterValidator(checked)


Month = Annotated[str, fits(r"\d{4}-(0[1-9]|1[0-2])", "a month, as 2026-01")]
Currency = Annotated[str, fits("[A-Z]{3}", "a code of three letters, as USD")]


Regions = Annotated[
    list[str], Field(min_length=1, description="the regions to ask about, by the provider's names")
]
MachineTypes = Annotated[
    tuple[str, ...],
    Field(description="the machine types to ask about; every one of the reference if left out"),
]


class SourceBase(BaseModel):
    """What every source has."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, description="the x_SourceId of its rows")
