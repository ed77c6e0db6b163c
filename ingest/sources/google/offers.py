"""Joins prices of parts to prices of whole machines, by region and purchase model."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from ingest.sources.google.catalog import Market, PartPrices, Versions
from ingest.sources.google.shapes import Need, shapes

MARKETS: tuple[Market, ...] = (
    ("on_demand", None),
    ("spot", None),
    ("committed", 12),
    ("committed", 36),
)
_PLACES = Decimal("1e-12")


@dataclass(frozen=True, slots=True)
class MachinePrice:
    """What one machine costs by the hour, from ``valid_from`` up to ``valid_to``."""

    region: str
    machine_type: str
    market: Market
    amount: Decimal
    valid_from: datetime
    valid_to: datetime | None


def machine_prices(
    parts: PartPrices, machine_types: Iterable[str], regions: Iterable[str]
) -> Iterator[MachinePrice]:
    """Yield the prices of machines all of whose parts have one; of the others none is known."""
    places = sorted(set(regions))
    for machine_type in sorted(set(machine_types)):
        for region in places:
            for market in MARKETS:
                found = [_priced(need, region, market, parts) for need in shapes()[machine_type]]
                known = [one for one in found if one is not None]
                if len(known) == len(found):
                    yield from _history(region, machine_type, market, known)


def _priced(
    need: Need, region: str, market: Market, parts: PartPrices
) -> tuple[int, Versions] | None:
    """Return how much of a part is needed, and its prices under the first name that has any."""
    for part in need.parts:
        versions = parts.prices.get((part, region, market))
        if versions:
            return need.amount, versions
    return None


def _history(
    region: str, machine_type: str, market: Market, needs: list[tuple[int, Versions]]
) -> Iterator[MachinePrice]:
    """Yield the machine's price between the moments at which a part's price changed."""
    begin = max(min(versions) for _, versions in needs)
    moments = {moment for _, versions in needs for moment in versions if moment >= begin}
    steps: list[tuple[datetime, Decimal]] = []
    for moment in sorted(moments):
        amount = sum((count * _at(moment, versions) for count, versions in needs), Decimal(0))
        if not steps or steps[-1][1] != amount:
            steps.append((moment, amount))
    ends = [moment for moment, _ in steps[1:]]
    for (moment, amount), end in zip(steps, [*ends, None], strict=True):
        yield MachinePrice(region, machine_type, market, amount.quantize(_PLACES), moment, end)


def _at(moment: datetime, versions: Mapping[datetime, Decimal]) -> Decimal:
    return versions[max(one for one in versions if one <= moment)]
