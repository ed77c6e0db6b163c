"""``comptroller rates``, and totals of statements in the reporting currency."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from service.bootstrap import Wiring, operator
from service.cli import close, rates, statements
from service.domain.reporting import MissingRatesError
from service.errors import InputError
from service.store.roles import Logins
from service.usecases.ledger.close_period import NotClosableError
from tests.service.closing import OCTOBER, Company, charge

EURO = ("rates", "set", "2026-10", "EUR", "USD", "1.0845", "--source", "ECB [/b]")


@pytest.fixture
def app(
    database: Logins, wiring: Wiring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> typer.Typer:
    """The commands of a company that reports in dollars: 0.004 EUR of vision, 0.004 USD of nlp."""
    monkeypatch.setenv("COMPTROLLER_DATABASE_URL", database.app)
    monkeypatch.setenv("COMPTROLLER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("COMPTROLLER_LAKE_URI", str(wiring.lake.root))
    monkeypatch.setenv("COMPTROLLER_REPORTING_CURRENCY", "USD")
    monkeypatch.setenv("COLUMNS", "160")
    company = Company.of(wiring, tmp_path)
    company.load(
        OCTOBER, charge("0.004", "111", BillingCurrency="EUR"), charge("0.004", "222", "A-2")
    )
    commands = typer.Typer()
    for module in (rates, statements, close):
        module.register(commands)
    return commands


def invoke(commands: typer.Typer, *arguments: str) -> Result:
    """Run a command; refusals come out as they are."""
    return CliRunner().invoke(commands, arguments)


def lines(result: Result) -> list[str]:
    """Return the lines that were printed, their words one space apart."""
    assert result.exit_code == 0, result.exception
    return [" ".join(line.split()) for line in result.stdout.splitlines()]


def test_a_rate_is_set_and_listed(app: typer.Typer) -> None:
    """It is said back, twice is once, and the table has its source."""
    said = "2026-10: 1 EUR = 1.0845 USD (ECB [/b])"

    assert lines(invoke(app, *EURO)) == [f"{said} is stored."]
    assert lines(invoke(app, *EURO)) == [f"{said} was stored already."]
    assert lines(invoke(app, "rates", "list"))[2:] == ["2026-10 EUR/USD ECB [/b] 1.0845 may change"]


def test_rates_are_listed_for_programs(app: typer.Typer) -> None:
    """JSON and CSV have who set it, too; another month has none."""
    invoke(app, *EURO)

    [one] = json.loads(invoke(app, "rates", "list", "--format", "json").stdout)
    header, row = lines(invoke(app, "rates", "list", "--month", "2026-10", "--format", "csv"))
    none = invoke(app, "rates", "list", "--month", "2026-09", "--format", "json")

    assert header == "month,from_currency,to_currency,rate,source,final,at,by"
    assert row.startswith("2026-10,EUR,USD,1.0845,ECB [/b],False,")
    assert (one["rate"], one["final"], one["by"]) == ("1.0845", False, operator())
    assert json.loads(none.stdout) == []


def test_a_file_is_loaded(app: typer.Typer, tmp_path: Path) -> None:
    """Two rates; the second time none is new."""
    file = tmp_path / "rates.csv"
    file.write_text(
        "month,from_currency,to_currency,rate,source\n"
        "2026-10,EUR,USD,1.0845,ECB\n2026-10,GBP,USD,1.25,BoE\n"
    )

    assert lines(invoke(app, "rates", "load", str(file))) == [
        "2 rates are new or other than before."
    ]
    assert lines(invoke(app, "rates", "load", str(file))) == [
        "0 rates are new or other than before."
    ]


def test_a_month_that_is_none_is_refused(app: typer.Typer) -> None:
    """The option is named."""
    refused = invoke(app, "rates", "list", "--month", "October")

    assert isinstance(refused.exception, InputError)
    assert str(refused.exception).startswith("--month: 'October' is no billing period")


def test_statements_tell_teams_rounding_and_all_together(app: typer.Typer) -> None:
    """0.004 x 1.0845 and 0.004 show as 0.00 twice; together they are 0.008338, so 0.01."""
    refused = invoke(app, "statements", "--period", "2026-10")
    invoke(app, *EURO)

    shown = lines(invoke(app, "statements", "--period", "2026-10"))
    one = lines(invoke(app, "statements", "--period", "2026-10", "--team", "nlp"))

    assert isinstance(refused.exception, MissingRatesError)
    begin = shown.index("All of it in USD")
    assert shown[begin + 1 : begin + 7] == [
        "team owed",
        "nlp 0.00",
        "vision 0.00",
        "rounding 0.01",
        "all teams 0.01",
        "2026-10: 1 EUR = 1.0845 USD (ECB [/b])",
    ]
    assert one[one.index("All of it in USD") + 2 :][:1] == ["nlp 0.00"]
    assert not [
        line for line in one if line.startswith(("rounding", "all teams", "2026-10: 1 EUR"))
    ]


def test_a_close_needs_the_rate(app: typer.Typer) -> None:
    """October cannot be closed without it, and is final with it."""
    refused = invoke(app, "close", "--period", "2026-10", "--reason", "the board meets")
    invoke(app, *EURO)

    closed = invoke(app, "close", "--period", "2026-10", "--reason", "the board meets")

    assert isinstance(refused.exception, NotClosableError)
    assert "comptroller rates set 2026-10 EUR USD RATE --source WHERE-FROM" in str(
        refused.exception
    )
    assert closed.exit_code == 0, closed.exception
    assert lines(invoke(app, "rates", "list"))[2:] == ["2026-10 EUR/USD ECB [/b] 1.0845 final"]


def test_without_a_reporting_currency_statements_tell_none(
    app: typer.Typer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Euros and dollars stand by themselves."""
    monkeypatch.delenv("COMPTROLLER_REPORTING_CURRENCY")

    shown = lines(invoke(app, "statements", "--period", "2026-10"))

    assert not [line for line in shown if line.startswith("All of it")]
