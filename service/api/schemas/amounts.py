"""How money leaves: as exact decimal strings."""

from typing import Annotated

from pydantic import Field

from service.domain.money import Money

Amount = Annotated[
    str, Field(description="exact decimal, 2 to 12 decimals", pattern=r"^-?\d+\.\d{2,12}$")
]
"""An amount of the currency that stands beside it."""


def written(money: Money | None) -> str | None:
    """Write an amount that may be unknown."""
    return None if money is None else money.text()
