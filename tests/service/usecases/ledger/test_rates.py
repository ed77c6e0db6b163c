"""Rates of months: one for each pair, final with the month, in statements, closes and proofs."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from service.bootstrap import Wiring
from service.domain.reporting import MissingRatesError
from service.errors import InputError
from service.exports.statement import Statement
from service.store.repositories.closed import PeriodClosedError
from service.store.roles import Logins
from service.usecases.ledger.close_period import Closer, NotClosableError
from service.usecases.ledger.rate_fields import COLUMNS
from service.usecases.ledger.rates import Rater, stored_rates
from service.usecases.ledger.reporting import ALTERED
from service.usecases.ledger.statements import statements_of
from tests.service.closing import NOVEMBER, OCTOBER, Company, charge, of_november, usd

pytestmark = pytest.mark.slow  # Each test closes months of a company of its own.

HEAD = ",".join(COLUMNS)
EURO = ("2026-10", "EUR", "USD", "1.0845", "ECB")
MISSING = (
    "2026-10 has no rate from EUR to USD"
    " (comptroller rates set 2026-10 EUR USD RATE --source WHERE-FROM)"
)


@pytest.fixture
def company(wiring: Wiring, tmp_path: Path) -> Company:
    """A company with 60 USD and 10 EUR of vision, and 30 EUR of nlp, in October."""
    found = Company.of(wiring, tmp_path)
    found.load(
        OCTOBER,
        charge("60", "111"),
        charge("10", "111", "E-1", BillingCurrency="EUR"),
        charge("30", "222", "E-1", BillingCurrency="EUR"),
    )
    return found


def rater(company: Company) -> Rater:
    """Return what stores rates as ann."""
    return Rater(company.parts.store, company.parts.clock, "cli:ann")


def set_rate(company: Company, *values: str) -> bool:
    """Store a rate."""
    return rater(company).set(dict(zip(COLUMNS, values, strict=True)))


def closer(company: Company) -> Closer:
    """Return what closes periods that are also told in dollars."""
    return replace(company.closer(), reporting_currency="USD")


def told(company: Company, **more: object) -> tuple[Statement, ...]:
    """Return October's statements, also told in dollars."""
    wires = company.wires()
    del wires["new_id"]
    asked: dict[str, Any] = {
        "period": OCTOBER,
        "company": "c",
        "reporting_currency": "USD",
        **wires,
        **more,
    }
    return statements_of(**asked)


def totals(statements: Sequence[Statement]) -> dict[str, str | None]:
    """Return what each team owes in the reporting currency."""
    return {one.team: one.reported.total.text() if one.reported else None for one in statements}


def stored(company: Company) -> list[tuple[str, str, str, str]]:
    """Return the rates that hold: month, pair, rate and source."""
    return [
        (one.rate.month, f"{one.rate.from_currency}/{one.rate.to_currency}", one.rate.text, source)
        for one in stored_rates(company.parts.store)
        for source in (one.rate.source,)
    ]


def test_a_statement_also_tells_its_total_in_the_reporting_currency(company: Company) -> None:
    """Vision: 60 USD + 10 EUR x 1.0845 = 70.845 USD; nlp: 30 EUR x 1.0845 = 32.535 USD."""
    set_rate(company, *EURO)

    found = told(company)

    assert totals(found) == {"vision": "70.845", "nlp": "32.535"}
    [one] = [one for one in found if one.team == "nlp"]
    assert one.reported is not None
    [rate] = one.reported.rates
    assert (rate.text, rate.source, rate.actor) == ("1.0845", "ECB", "cli:ann")


def test_without_a_reporting_currency_currencies_stay_apart(company: Company) -> None:
    """Nothing is converted, so that no rate is missing."""
    assert totals(told(company, reporting_currency=None)) == {"vision": None, "nlp": None}


def test_a_missing_rate_is_an_error_that_names_the_command(company: Company) -> None:
    """October's of EUR to USD; that of USD to EUR, of November and over GBP do not help."""
    set_rate(company, "2026-10", "USD", "EUR", "0.92", "ECB")
    set_rate(company, "2026-11", "EUR", "USD", "1.08", "ECB")
    set_rate(company, "2026-10", "EUR", "GBP", "0.87", "ECB")
    set_rate(company, "2026-10", "GBP", "USD", "1.25", "ECB")

    with pytest.raises(MissingRatesError) as refused:
        told(company)

    assert str(refused.value) == MISSING


def test_a_missing_rate_hinders_the_close_whatever_the_reason(company: Company) -> None:
    """Bills may be overridden, a missing rate may not; with it the period is closed."""
    with pytest.raises(NotClosableError) as refused:
        closer(company).close(OCTOBER, approver="cli:ada", reason="the board meets")

    assert str(refused.value) == f"2026-10 was not closed: {MISSING}"
    assert closer(company).hindrances(OCTOBER) == (MISSING,)
    set_rate(company, *EURO)
    assert closer(company).close(OCTOBER, approver="cli:ada").rates == {
        "USD/USD": "1.00",
        "EUR/USD": "1.0845",
    }


def test_a_closed_statement_keeps_its_currency_and_rates(company: Company) -> None:
    """Yen are the setting now, or nothing is: October is told in dollars as it was."""
    set_rate(company, *EURO)
    before = totals(told(company))
    closer(company).close(OCTOBER, approver="cli:ada")

    assert totals(told(company)) == before
    assert totals(told(company, reporting_currency="JPY")) == before
    assert totals(told(company, reporting_currency=None)) == before


def test_a_period_closed_without_a_reporting_currency_has_none(company: Company) -> None:
    """A setting of later does not change it."""
    closed = company.closer().close(OCTOBER, approver="cli:ada")

    assert closed.rates == {}
    assert totals(told(company)) == {"vision": None, "nlp": None}


def test_a_correction_is_converted_at_the_rate_of_its_original_month(company: Company) -> None:
    """5 EUR less of October are -5 x 1.0845 in November, whose own rate is 2."""
    set_rate(company, *EURO)
    set_rate(company, "2026-11", "EUR", "USD", "2", "ECB")
    closer(company).close(OCTOBER, approver="cli:ada")
    company.load(NOVEMBER, of_november("1", "222", BillingCurrency="EUR"))
    company.load(
        OCTOBER,
        charge("60", "111"),
        charge("10", "111", "E-1", BillingCurrency="EUR"),
        charge("25", "222", "E-1", BillingCurrency="EUR"),
    )

    found = told(company, period=NOVEMBER, teams=frozenset({"nlp"}))
    closed = closer(company).close(NOVEMBER, approver="cli:ada")

    assert totals(found) == {"nlp": "-3.4225"}
    assert closed.rates == {"USD/USD": "1.00", "2026-10 EUR/USD": "1.0845", "EUR/USD": "2.00"}
    assert totals(told(company, period=NOVEMBER)) == {"nlp": "-3.4225"}
    assert company.verify(closed.head).holds


def test_a_correction_of_a_month_without_a_rate_takes_that_of_its_statement(
    company: Company,
) -> None:
    """October was told in no dollars and takes no rate now: 1 x 2 - 5 x 2 in November."""
    company.closer().close(OCTOBER, approver="cli:ada")
    company.load(NOVEMBER, of_november("1", "222", BillingCurrency="EUR"))
    company.load(
        OCTOBER,
        charge("60", "111"),
        charge("10", "111", "E-1", BillingCurrency="EUR"),
        charge("25", "222", "E-1", BillingCurrency="EUR"),
    )
    set_rate(company, "2026-11", "EUR", "USD", "2", "ECB")

    with pytest.raises(PeriodClosedError, match="is closed; its rate EUR/USD can be set no more"):
        set_rate(company, *EURO)

    assert totals(told(company, period=NOVEMBER)) == {"nlp": "-8.00"}


def test_a_newer_rate_holds_until_the_month_is_closed(company: Company) -> None:
    """1.08 gives way to 1.0845; said again that is nothing new; 1.09 comes after the close."""
    assert set_rate(company, "2026-10", "EUR", "USD", "1.08", "first")
    assert set_rate(company, *EURO)
    assert not set_rate(company, "2026-10", "EUR", "USD", "1.08450", "ECB")
    closer(company).close(OCTOBER, approver="cli:ada")

    assert not set_rate(company, *EURO)
    with pytest.raises(PeriodClosedError) as refused:
        set_rate(company, "2026-10", "EUR", "USD", "1.09", "ECB")

    assert str(refused.value) == "2026-10 is closed; its rate EUR/USD stays 1.0845 (ECB)"
    assert [one.is_final for one in stored_rates(company.parts.store, OCTOBER)] == [True]
    with company.parts.store.work() as work:
        trail = [one for one in work.audit.latest(9)[::-1] if one.action == "rate.set"]
    assert [(one.actor, one.subject, one.detail) for one in trail] == [
        ("cli:ann", "rate 2026-10 EUR/USD", {"rate": "1.08", "source": "first", "before": None}),
        ("cli:ann", "rate 2026-10 EUR/USD", {"rate": "1.0845", "source": "ECB", "before": "1.08"}),
    ]


@pytest.mark.parametrize(
    "change", ["UPDATE exchange_rate SET rate = 1.09", "DELETE FROM exchange_rate"]
)
def test_an_altered_rate_is_found(company: Company, database: Logins, change: str) -> None:
    """A superuser drops the trigger and changes October's rate, or takes it away."""
    set_rate(company, *EURO)
    closed = closer(company).close(OCTOBER, approver="cli:ada")
    with psycopg.connect(database.admin.replace("+psycopg", "")) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(change)

    found = company.verify(closed.head)

    now = "1.09" if "1.09" in change else "none"
    [period] = found.periods
    assert period.faults == (f"the rate EUR/USD of 2026-10 is {now}, and was 1.0845 when closed",)
    [nlp] = told(company, teams=frozenset({"nlp"}))
    assert nlp.reported is not None
    assert (nlp.reported.total, nlp.reported.rates[0].source) == (usd("32.535"), ALTERED)


def test_a_file_of_rates_is_stored_whole(company: Company, tmp_path: Path) -> None:
    """Two rates in any order of columns; loaded again, nothing is new."""
    file = tmp_path / "rates.csv"
    file.write_text(
        "source,month,from_currency,to_currency,rate\r\n"
        '"ECB, monthly",2026-10,EUR,USD,1.0845\r\n\r\n'
        "BoE,2026-09,GBP,USD,1.25\r\n",
        encoding="utf-8-sig",
    )

    assert (rater(company).load(file), rater(company).load(file)) == (2, 0)

    assert stored(company) == [
        ("2026-09", "GBP/USD", "1.25", "BoE"),
        ("2026-10", "EUR/USD", "1.0845", "ECB, monthly"),
    ]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("2026-13,EUR,USD,1,x", "column month: '2026-13' is no billing period; accepted is"),
        ("2026-10,eur,USD,1,x", "column from_currency: 'eur' is no currency; accepted are codes"),
        ("2026-10,EUR,US,1,x", "column to_currency: 'US' is no currency; accepted are codes"),
        ("2026-10,EUR,EUR,1,x", "column to_currency: EUR is worth one of itself; accepted is"),
        ('2026-10,EUR,USD,"1,08",x', "column rate: '1,08' is no rate; accepted are numbers above"),
        ("2026-10,EUR,USD,0.0,x", "column rate: '0.0' is no rate; accepted are numbers above 0"),
        ("2026-10,EUR,USD,1.0000000000001,x", "column rate: '1.0000000000001' is no rate"),
        ("2026-10,EUR,USD,NaN,x", "column rate: 'NaN' is no rate; accepted are numbers above 0"),
        ("2026-10,EUR,USD,1, ", "column source: accepted is where the rate is from, in 1 to 200"),
        ("2026-10,EUR,USD,1", "4 fields; accepted are 5, month,from_currency,to_currency,rate,"),
        ("2026-08,GBP,USD,1,x", "GBP/USD of 2026-08 stands above already; accepted is one rate"),
        ('2026-10,EUR,USD,1,"x', "no CSV (unexpected end of data)"),
    ],
)
def test_a_bad_row_is_named_and_nothing_is_stored(
    company: Company, tmp_path: Path, row: str, problem: str
) -> None:
    """Line 3 cannot be used, so line 2 is not stored either."""
    file = tmp_path / "rates.csv"
    file.write_text(f"{HEAD}\n2026-08,GBP,USD,1.3,BoE\n{row}\n")

    with pytest.raises(InputError) as refused:
        rater(company).load(file)

    assert str(refused.value).startswith(f"{file}, line 3")
    assert problem in str(refused.value)
    assert stored(company) == []


def test_a_file_with_a_rate_of_a_closed_month_stores_nothing(
    company: Company, tmp_path: Path
) -> None:
    """October is closed with 1.0845; 1.09 on line 3 is refused by its place, and so is line 2."""
    set_rate(company, *EURO)
    closer(company).close(OCTOBER, approver="cli:ada")
    file = tmp_path / "rates.csv"
    file.write_text(f"{HEAD}\n2026-11,EUR,USD,1.1,ECB\n2026-10,EUR,USD,1.09,ECB\n")

    with pytest.raises(PeriodClosedError) as refused:
        rater(company).load(file)

    assert str(refused.value).startswith(f"{file}, line 3: 2026-10 is closed; its rate EUR/USD")
    assert stored(company) == [("2026-10", "EUR/USD", "1.0845", "ECB")]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "line 1: the columns must be month,from_currency,to_currency,rate,source"),
        (b"month,rate\n", "line 1: the columns must be month,from_currency,to_currency,rate"),
        (b"\xff\xfe", "is no UTF-8; accepted are CSV files in it"),
    ],
)
def test_what_is_no_file_of_rates_is_refused(
    company: Company, tmp_path: Path, content: bytes, problem: str
) -> None:
    """Nothing, other columns, another encoding."""
    file = tmp_path / "rates.csv"
    file.write_bytes(content)

    with pytest.raises(InputError) as refused:
        rater(company).load(file)

    assert problem in str(refused.value)


def test_a_file_that_is_not_there_is_named(company: Company, tmp_path: Path) -> None:
    """It cannot be read, and the sentence says why."""
    with pytest.raises(InputError, match=r"none\.csv cannot be read: No such file"):
        rater(company).load(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        (("10/2026", *EURO[1:]), "month: '10/2026' is no billing period"),
        ((*EURO[:3], "1e3", "ECB"), "rate: '1e3' is no rate"),
        ((*EURO[:4], ""), "source: accepted is where the rate is from"),
    ],
)
def test_a_bad_field_is_named(company: Company, values: tuple[str, ...], problem: str) -> None:
    """By the name that a column of a file has."""
    with pytest.raises(InputError) as refused:
        set_rate(company, *values)

    assert str(refused.value).startswith(problem)
