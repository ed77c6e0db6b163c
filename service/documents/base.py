"""What all documents share: unknown keys are refused, and rules across fields have a place."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    field_validator,
)
from pydantic.functional_validators import AfterValidator, BeforeValidator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.documents.marks import Loc


def plain_number(value: object) -> object:
    """Refuse true and false, which Python counts as 1 and 0."""
    if isinstance(value, bool):
        raise ValueError("must be a number")  # noqa: TRY004  (Pydantic collects ValueErrors)
    return value


def _midnight(value: object) -> object:
    """Take a plain day as the moment at which it begins in UTC."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value, time(), tzinfo=UTC)
    return value


Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,63}$")]
"""A name of a team, a pool or a workload."""

Text = Annotated[str, StringConstraints(min_length=1, max_length=512)]
"""Any text that is not empty."""

Count = Annotated[int, BeforeValidator(plain_number), Field(ge=0, le=10_000_000)]
"""A whole number of things, none or more."""

Amount = Annotated[
    Decimal,
    BeforeValidator(plain_number),
    Field(ge=0, max_digits=26, decimal_places=12),
    PlainSerializer(str, when_used="json"),
]
"""Money of a currency that is named beside it, not negative, with up to 12 decimals."""

Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
"""An ISO 4217 code, as USD."""

Moment = Annotated[
    AwareDatetime,
    BeforeValidator(_midnight),
    AfterValidator(lambda moment: moment.astimezone(UTC)),
]
"""A moment with its zone, kept in UTC; a plain day is its first moment in UTC."""


class Document(BaseModel):
    """A form that people fill in; what it does not know it refuses."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @field_validator("*", mode="after")
    @classmethod
    def without_nul(cls, value: object) -> object:
        """Refuse the character NUL, which PostgreSQL cannot store in a text."""
        parts = value if isinstance(value, tuple) else [value]
        if isinstance(value, dict):
            parts = [*value, *value.values()]
        if any(isinstance(part, str) and "\0" in part for part in parts):
            raise ValueError("must be text without the character NUL")
        return value

    def contradictions(self) -> Iterator[tuple[Loc, str]]:
        """Yield the place and the sentence of everything that does not fit together."""
        yield from ()


def first_of_month(day: date) -> date:
    """Accept the first day of a month only.

    Raises:
        ValueError: When it is another day.
    """
    if day.day != 1:
        raise ValueError(
            "must be the first day of a month, because it holds for whole billing periods"
        )
    return day


MonthStart = Annotated[date, AfterValidator(first_of_month)]
"""The first day of a billing period."""
