"""How numbers and times look; pure functions from what the API says to what people read."""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal

_NO_COINS = frozenset(("CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND", "XAF", "XOF"))
NONE = "—"


def amount(text: str | None, currency: str) -> str:
    """Write an amount to the currency's coin: ``-1,234.57``; a dash where there is none."""
    return NONE if text is None else f"{_to_coin(text, currency):,f}"


def number(text: str, currency: str) -> float:
    """Return the amount that ``amount`` writes as a number that tables and charts can order."""
    return float(_to_coin(text, currency))


def percent(share: float | None) -> str:
    """Write a share of one in percent with two decimals: ``1.30 %``."""
    return NONE if share is None else f"{share:.2%}".replace("%", " %")


def moment(text: str | None) -> str:
    """Write a time of the API to the minute: ``2026-11-21 02:30 UTC``."""
    if text is None:
        return NONE
    return datetime.fromisoformat(text).strftime("%Y-%m-%d %H:%M UTC")


def words(code: str) -> str:
    """Write a code of the API as words: ``no-capacity`` becomes ``No capacity``."""
    return code.replace("_", " ").replace("-", " ").capitalize()


def _to_coin(text: str, currency: str) -> Decimal:
    coin = Decimal(1) if currency in _NO_COINS else Decimal("0.01")
    return Decimal(text).quantize(coin, rounding=ROUND_HALF_EVEN) + 0
