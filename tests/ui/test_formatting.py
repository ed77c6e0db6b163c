"""How numbers and times look."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui import formatting


@pytest.mark.parametrize(
    ("text", "currency", "shown"),
    [
        ("1234.565", "USD", "1,234.56"),
        ("1234.575", "USD", "1,234.58"),
        ("-0.004", "USD", "0.00"),
        ("-1234.5", "EUR", "-1,234.50"),
        ("1234.5", "JPY", "1,234"),
        ("12345678901234567890123456.00", "USD", "12,345,678,901,234,567,890,123,456.00"),
        (None, "USD", "—"),
    ],
)
def test_an_amount_is_rounded_to_the_coin_half_to_even(
    text: str | None, currency: str, shown: str
) -> None:
    """A dollar has cents and a yen has none; halves go to the even neighbour."""
    assert formatting.amount(text, currency) == shown


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=12))
def test_charts_and_texts_show_the_same_number(exact: object) -> None:
    """Whatever stands in a table is what a sentence would say."""
    text = str(exact)

    shown = f"{formatting.number(text, 'USD'):,.2f}"

    assert shown == formatting.amount(text, "USD")


def test_a_share_has_two_decimals() -> None:
    """0.0234 is 2.34 percent; an absent share is a dash, and none is zero."""
    shares = [formatting.percent(share) for share in (0.0234, 0.0, None)]

    assert shares == ["2.34 %", "0.00 %", "—"]


def test_a_moment_is_written_to_the_minute_with_its_zone() -> None:
    """The API writes ISO 8601 in UTC."""
    shown = [formatting.moment(text) for text in ("2026-11-21T02:30:59Z", None)]

    assert shown == ["2026-11-21 02:30 UTC", "—"]


def test_codes_become_words() -> None:
    """Both kinds of codes of the API are read as a phrase."""
    shown = [formatting.words(code) for code in ("all_on_demand", "not-found")]

    assert shown == ["All on demand", "Not found"]
