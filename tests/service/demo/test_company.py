"""The invention as a whole: always the same, of any length, from real prices."""

import hashlib
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from ingest.machines import machine_types
from service.demo.company import invent
from service.demo.fleet import BURST_OFFERS, DESK_OFFERS, FLEETS, MACHINE_TYPES, POOLS
from service.demo.reference import ListPrice, ServicePrice, list_prices, service_prices


def digests(folder: Path) -> dict[str, str]:
    """Every file below the folder and the checksum of its bytes."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_same_seed_and_day_give_the_same_bytes(tmp_path: Path) -> None:
    """Two inventions are equal file by file; another seed changes every bill."""
    for name, seed in (("one", 7), ("two", 7), ("other", 8)):
        invent(tmp_path / name, today=date(2026, 3, 2), seed=seed, days=2, workloads=8)

    one, two, other = (digests(tmp_path / name) for name in ("one", "two", "other"))

    assert one == two
    assert set(one) == set(other)
    assert all(one[name] != other[name] for name in one if name.startswith(("bills", "usage")))


def test_a_window_in_one_month_has_one_bill_of_each_cloud(tmp_path: Path) -> None:
    """Nothing was invoiced before, so nothing is corrected; one day is enough for a company."""
    company = invent(tmp_path, today=date(2026, 3, 20), days=1, workloads=3)

    assert {name: [path.name for path in paths] for name, paths in company.bills.items()} == {
        "aws": ["aws-focus-2026-03.snappy.parquet"],
        "azure": ["azure-focus-2026-03.csv.gz"],
        "gcp": ["gcp-focus-2026-03.parquet"],
    }
    assert [total.period for total in company.totals] == ["2026-03"] * 3
    assert all(total.billed == total.effective for total in company.totals)


def test_a_company_without_days_is_refused(tmp_path: Path) -> None:
    """No day, no company; the sentence says how many days were asked for."""
    with pytest.raises(ValueError, match="at least one day, not 0"):
        invent(tmp_path, today=date(2026, 3, 20), days=0)


@pytest.mark.slow
def test_a_quarter_has_about_300_000_cost_lines(tmp_path: Path) -> None:
    """Ninety days touch four billing periods and give 270,000 to 350,000 lines."""
    company = invent(tmp_path, today=date(2026, 11, 21))

    assert 270_000 < company.cost_lines < 350_000
    assert len({total.period for total in company.totals}) == 4


def test_every_reference_price_says_where_it_was_read_and_when() -> None:
    """Each price has a source, a date and at most six decimals; all are in USD."""
    prices: list[ListPrice | ServicePrice] = [*list_prices(), *service_prices()]

    assert len(prices) > 80
    for price in prices:
        assert price.source
        assert date(2025, 6, 1) <= price.date <= date(2026, 11, 21)
        assert price.currency == "USD"
        assert price.amount > 0
        assert price.amount == round(price.amount, 6)


def test_a_known_price_is_in_the_table() -> None:
    """AWS asked 55.04 USD an hour for a p5.48xlarge in us-east-1, Google 88.49 for eight H100."""
    listed = {
        (price.machine_type, price.region): price.amount
        for price in list_prices()
        if price.purchase_model == "on_demand"
    }

    assert listed["p5.48xlarge", "us-east-1"] == Decimal("55.04")
    assert listed["a3-highgpu-8g", "us-central1"] == Decimal("88.49")


def test_whatever_the_company_rents_has_a_listed_price() -> None:
    """Every offer's machine type and region is in the table, on demand; each type is described."""
    listed = {(price.machine_type, price.region) for price in list_prices()}
    rented = [
        *(pool.offer for pool in POOLS),
        *(fleet.offer for fleet in FLEETS),
        *DESK_OFFERS,
        *(offer for offer, _, _ in BURST_OFFERS),
    ]

    assert {(offer.machine_type, offer.region) for offer in rented} <= listed
    assert {machine_type for machine_type, _ in listed} == set(MACHINE_TYPES)


def test_the_company_rents_machines_as_the_reference_knows_them() -> None:
    """Provider, model and count of accelerators and vCPUs are those of the machine reference."""
    known = {
        (one.provider, one.name): (one.accelerator_model, one.accelerator_count, one.vcpus)
        for one in machine_types().values()
    }

    rented = {
        (one.provider, one.name): (one.accelerator_model, one.accelerators, one.vcpus)
        for one in MACHINE_TYPES.values()
    }

    assert rented == {key: known[key] for key in rented}
