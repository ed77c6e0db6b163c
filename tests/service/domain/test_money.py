"""Money: exact, of one currency, and split without losing a trillionth."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.money import (
    CurrencyMismatch,
    Money,
    minor_digits,
    money_sums,
    percent,
    ratios,
    rounding,
    split,
    sum_money,
    unit_price,
)

PICO = st.integers(min_value=-(10**38) + 1, max_value=10**38 - 1)
WEIGHTS = st.dictionaries(
    st.text("abcdef", min_size=1, max_size=4), st.integers(0, 10**15), min_size=1, max_size=12
).filter(lambda weights: sum(weights.values()) > 0)


def usd(text: str) -> Money:
    """Return an amount of US dollars."""
    return Money.parse(text, "USD")


def test_parse_keeps_twelve_decimals_and_rounds_the_rest_half_to_even() -> None:
    """0.5 and 1.5 trillionths become 0 and 2; 2.500…1 becomes 3, whatever its length."""
    assert usd("1.000000000001").pico == 1_000_000_000_001
    assert [usd(f"0.000000000000{rest}").pico for rest in ("5", "50", "51")] == [0, 0, 1]
    assert [usd(f"0.000000000001{rest}").pico for rest in ("5", "499", "5" + "0" * 60)] == [2, 1, 2]
    assert usd("-0.0000000000025" + "0" * 300 + "1").pico == -3


@pytest.mark.parametrize("text", ["nan", "inf", "-Infinity", "x", "", "1e26", "1e999999", "1e-x"])
def test_parse_refuses_what_is_no_amount(text: str) -> None:
    """The message repeats the text and says what is accepted."""
    with pytest.raises(ValueError, match="is no amount of USD; accepted are finite decimal"):
        usd(text)


def test_two_currencies_never_meet() -> None:
    """1 USD and 1 EUR are neither added nor compared; the error carries both sides."""
    euro = Money.parse("1", "EUR")

    with pytest.raises(CurrencyMismatch, match="USD and EUR") as caught:
        usd("1") + euro
    for meet in (Money.__sub__, Money.__lt__, Money.__le__, Money.__gt__, Money.__ge__):
        with pytest.raises(CurrencyMismatch):
            meet(usd("1"), euro)

    assert (caught.value.left, caught.value.right) == ("USD", "EUR")


def test_arithmetic_and_order_are_those_of_the_amounts() -> None:
    """3 - 5 is -2, whose size is 2; -2 < 0 < 2."""
    debt = usd("3") - usd("5")

    assert debt == usd("-2") == -usd("2")
    assert abs(debt) == usd("2")
    assert debt < Money.zero("USD") < usd("2")
    assert usd("2") > debt
    assert usd("2") >= usd("2") >= debt
    assert debt <= usd("-2")
    assert sum_money([usd("1"), usd("2.5")], "USD") == usd("3.5")
    assert sum_money([], "USD") == Money.zero("USD")


@pytest.mark.parametrize(
    ("text", "exact", "cents", "whole"),
    [
        ("12.345", "12.345", "12.34", "12"),
        ("-0.005", "-0.005", "-0.00", "-0"),
        ("0.015", "0.015", "0.02", "0"),
        ("-1234567.5", "-1234567.50", "-1234567.50", "-1234568"),
        ("7", "7.00", "7.00", "7"),
        ("0.000000000001", "0.000000000001", "0.00", "0"),
    ],
)
def test_text_is_exact_or_rounded_half_to_even(
    text: str, exact: str, cents: str, whole: str
) -> None:
    """12.345 is written 12.345 in full, 12.34 in cents (4 is even) and 12 whole."""
    amount = usd(text)

    assert amount.text() == exact
    assert amount.text(2).removeprefix("-") == cents.removeprefix("-")
    assert amount.text(0).removeprefix("-") == whole.removeprefix("-")


def test_nothing_is_written_without_a_sign() -> None:
    """-0.001 rounds to 0.00, not to -0.00."""
    assert usd("-0.001").text(2) == "0.00"


@pytest.mark.parametrize(
    ("currency", "digits", "rounded"),
    [("USD", 2, "10.12"), ("JPY", 0, "10"), ("KWD", 3, "10.125"), ("XTS", 2, "10.12")],
)
def test_rounded_goes_to_the_smallest_coin(currency: str, digits: int, rounded: str) -> None:
    """10.125 is 10.12 in cents (2 is even), 10 yen, and 10.125 Kuwaiti dinar."""
    amount = Money.parse("10.125", currency)

    assert minor_digits(currency) == digits
    assert amount.rounded() == Money.parse(rounded, currency)


def test_rounding_is_what_the_shown_parts_lack() -> None:
    """Three thirds of 1.00 show as 0.33 each, so the rounding line is 0.01."""
    parts = split(usd("1"), {"a": 1, "b": 1, "c": 1}).values()

    assert rounding(parts, usd("1")) == usd("0.01")


def test_shares_go_by_largest_remainder_and_ties_by_name() -> None:
    """10 trillionths by 1:1:1 leave one over, which the first name gets."""
    parts = split(Money(10, "USD"), {"c": 1, "b": 1, "a": 1})

    assert {key: part.pico for key, part in parts.items()} == {"a": 4, "b": 3, "c": 3}


def test_160_dollars_by_hours_are_split_as_one_would_by_hand() -> None:
    """160 USD bought 16 hours: 9 cost 90, 3 cost 30 and the 4 idle ones 40."""
    parts = split(usd("160"), {"vision": 9, "nlp": 3, "idle": 4})

    assert parts == {"vision": usd("90"), "nlp": usd("30"), "idle": usd("40")}


@pytest.mark.parametrize("weights", [{}, {"a": 0}, {"a": 2, "b": -1}])
def test_weights_must_have_something_to_go_by(weights: dict[str, int]) -> None:
    """No weight, only zeros, or a negative one: no share can be told."""
    with pytest.raises(ValueError, match="weight"):
        split(usd("1"), weights)


@given(PICO, WEIGHTS)
def test_parts_always_sum_to_the_total(pico: int, weights: dict[str, int]) -> None:
    """For any total, also negative and huge: no trillionth is lost and none is made."""
    total = Money(pico, "USD")

    parts = split(total, weights)

    assert sum_money(parts.values(), "USD") == total
    assert all(parts[key].pico == 0 for key, weight in weights.items() if weight == 0)


@given(PICO, WEIGHTS)
def test_each_part_is_within_one_trillionth_of_exact(pico: int, weights: dict[str, int]) -> None:
    """A part differs from total x weight / sum by less than 1 trillionth."""
    whole = sum(weights.values())

    parts = split(Money(pico, "USD"), weights)

    assert all(abs(parts[key].pico * whole - pico * weights[key]) < whole for key in weights)


@given(PICO, WEIGHTS)
def test_the_order_of_the_weights_changes_nothing(pico: int, weights: dict[str, int]) -> None:
    """The reversed mapping gives the same bill."""
    backwards = dict(reversed(weights.items()))

    assert split(Money(pico, "USD"), weights) == split(Money(pico, "USD"), backwards)


@given(PICO, WEIGHTS)
def test_a_credit_takes_back_exactly_what_the_charge_gave(
    pico: int, weights: dict[str, int]
) -> None:
    """The split of -x is minus the split of x, so a reversal leaves nobody with a trillionth."""
    charge = split(Money(pico, "USD"), weights)
    credit = split(Money(-pico, "USD"), weights)

    assert credit == {key: -part for key, part in charge.items()}


@given(WEIGHTS)
def test_ratios_sum_to_exactly_one(weights: dict[str, int]) -> None:
    """Twelve decimals each, and their sum is 1, not 0.999999999999."""
    found = ratios(weights)

    assert sum(found.values()) == 1
    assert all(ratio == round(ratio, 12) for ratio in found.values())


@given(PICO)
def test_written_out_and_read_again_it_is_the_same(pico: int) -> None:
    """The exact text and the decimal both lead back to the amount."""
    amount = Money(pico, "USD")

    assert usd(amount.text()) == amount
    assert Money.parse(amount.decimal, "USD") == amount
    assert amount.decimal.as_tuple().exponent == -12
    assert amount.decimal == Decimal(amount.text())


@pytest.mark.parametrize(
    ("pico", "quantity", "per", "price"),
    [(10, 4, 1, 2), (-10, 4, 1, -2), (14, 4, 1, 4), (11, 4, 1, 3), (10, 3, 1, 3), (5, 2, 4, 10)],
)
def test_a_unit_price_is_rounded_half_to_even(
    pico: int, quantity: int, per: int, price: int
) -> None:
    """2.5 is 2, -2.5 is -2, 3.5 is 4, 2.75 is 3, 3.33 is 3; 4 of 2 that cost 5 cost 10."""
    assert unit_price(Money(pico, "USD"), quantity, per) == Money(price, "USD")


@pytest.mark.parametrize(("quantity", "per"), [(0, 1), (-1, 1), (1, 0)])
def test_nothing_has_no_unit_price(quantity: int, per: int) -> None:
    """There is nothing to divide by."""
    with pytest.raises(ValueError, match="both must be positive"):
        unit_price(usd("1"), quantity, per)


def test_sums_keep_currencies_apart() -> None:
    """1 and 2 dollars and 5 euros are 5 euros and 3 dollars."""
    sums = money_sums([usd("1"), Money.parse("5", "EUR"), usd("2")])

    assert list(sums.items()) == [("EUR", Money.parse("5", "EUR")), ("USD", usd("3"))]


def test_a_percentage_goes_by_size_and_of_nothing_there_is_none() -> None:
    """3 of 24 are 12.5 %, a credit of 5 of 50 is 10 %, a third is rounded once."""
    assert percent(usd("3"), usd("24")) == Decimal("12.5")
    assert percent(usd("-5"), usd("50")) == Decimal(10)
    assert percent(usd("1"), usd("-3")) == Decimal("33.333333333333")
    assert percent(usd("1"), usd("0")) is None
    with pytest.raises(CurrencyMismatch):
        percent(usd("1"), Money.zero("EUR"))
