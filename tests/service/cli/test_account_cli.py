"""``comptroller capacity fetch`` and ``sources reconcile`` over an invented AWS account."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from service.bootstrap import Wiring
from service.cli import capacity, reconcile_source
from service.errors import InputError
from service.store.roles import Logins
from tests.ingest.aws.account.world import nothing
from tests.peers.aws_model import FakeAws, fake_aws, paged
from tests.peers.moto import ENVIRONMENT
from tests.service.facts import line, put

SETTINGS = """
[[sources]]
name = "aws"
type = "aws-account"
regions = ["us-east-1"]
endpoint_url = "{url}"
"""
P_QUOTA = {"QuotaName": "Running On-Demand P instances", "QuotaCode": "L-1", "Value": 384.0}


@pytest.fixture
def peer() -> Iterator[FakeAws]:
    """An account with a quota and nothing else."""
    with fake_aws(nothing()) as found:
        found.handlers["service-quotas", "ListServiceQuotas"] = paged("Quotas", [P_QUOTA], 1)
        yield found


@pytest.fixture
def app(
    peer: FakeAws,
    database: Logins,
    wiring: Wiring,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> typer.Typer:
    """Return both groups, with the account as the only source."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("COMPTROLLER_DATABASE_URL", database.app)
    monkeypatch.setenv("COMPTROLLER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("COMPTROLLER_LAKE_URI", str(wiring.lake.root))
    (tmp_path / "comptroller.toml").write_text(SETTINGS.format(url=peer.url))
    monkeypatch.chdir(tmp_path)
    commands = typer.Typer()
    capacity.register(commands)
    sources = typer.Typer()
    reconcile_source.register(sources)
    sources.command("other")(lambda: None)
    commands.add_typer(sources, name="sources")
    return commands


def invoke(commands: typer.Typer, *arguments: str) -> Result:
    """Run a command; refusals come out as they are."""
    return CliRunner().invoke(commands, arguments)


def test_a_fetched_capacity_is_shown_written_and_stored(app: typer.Typer, tmp_path: Path) -> None:
    """First it is written to a file only, then stored as version 1, then nothing has changed."""
    looked = invoke(app, "capacity", "fetch", "--output", "found.yaml")
    stored = invoke(app, "capacity", "fetch", "--apply", "--yes")
    again = invoke(app, "capacity", "fetch", "--apply", "--yes")
    shown = invoke(app, "capacity", "show")

    assert "aws: 1 quotas, 0 commitments, 0 reservations, 0 capacity blocks" in looked.stdout
    assert (
        "+ quotas: provider aws, region us-east-1, family p, market on_demand, vcpus 384"
        in looked.stdout
    )
    assert looked.stdout.endswith("Written to found.yaml.\nNothing was stored.\n")
    assert stored.stdout.endswith("Stored as capacity version 1.\n")
    assert again.stdout.endswith("Nothing has changed, so nothing was stored.\n")
    assert shown.stdout == (tmp_path / "found.yaml").read_text()


def test_a_file_that_is_there_is_replaced_only_by_force(
    app: typer.Typer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody may have edited it; nothing is asked before that is clear."""
    monkeypatch.chdir(tmp_path)
    there = tmp_path / "mine.yaml"
    there.write_text("mine")

    refused = invoke(app, "capacity", "fetch", "--output", "mine.yaml")

    assert isinstance(refused.exception, InputError)
    assert "is there already" in str(refused.exception)
    assert there.read_text() == "mine"
    assert invoke(app, "capacity", "fetch", "--output", "mine.yaml", "--force").exit_code == 0
    assert there.read_text() != "mine"


@pytest.mark.parametrize("output", ["none/found.yaml", "."])
def test_a_file_that_cannot_be_written_is_refused_before_anybody_is_asked(
    app: typer.Typer, peer: FakeAws, output: str
) -> None:
    """A folder is missing, or the name is a folder's."""
    result = invoke(app, "capacity", "fetch", "--output", output)

    assert isinstance(result.exception, InputError)
    assert not peer.calls


def test_bills_are_held_against_cost_explorer(
    app: typer.Typer, peer: FakeAws, wiring: Wiring
) -> None:
    """The lake has 10 for EC2, AWS 9.5: a difference of 0.50 ends with 3; asked once for a cent."""
    put(wiring.lake, "cost_line", [line("10", ServiceName="EC2")])
    cost = {"UnblendedCost": {"Amount": "9.5", "Unit": "USD"}}
    period = {"Start": "2026-10-01", "End": "2026-11-01"}
    result = {"TimePeriod": period, "Groups": [{"Keys": ["111", "EC2"], "Metrics": cost}]}
    peer.handlers["ce", "GetCostAndUsage"] = lambda _: {"ResultsByTime": [result]}

    first = invoke(app, "sources", "reconcile", "aws", "--period", "2026-10")
    again = invoke(app, "sources", "reconcile", "aws", "--period", "2026-10")
    cost["UnblendedCost"]["Amount"] = "10"
    (path,) = (Path("data") / "cache").iterdir()
    path.unlink()
    same = invoke(app, "sources", "reconcile", "aws", "--period", "2026-10")

    assert first.exit_code == again.exit_code == 3
    assert "111 EC2 USD 10.00 9.50 0.50" in " ".join(first.stdout.split())
    assert "final as the provider says; 1 requests now, 0.01 USD." in first.stdout
    assert "; 0 requests now, 0.00 USD." in again.stdout
    assert same.exit_code == 0


def test_a_period_that_is_none_is_refused(app: typer.Typer) -> None:
    """Nothing is asked for October of no year."""
    result = invoke(app, "sources", "reconcile", "aws", "--period", "10")

    assert isinstance(result.exception, InputError)
    assert "'10' is no billing period" in str(result.exception)
