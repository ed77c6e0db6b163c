"""Counts a delivery before anything of it is written: rows, reasons, money, by period."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Any

import duckdb

_PICO = Decimal("1e-12")
_EXACT = Context(prec=60)


@dataclass(frozen=True, slots=True)
class Count:
    """Rows of one period and currency; ``tallies`` are good rows for which something holds."""

    period: str
    currency: str
    good: int
    bad: int
    rounding: Decimal
    bad_cost: Decimal | None
    tallies: tuple[int, ...]


def count_rows(connection: duckdb.DuckDBPyConnection, tallies: Sequence[str]) -> list[Count]:
    """Count good and bad rows by period and currency, and good ones for which each tally holds."""
    told = "".join(f", coalesce(count_if({tally}), 0)" for tally in tallies)
    # Tallies are columns of the table or come from files of ours.
    rows = connection.execute(f"""
        SELECT _period, _currency, count_if(_reason IS NULL), count_if(_reason IS NOT NULL),
            coalesce(sum(_rounding) FILTER (_reason IS NULL), 0),
            sum(_billed_cost) FILTER (_reason IS NOT NULL){told}
        FROM converted GROUP BY _period, _currency ORDER BY _period, _currency
    """).fetchall()  # noqa: S608 - see above
    bad = _tallies_of_bad(connection, told) if any(row[3] for row in rows) else {}
    return [
        Count(row[0], row[1], row[2], row[3], _amount(row[4]), row[5], _less(row, bad))
        for row in rows
    ]


def _tallies_of_bad(
    connection: duckdb.DuckDBPyConnection, told: str
) -> dict[tuple[str, str], tuple[int, ...]]:
    """Count the bad rows for which each tally holds; asking this of every row is dearer."""
    rows = connection.execute(
        f"SELECT _period, _currency{told} FROM converted"  # noqa: S608 - as above
        " WHERE _reason IS NOT NULL GROUP BY _period, _currency"
    ).fetchall()
    return {(row[0], row[1]): row[2:] for row in rows}


def _less(row: tuple[Any, ...], bad: Mapping[tuple[str, str], tuple[int, ...]]) -> tuple[int, ...]:
    others = bad.get((row[0], row[1]), (0,) * len(row[6:]))
    return tuple(every - its for every, its in zip(row[6:], others, strict=True))


def _amount(pico: Decimal | int) -> Decimal:
    return _EXACT.multiply(Decimal(pico), _PICO)


def by_currency(counts: Sequence[Count]) -> list[Count]:
    """Add up over the periods."""
    found: dict[str, Count] = {}
    for one in counts:
        old = found.get(one.currency)
        costs = [c.bad_cost for c in (old, one) if c is not None and c.bad_cost is not None]
        found[one.currency] = Count(
            "",
            one.currency,
            one.good + (old.good if old else 0),
            one.bad + (old.bad if old else 0),
            _EXACT.add(one.rounding, old.rounding if old else Decimal(0)),
            _sum(costs) if costs else None,
            (),
        )
    return list(found.values())


def _sum(amounts: Sequence[Decimal]) -> Decimal:
    total = Decimal(0)
    for amount in amounts:
        total = _EXACT.add(total, amount)
    return total
