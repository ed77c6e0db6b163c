"""Real price snapshots as canonical price lists: AWS by zone, Google Cloud by region."""

import csv
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq

COLUMNS = (
    "provider",
    "region",
    "zone",
    "machine_type",
    "purchase_model",
    "term_months",
    "unit",
    "amount",
    "currency",
    "valid_from",
)
AWS_SEEN = "2025-12-01"
"""The catalog's day is not known more precisely than after November 2025."""

_HOURS_A_MONTH = 730
_TWELVE_DECIMALS = Decimal("1e-12")

Row = dict[str, str]


def write_aws(data: Path, target: Path) -> int:
    """Write on-demand and spot prices by zone; a blank spot price is no offer."""
    with (data / "prices" / "aws_p_family_zones.csv").open(encoding="utf-8") as file:
        rows = [row for line in csv.DictReader(file) for row in _aws(line)]
    return _write(rows, target)


def _aws(line: Row) -> Iterator[Row]:
    place = {
        "provider": "aws",
        "region": line["Region"],
        "zone": line["AvailabilityZone"],
        "machine_type": line["InstanceType"],
        "valid_from": f"{AWS_SEEN}T00:00:00Z",
    }
    if line["Price"]:
        yield _row(place, "on_demand", Decimal(line["Price"]))
    if line["SpotPrice"]:
        yield _row(place, "spot", Decimal(line["SpotPrice"]))


def write_gcp(data: Path, target: Path) -> tuple[int, str]:
    """Write the newest week's prices; committed use comes by the month and goes by the hour."""
    table = pq.read_table(data / "prices" / "gcp_gpu_prices_weekly.parquet")
    day = str(pc.max(table["date"]).as_py())
    newest = table.filter(pc.equal(table["date"], day)).to_pylist()
    known = _gcp_types(data)
    rows = [row for line in newest if line["instance_type"] in known for row in _gcp(line, day)]
    return _write(rows, target), day


def _gcp_types(data: Path) -> set[str]:
    """The machine types that the same source describes."""
    with (data / "prices" / "gcp_instance_specs.csv").open(encoding="utf-8") as file:
        return {line["instance_type"] for line in csv.DictReader(file)}


def _gcp(line: dict[str, object], day: str) -> Iterator[Row]:
    place = {
        "provider": "gcp",
        "region": str(line["region"]),
        "zone": "",
        "machine_type": str(line["instance_type"]),
        "valid_from": f"{day}T00:00:00Z",
    }
    models = (
        ("hour", "on_demand", "", 1),
        ("hour_spot", "spot", "", 1),
        ("month_1y", "committed", "12", _HOURS_A_MONTH),
        ("month_3y", "committed", "36", _HOURS_A_MONTH),
    )
    for column, model, term, hours in models:
        if line[column]:
            amount = (Decimal(repr(line[column])) / hours).quantize(_TWELVE_DECIMALS)
            yield _row(place, model, amount, term)


def _row(place: Row, model: str, amount: Decimal, term_months: str = "") -> Row:
    return place | {
        "purchase_model": model,
        "term_months": term_months,
        "unit": "machine-hour",
        "amount": f"{amount:f}",
        "currency": "USD",
    }


def _write(rows: Iterable[Row], target: Path) -> int:
    rows = list(rows)
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return len(rows)
