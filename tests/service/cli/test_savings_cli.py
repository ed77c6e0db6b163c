"""``comptroller savings`` and ``comptroller commitments``: tables, json and csv."""

import csv
import io
import json
from decimal import Decimal
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from service.bootstrap import Wiring
from service.cli import commitments, savings
from service.domain.periods import Period
from service.store.roles import Logins
from service.usecases.allocate_period import allocate_period
from tests.service.facts import at, line, put

PLAN = {"CommitmentDiscountId": "sp-1"}


@pytest.fixture
def app(
    database: Logins, wiring: Wiring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> typer.Typer:
    """Return the commands over an October without a policy.

    A plan of 100 is bought; 60 of it used on what costs 80 by contract and 90 by list, 15 unused; 7
    JPY have no price. Of a reservation 4 are used and nothing was bought.
    """
    monkeypatch.setenv("COMPTROLLER_DATABASE_URL", database.app)
    monkeypatch.setenv("COMPTROLLER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("COMPTROLLER_LAKE_URI", str(wiring.lake.root))
    nothing, none = Decimal(0), {"ContractedCost": None, "ListCost": None}
    used = {"BilledCost": nothing, "CommitmentDiscountStatus": "Used"}
    prices = {"ContractedCost": Decimal(80), "ListCost": Decimal(90)}
    lines = [
        line("0", **PLAN, BilledCost=Decimal(100), ChargeCategory="Purchase", **none),
        line("60", **PLAN, **used, **prices),
        line("15", **PLAN, BilledCost=nothing, CommitmentDiscountStatus="Unused", **none),
        line("7", **none, BillingCurrency="JPY", ServiceName="[/b]"),
        line(
            "4",
            CapacityReservationId="cr-1",
            CapacityReservationStatus="Used",
            ChargePeriodEnd=at(9),
            ServiceProviderName=None,
        ),
        line("0", CommitmentDiscountId="new", BilledCost=Decimal(1), ChargeCategory="Purchase"),
        line("2", CommitmentDiscountId="old", **used),
    ]
    put(wiring.lake, "cost_line", lines)
    allocate_period(
        Period("2026-10"),
        lake=wiring.lake,
        engine=wiring.engine,
        store=wiring.store,
        new_id=wiring.new_id,
        clock=wiring.clock,
    )
    commands = typer.Typer()
    savings.register(commands)
    commitments.register(commands)
    return commands


def invoke(commands: typer.Typer, *arguments: str) -> Result:
    """Run a command; refusals come out as they are."""
    return CliRunner().invoke(commands, arguments, catch_exceptions=False)


def shown(result: Result) -> list[list[str]]:
    """Return the words of each line of a table."""
    return [text.split() for text in result.stdout.splitlines()]


def test_savings_as_a_table(app: typer.Typer) -> None:
    """EC2: list 90 + 4 + 0 + 2 = 96; contracted 80 + 4 + 2; saved 10, 20, 30 in all."""
    result = invoke(app, "savings", "--period", "2026-10", "--by", "service")

    assert result.exit_code == 0
    assert "Savings in 2026-10 by service" in result.stdout
    ec2 = "EC2 USD 96.00 10.00 20.00 30.00 31.2 % 81.00 15.00 15.00"
    assert ec2.split() in shown(result)
    assert ["[/b]", "JPY", "7", "7", "7"] in shown(result)


def test_savings_as_json_and_csv_are_exact(app: typer.Typer) -> None:
    """What is not known is null in json and empty in csv, and never 0."""
    told = json.loads(
        invoke(app, "savings", "--period", "2026-10", "--by", "service", "--format", "json").stdout
    )
    text = invoke(
        app, "savings", "--period", "2026-10", "--by", "service", "--format", "csv"
    ).stdout

    ec2 = next(row for row in told["rows"] if row["service"] == "EC2")
    unknown = next(row for row in told["rows"] if row["currency"] == "JPY")
    assert ec2["negotiated"] == {"list": "96.00", "contracted": "86.00", "saved": "10.00"}
    assert ec2["commitment"] == {"contracted": "86.00", "effective": "66.00", "saved": "20.00"}
    assert ec2["total"] == {"list": "96.00", "effective": "66.00", "saved": "30.00"}
    assert ec2["effective_savings_rate"] == "0.312500"
    assert unknown["total"] == {"list": None, "effective": None, "saved": None}
    assert unknown["effective_savings_rate"] is None
    assert unknown["effective_without_list"] == "7.00"
    rows = {row["service"]: row for row in csv.DictReader(io.StringIO(text))}
    assert (rows["EC2"]["total_saved"], rows["[/b]"]["total_saved"]) == ("30.00", "")
    assert rows["[/b]"]["effective_savings_rate"] == ""


def test_commitments_as_a_table(app: typer.Typer) -> None:
    """Of 100 billed 60 are used and 15 unused: 25 remain, and 60 of 75 are 80 %."""
    result = invoke(app, "commitments")

    assert result.exit_code == 0
    plan = next(words for words in shown(result) if words[:1] == ["sp-1"])
    words = "sp-1 AWS USD 2026-10-05 2026-10-06 < billed 100.00 100.00 60.00 15.00 25.00 80.0 %"
    assert plan == words.split()
    reservation = next(words for words in shown(result) if words[:1] == ["cr-1"])
    assert reservation[4:7] == ["=", "billed", "4.00"]
    assert next(words for words in shown(result) if words[:1] == ["old"])[5:7] == [">", "billed"]


def test_commitments_as_json_and_csv_are_exact(app: typer.Typer) -> None:
    """A commitment that nothing ran of has no utilisation yet, and no purchase is none of 0."""
    told = json.loads(invoke(app, "commitments", "--format", "json").stdout)["commitments"]
    text = invoke(app, "commitments", "--format", "csv").stdout

    found = {one["commitment"]: one for one in told}
    assert found["sp-1"] == {
        "commitment": "sp-1",
        "provider": "AWS",
        "currency": "USD",
        "first_charge": "2026-10-05",
        "last_charge": "2026-10-06",
        "purchased": "100.00",
        "billed": "100.00",
        "used": "60.00",
        "unused": "15.00",
        "remaining": "25.00",
        "utilisation": "0.800000",
        "settled": False,
    }
    assert (found["cr-1"]["purchased"], found["cr-1"]["settled"]) == (None, True)
    assert found["new"]["utilisation"] is None
    rows = {row["commitment"]: row for row in csv.DictReader(io.StringIO(text))}
    assert rows["cr-1"] | {"settled": "true", "purchased": "", "provider": ""} == rows["cr-1"]
    assert (rows["new"]["utilisation"], rows["sp-1"]["settled"]) == ("", "false")
