"""What the service says about itself."""

from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, Field

from service.usecases.tell_freshness import Freshness


class HealthOut(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"
    demo: bool = Field(description="true where everything is invented")


class AboutOut(BaseModel):
    """Which Comptroller this is and how fresh its data are."""

    version: str
    demo: bool = Field(description="true where everything is invented")
    periods: list[str] = Field(description="periods with costs, newest first")
    loaded_at: datetime | None = Field(description="when the last bill was loaded")
    planned_at: datetime | None = Field(description="when the newest plan was made")

    @classmethod
    def of(cls, version: str, freshness: Freshness, *, demo: bool) -> Self:
        """Write it for the wire."""
        return cls(
            version=version,
            demo=demo,
            periods=[str(period) for period in freshness.periods],
            loaded_at=freshness.loaded_at,
            planned_at=freshness.planned_at,
        )
