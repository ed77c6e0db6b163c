"""What it costs to move a GB out of a region: a small table, dated and sourced."""

import csv
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from importlib.resources import files

_ANY = "*"


def egress_usd_per_gb(origin: tuple[str, str], goal: tuple[str, str]) -> Decimal:
    """USD for one GB from a (provider, region) to another: nothing within a region.

    Within a provider its price between regions holds, else its price to the internet.
    """
    if origin == goal:
        return Decimal(0)
    path = "inter_region" if origin[0] == goal[0] else "internet"
    table = _prices()
    return table.get((origin[0], path), table[_ANY, path])


@cache
def _prices() -> Mapping[tuple[str, str], Decimal]:
    text = files("ingest").joinpath("egress.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return {(row["provider"], row["path"]): Decimal(row["usd_per_gb"]) for row in rows}
