"""The lake's bills held against what the provider says was billed."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from ingest.bill_totals import BillTotal, BillTotals
from ingest.settings import AwsAccountSettings, FilesSettings
from service.domain.money import Money
from service.domain.periods import Period
from service.usecases.check_sources import UnknownSource
from service.usecases.reconcile_bills import NoTotals, Reconciled, reconcile_bills, totals_source
from tests.conftest import NOW
from tests.service.facts import line, put
from warehouse.duck import DuckEngine
from warehouse.lake import Lake


@dataclass
class Told:
    """A provider that says some totals."""

    rows: tuple[BillTotal, ...]
    name: str = "aws-account"

    def billed(self, period: str, cache_folder: Path) -> BillTotals:
        """Say them of October."""
        assert (period, cache_folder.name) == ("2026-10", "cache")
        return BillTotals(self.rows, NOW, False, 1, Decimal("0.01"), "USD")  # noqa: FBT003 - estimated


def held_against(
    lake: Lake, engine: DuckEngine, folder: Path, rows: Sequence[BillTotal]
) -> Reconciled:
    """Reconcile October."""
    cache = folder / "cache"
    source = Told(tuple(rows))
    october = Period("2026-10")
    return reconcile_bills(october, source, "aws", lake=lake, engine=engine, cache_folder=cache)


def total(account: str, service: str, billed: str, currency: str = "USD") -> BillTotal:
    """What the provider says."""
    return BillTotal(account, service, currency, Decimal(billed))


def test_lake_and_provider_stand_side_by_side(
    lake: Lake, engine: DuckEngine, tmp_path: Path
) -> None:
    """EC2: 10 + 5 of two names of AWS are 15 and 14.5 are billed; S3 and Tax are in one only."""
    put(
        lake,
        "cost_line",
        [
            line("10"),
            line("5", ServiceProviderName="Amazon Web Services"),
            line("2", ServiceName="S3", SubAccountId=None),
            line("100", ServiceProviderName="Azure"),
            line("7", BillingCurrency="CNY"),
        ],
    )

    found = held_against(
        lake,
        engine,
        tmp_path,
        [total("111", "EC2", "14.5"), total("111", "Tax", "1"), total("111", "EC2", "7", "CNY")],
    )

    def said(amount: Money | None) -> str | None:
        return None if amount is None else amount.text()

    assert [
        (row.account, row.service, row.currency, said(row.lake_billed), said(row.provider_billed))
        for row in found.rows
    ] == [
        ("payer", "S3", "USD", "2.00", None),
        ("111", "Tax", "USD", None, "1.00"),
        ("111", "EC2", "USD", "15.00", "14.50"),
        ("111", "EC2", "CNY", "7.00", "7.00"),
    ]
    assert [row.difference.text() for row in found.rows] == ["2.00", "-1.00", "0.50", "0.00"]
    assert found.totals.requests == 1


def test_nothing_beside_nothing_is_nothing(lake: Lake, engine: DuckEngine, tmp_path: Path) -> None:
    """A month without bills and without totals has no row."""
    assert held_against(lake, engine, tmp_path, []).rows == ()


def test_only_accounts_can_tell_totals() -> None:
    """Files cannot, a name that nobody configured cannot, an AWS account can."""
    files = FilesSettings(type="files", name="bills", path="/nowhere")
    account = AwsAccountSettings(type="aws-account", name="aws", regions=["us-east-1"])

    source, provider = totals_source([files, account], "aws", clock=lambda: NOW)

    assert (source.name, provider) == ("aws", "aws")
    with pytest.raises(NoTotals, match="bills is of type files, which cannot tell"):
        totals_source([files], "bills", clock=lambda: NOW)
    with pytest.raises(UnknownSource):
        totals_source([files], "aws", clock=lambda: NOW)
