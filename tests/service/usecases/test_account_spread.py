"""A charge is divided among the GPU time that was seen, and what paid for more is named."""

from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from service.domain.gpu_accounts import DAY_MS, HOUR_MS, Account, Holder, Kind, Place
from service.domain.money import Money, money_sums
from service.domain.periods import Period
from service.usecases.gpu_time.costs import Cost
from service.usecases.gpu_time.spread import Spread, spread
from tests.service.facts import at

OCTOBER = Period("2026-10")


def usd(text: str, currency: str = "USD") -> Money:
    """Return an amount."""
    return Money.parse(text, currency)


def charge(text: str, gpu_hours: int = 0, *, first: int = 5, days: int = 1, gpus: int = 0) -> Cost:
    """Return a charge of node-1; 0 hours or GPUs are not known."""
    cost = Cost("node-1", date(2026, 10, first), days, usd(text), team="nlp", gpus=gpus)
    return replace(cost, gpu_ms=gpu_hours * HOUR_MS)


def seen(gpu_hours: int, *, day: int = 5, kind: Kind = Kind.UTILISED) -> Account:
    """Return an account of node-1."""
    return Account(Place(date(2026, 10, day), "node-1"), kind, Holder("nlp"), gpu_hours * HOUR_MS)


def accounted(found: Spread) -> list[str]:
    """Return the dollars of each account."""
    return [amounts["USD"].text(2) for amounts in found.costs]


def unmatched(found: Spread) -> list[tuple[float, str]]:
    """Return GPU-hours and money for which there is no account."""
    assert {account.kind for account, _ in found.unmatched} <= {Kind.UNMATCHED_NO_USAGE}
    return [(account.gpu_ms / HOUR_MS, cost.amount.text(2)) for account, cost in found.unmatched]


def test_hours_without_a_signal_keep_their_part_of_the_charge() -> None:
    """8 GPUs for 24 hours at 80 USD: 6 hours were seen, 48 GPU-hours at 10 USD; 144 were not."""
    found = spread([charge("1920", 192)], [seen(40), seen(8, kind=Kind.UNUSED)], OCTOBER)

    assert accounted(found) == ["400.00", "80.00"]
    assert unmatched(found) == [(144, "1440.00")]


def test_gpus_without_a_signal_keep_their_part_of_the_charge() -> None:
    """1 of 8 GPUs was seen for 24 hours: 240 of 1,920 USD are its; the others' are 168 hours."""
    found = spread([charge("1920", 192)], [seen(24)], OCTOBER)

    assert accounted(found) == ["240.00"]
    assert unmatched(found) == [(168, "1680.00")]


def test_days_without_a_signal_keep_their_part_of_a_month() -> None:
    """31 days x 192 GPU-hours = 5,952 USD, and only the last day was seen: 192 and 5,760."""
    month = charge("5952", first=1, days=31, gpus=8)

    found = spread([month], [seen(192, day=31)], OCTOBER)

    assert accounted(found) == ["192.00"]
    assert unmatched(found) == [(5760, "5760.00")]


def test_a_machine_paid_by_the_hour_has_the_time_of_its_charges() -> None:
    """Its 8 GPUs were paid for from 03:00 to 09:00: 48 GPU-hours, and 36 of them were seen."""
    day = charge("48", gpus=8)
    lines = [replace(day, starts=at(5, 3), stops=at(5, 9))]

    found = spread(lines, [seen(36)], OCTOBER)

    assert accounted(found) == ["36.00"]
    assert unmatched(found) == [(12, "12.00")]


def test_a_fee_of_a_month_is_for_the_time_that_its_days_paid_for() -> None:
    """The machine was paid for on one day, 192 hours, 48 seen: so is a quarter of the fee of 31."""
    fee = charge("31", first=1, days=31, gpus=8)

    found = spread([fee, charge("1920", 192)], [seen(48)], OCTOBER)

    assert accounted(found) == ["487.75"]
    assert unmatched(found) == [(144, "1440.00"), (0, "23.25")]


def test_time_that_two_charges_paid_for_is_counted_once() -> None:
    """Neither a day's nor the month's tells hours: 96 of 192 are missing on the day, once."""
    fee = charge("62", first=1, days=31, gpus=8)

    found = spread([fee, charge("2", gpus=8)], [seen(96)], OCTOBER)

    assert accounted(found) == ["2.00"]
    assert unmatched(found) == [(96, "1.00"), (0, "61.00")]


def test_a_charge_beyond_its_period_paid_for_the_days_within() -> None:
    """2 of 4 days are October's, 384 of 768 hours; 192 were seen, so half of it is theirs."""
    late = replace(charge("8", 768, days=4), first=date(2026, 9, 29))

    found = spread([late], [seen(192, day=1)], OCTOBER)

    assert accounted(found) == ["4.00"]
    assert unmatched(found) == [(192, "4.00")]


def test_charges_of_two_teams_keep_their_owners() -> None:
    """Half of 2 USD of nlp and of 4 EUR of vision paid for what nobody saw; hours count once."""
    other = replace(charge("1"), amount=usd("4", "EUR"), team="vision")

    found = spread([charge("2", 192), other], [seen(96)], OCTOBER)

    assert found.costs == [{"EUR": usd("2", "EUR"), "USD": usd("1")}]
    told = [(one.holder.team, one.gpu_ms / HOUR_MS, cost.amount) for one, cost in found.unmatched]
    assert told == [("nlp", 96, usd("1")), ("vision", 0, usd("2", "EUR"))]


def test_what_is_seen_pays_all_where_no_more_is_known() -> None:
    """Seen more than paid, as much but for a thousandth, and neither hours nor GPUs known."""
    for cost in (charge("7", 20), charge("7", 24), charge("7")):
        found = spread([cost], [seen(24)], OCTOBER)

        assert (accounted(found), found.unmatched) == (["7.00"], [])
    almost = Account(seen(24).place, Kind.UTILISED, Holder(), 24 * HOUR_MS - 60_000)
    assert spread([charge("7", 24)], [almost], OCTOBER).unmatched == []


def test_a_machine_that_nobody_saw_has_the_time_of_its_gpus() -> None:
    """8 GPUs for a day are 192 hours; a charge of nothing is told as well."""
    found = spread([charge("0", gpus=8)], [seen(1, day=6)], OCTOBER)

    assert found.costs == [{}]
    assert unmatched(found) == [(192, "0.00")]


COSTS = st.lists(
    st.builds(
        Cost,
        host=st.sampled_from(["node-1", "node-2"]),
        first=st.sampled_from([date(2026, 9, 30), date(2026, 10, 1), date(2026, 10, 5)]),
        days=st.sampled_from([1, 2, 31]),
        amount=st.builds(Money, st.integers(-(10**20), 10**20), st.sampled_from(["USD", "EUR"])),
        team=st.sampled_from(["vision", "nlp"]),
        gpu_ms=st.sampled_from([0, 1, 8 * HOUR_MS, 8 * DAY_MS]),
        gpus=st.sampled_from([0, 1, 8]),
        starts=st.sampled_from([None, at(1), at(5, 3)]),
        stops=st.sampled_from([None, at(5, 9), at(1, month=11)]),
        reason=st.sampled_from([None, None, Kind.UNUSED_COMMITMENT]),
    ),
    max_size=8,
)
ACCOUNTS = st.lists(
    st.builds(
        seen,
        st.integers(1, 200),
        day=st.sampled_from([1, 5, 6]),
        kind=st.sampled_from([Kind.UTILISED, Kind.UNSEEN]),
    ),
    max_size=4,
)


@given(COSTS, ACCOUNTS)
def test_every_cost_is_paid_once(costs: list[Cost], accounts: list[Account]) -> None:
    """What accounts and what is unmatched have is what was paid, by currency, to the last digit."""
    found = spread(costs, accounts, OCTOBER)

    parts = [amount for amounts in found.costs for amount in amounts.values()]
    parts += [cost.amount for _, cost in found.unmatched]
    assert money_sums(parts) == money_sums(cost.amount for cost in costs)
    assert all(account.gpu_ms >= 0 for account, _ in found.unmatched)


@given(COSTS, ACCOUNTS)
def test_a_gpu_hour_costs_no_more_than_was_paid_for_it(
    costs: list[Cost], accounts: list[Account]
) -> None:
    """But for a thousandth: of 192 paid hours 48 that were seen have at most 1/4 of the charge."""
    for one in costs:
        told = replace(one, amount=abs(one.amount), gpu_ms=one.gpu_ms or DAY_MS, reason=None)
        days = {(one.host, day) for day in told.days_in(OCTOBER)}
        its = [(one.place.host, one.place.day) in days for one in accounts]
        seen_ms = sum(one.gpu_ms for one, is_its in zip(accounts, its, strict=True) if is_its)
        paid_ms = told.gpu_ms * len(days) // told.days

        found = spread([told], accounts, OCTOBER)

        paid = sum(amount.pico for amounts in found.costs for amount in amounts.values())
        assert (
            seen_ms >= paid_ms or (paid - 1) * paid_ms * 1000 <= told.amount.pico * seen_ms * 1001
        )
