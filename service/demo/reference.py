"""The project's own small table of real list prices: dated, sourced, packaged with the code."""

import csv
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from importlib.resources import files

PICO = 10**12


@dataclass(frozen=True, slots=True)
class ListPrice:
    """What a provider asked for one hour of a machine on a day, and where that was read."""

    provider: str
    region: str
    zone: str
    machine_type: str
    purchase_model: str
    term_months: int | None
    amount: Decimal
    currency: str
    unit: str
    date: date
    source: str
    note: str


@dataclass(frozen=True, slots=True)
class ServicePrice:
    """What a provider asked for a service that is not a machine."""

    provider: str
    service: str
    amount: Decimal
    currency: str
    unit: str
    date: date
    source: str


def _rows(name: str) -> list[dict[str, str]]:
    text = files("service.demo").joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def list_prices() -> tuple[ListPrice, ...]:
    """Every machine price of the table, in its order."""
    return tuple(
        ListPrice(
            provider=row["provider"],
            region=row["region"],
            zone=row["zone"],
            machine_type=row["machine_type"],
            purchase_model=row["purchase_model"],
            term_months=int(row["term_months"]) if row["term_months"] else None,
            amount=Decimal(row["amount"]),
            currency=row["currency"],
            unit=row["unit"],
            date=date.fromisoformat(row["date"]),
            source=row["source"],
            note=row["note"],
        )
        for row in _rows("list_prices.csv")
    )


def service_prices() -> tuple[ServicePrice, ...]:
    """Every service price of the table, in its order."""
    return tuple(
        ServicePrice(
            provider=row["provider"],
            service=row["service"],
            amount=Decimal(row["amount"]),
            currency=row["currency"],
            unit=row["unit"],
            date=date.fromisoformat(row["date"]),
            source=row["source"],
        )
        for row in _rows("service_prices.csv")
    )


def pico(amount: Decimal) -> int:
    """An amount as a whole number of 10⁻¹²; the tables hold at most six decimals."""
    return int(amount * PICO)
