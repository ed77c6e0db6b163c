"""Writes amounts, days and months as people read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.domain.money import minor_digits

if TYPE_CHECKING:
    from datetime import date

    from service.domain.money import Money
    from service.domain.periods import Period

_MONTHS = "January February March April May June July August September October November December"


def shown(amount: Money) -> str:
    """Write an amount to its minor unit with thousands apart, as 1,234.50."""
    text = amount.rounded().text(minor_digits(amount.currency))
    sign = "-" if text.startswith("-") else ""
    whole, point, decimals = text.removeprefix("-").partition(".")
    return f"{sign}{int(whole):,}{point}{decimals}"


def day(moment: date) -> str:
    """Write a day, as 28 October 2026."""
    return f"{moment.day} {_MONTHS.split()[moment.month - 1]} {moment.year}"


def month(period: Period) -> str:
    """Write a month, as October 2026."""
    return day(period.first_day).removeprefix("1 ")
