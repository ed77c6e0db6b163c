"""How much carbon a kilowatt-hour of a region stands for: dated and sourced in the CSV file.

The grid's figure is the yearly average of what was consumed there (location-based, not what a
provider bought elsewhere). Power usage effectiveness is the region's own where it is published,
else that of the provider's whole fleet; ``pue_of`` says which.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from types import MappingProxyType

from ingest.machines import reference_rows


@dataclass(frozen=True, slots=True)
class RegionCarbon:
    """Carbon of a region: grams of CO2 equivalent per kWh of the grid, and kWh per kWh of IT."""

    provider: str
    region: str
    grid_g_per_kwh: Decimal
    grid_year: int
    grid_source: str
    pue: Decimal
    pue_year: int
    pue_of: str

    @property
    def g_per_kwh(self) -> Decimal:
        """Grams for a kilowatt-hour that a GPU drew, cooling and losses included."""
        return self.grid_g_per_kwh * self.pue


@cache
def region_carbon() -> Mapping[tuple[str, str], RegionCarbon]:
    """Every region that is known, by provider and name."""
    return MappingProxyType(
        {
            (row["provider"], row["region"]): RegionCarbon(
                provider=row["provider"],
                region=row["region"],
                grid_g_per_kwh=Decimal(row["grid_g_per_kwh"]),
                grid_year=int(row["grid_year"]),
                grid_source=row["grid_source"],
                pue=Decimal(row["pue"]),
                pue_year=int(row["pue_year"]),
                pue_of=row["pue_of"],
            )
            for row in reference_rows("region_carbon.csv")
        }
    )
