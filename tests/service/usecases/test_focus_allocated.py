"""Bills from elsewhere: they load, are allocated, posted and reconciled, and come out as FOCUS 1.4.

Who bears what is exported as split cost allocation and judged by ``focus-toolkit``, which made
the bills (FOCUS 1.2 and 1.3 of three providers) and knows nothing of ours.
"""

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pytest
from focus_data_toolkit.io.row_source import read_source_rows
from focus_data_toolkit.model.validator import lint_focus_1_4_structure
from focus_data_toolkit.validate.allocation import validate_split_allocation

from service.bootstrap import Wiring
from service.domain.periods import Period
from service.domain.reconciliation import Level
from service.usecases.allocate_period import allocate_period
from service.usecases.export_allocated import export_allocated_period
from service.usecases.export_focus import export_period
from service.usecases.ledger.reconcile import reconcile_period
from service.usecases.stale_periods import loaded_periods, stale_periods
from tests.service.closing import Company
from tests.service.loads import Loads
from tests.service.usecases.test_focus_conformance import (
    PROVIDERS,
    ROWS,
    generated,
    samples,
    toolkit,
)
from warehouse.load_state import loader

__all__ = ["samples"]

POLICY = """
version: 1
effective_from: 2020-01-01
teams: [{{name: vision}}, {{name: nlp}}, {{name: audio}}, {{name: platform}}]
pools:
  - {{name: compute, owner: platform, share: by_reservation, capacity_gpus: 7,
     reservations: {{vision: 3, nlp: 1}}}}
  - {{name: storage, owner: platform, share: evenly, teams: [vision, nlp, audio]}}
  - {{name: network, owner: nlp, share: by_use}}
  - {{name: database, owner: audio, share: by_driver, driver: gpu_hours}}
  - {{name: licence, owner: platform, share: fixed, shares: {{vision: 2, platform: 1}}}}
  - {{name: fees, owner: platform, share: proportional}}
commitments: [{{commitment: "*", owner: audio}}]
distribute: [{{team: platform, share: proportional}}]
rules:
  - {{match: {{charge_category: Tax}}, pool: fees}}
  - {{match: {{charge_category: Credit}}, pool: fees}}
  - {{match: {{charge_category: Purchase}}, pool: licence}}
{rules}
"""
POOLS = ("compute", "storage", "network", "database")


@pytest.fixture
def company(wiring: Wiring, tmp_path: Path) -> Company:
    """A company without a bill."""
    return Company.of(wiring, tmp_path)


def take_in(company: Company, source: str, *paths: Path) -> None:
    """Load bills; of accounts one is direct, one a team's that passes on, one nobody's."""
    parts = company.parts
    loads = Loads(parts.lake, loader(parts.engine), parts.store, parts.new_id, parts.clock)
    for path in paths:
        assert loads.load(path, source=source).quarantined == 0
    account = "DISTINCT coalesce(SubAccountId, BillingAccountId)"
    accounts = [str(row[0]) for row in loads.rows("cost_line", account)]
    services = [str(row[0]) for row in loads.rows("cost_line", "DISTINCT ServiceName")]
    ways = ["team: vision", "team: platform", "team: nlp"]
    rules = [
        f'  - {{match: {{account: "{name}", service: "{services[-1]}"}}, pool: {POOLS[0]}}}'
        for name in accounts[:1]
    ]
    rules += [
        f'  - {{match: {{service: "{name}"}}, pool: {pool}}}'
        for name, pool in zip(services, POOLS * len(services), strict=False)
        if name != BUSIEST.get(source)
    ]
    rules += [
        f'  - {{match: {{account: "{name}"}}, {way}}}'
        for name, way in zip(accounts, ways, strict=False)
    ]
    company.apply(POLICY.format(rules="\n".join(rules)))
    for stale in stale_periods(lake=parts.lake, store=parts.store):
        allocate_period(stale, **company.wires())


BUSIEST = {"aws": "AmazonEC2", "azure": "Virtual Machines", "gcp": "Compute Engine"}


def periods(company: Company) -> list[Period]:
    """Return the months with bills."""
    return loaded_periods(company.parts.lake)


def reconciled(company: Company, period: Period) -> tuple[Level, ...]:
    """Post a period, and return its trees, of which no level may differ."""
    company.post(period)
    parts = company.parts
    found = reconcile_period(period, lake=parts.lake, engine=parts.engine, store=parts.store)
    assert found.agrees
    assert [path for tree in found.trees for path in tree.differing()] == []
    return found.trees


def invoices(trees: tuple[Level, ...]) -> dict[tuple[str, str, str], Decimal]:
    """Return what was billed by currency, issuer and invoice."""
    return {
        (tree.name, issuer.name, invoice.name): invoice.booked.decimal
        for tree in trees
        for branch in tree.parts
        if branch.name == "billed"
        for issuer in branch.parts
        for invoice in issuer.parts
    }


def exported(company: Company, period: Period, end: str = "parquet") -> Path:
    """Export who bears what of a period."""
    parts = company.parts
    file = company.folder / f"{period}-allocated.{end}"
    export_allocated_period(period, file, lake=parts.lake, engine=parts.engine, store=parts.store)
    return file


def rows_of(file: Path) -> list[dict[str, str]]:
    """Read a file as the toolkit does."""
    return [dict(row) for row in read_source_rows(file, dataset="Cost and Usage")]


def splits(rows: list[dict[str, str]]) -> list[Mapping[str, str]]:
    """Name origins as the toolkit does, so that it judges them; it knows no unallocated portion."""
    return [
        {
            **row,
            "x_SplitOriginId": row["x_OriginChargeId"],
            "x_SplitOriginCost": row["x_OriginBilledCost"],
            "AllocatedResourceId": row.get("AllocatedResourceId") or "the unallocated portion",
        }
        for row in rows
    ]


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("version", ["1.2", "1.3"])
@pytest.mark.slow
def test_a_generated_bill_reconciles_and_its_allocated_rows_are_valid(
    company: Company, tmp_path: Path, provider: str, version: str
) -> None:
    """400 lines: no difference at any level, no error of the toolkit in file, bundle or split."""
    take_in(company, provider, generated(tmp_path, provider, version))
    [period] = periods(company)

    trees = reconciled(company, period)
    files = [exported(company, period, end) for end in ("parquet", "csv")]

    assert invoices(trees)
    rows = rows_of(files[0])
    for file in files:
        told = toolkit("validate", "--dataset", "cost-and-usage", file)
        assert "structural+semantic lint OK" in told.stdout, told.stdout + told.stderr
        bundle = toolkit("validate-bundle", "--cost-and-usage", file)
        assert "bundle validation: OK" in bundle.stdout, bundle.stdout + bundle.stderr
        assert validate_split_allocation(splits(rows_of(file))) == []
    assert len({row["x_OriginChargeId"] for row in rows} - {""}) < ROWS < len(rows)
    assert {row["x_Line"] for row in rows} >= {
        *("direct", "shared", "idle", "unused_commitment", "unallocated")
    }
    methods = {row["AllocatedMethodId"] for row in rows} - {""}
    assert any("distribute-proportional.v1" in method for method in methods)
    assert {step for method in methods for step in method.split("+")} >= {
        *("by-reservation.v1", "evenly.v1", "by-use-no-signal.v1", "by-driver-no-signal.v1"),
        *("fixed.v1", "proportional.v1", "direct.v1", "distribute-proportional.v1"),
    }


@pytest.mark.needs_shared
@pytest.mark.slow
def test_the_real_sample_reconciles_and_breaks_no_rule_more(
    company: Company, samples: Path
) -> None:
    """1,000 lines of four providers: no kind of fault that the plain export has not.

    Lines that break a rule may be split, so the kinds of faults are compared and not their number.
    """
    take_in(company, "real", samples / "focus-sample-1.0" / "focus_sample.csv")

    broken: dict[str, Counter[tuple[str, str]]] = {"plain": Counter(), "allocated": Counter()}
    for period in periods(company):
        assert invoices(reconciled(company, period))
        plain = company.folder / f"{period}.parquet"
        export_period(period, plain, lake=company.parts.lake, engine=company.parts.engine)
        allocated = exported(company, period)
        for name, file in (("plain", plain), ("allocated", allocated)):
            for one in lint_focus_1_4_structure("Cost and Usage", rows_of(file)).violations:
                broken[name][str(one.column), str(one.rule)] += 1
        assert validate_split_allocation(splits(rows_of(allocated))) == []
    assert set(broken["allocated"]) == set(broken["plain"])


@pytest.mark.parametrize(
    ("name", "known_as"),
    [
        ("nise-gpu/aws_cur1_p5_48xlarge_2days.csv", "aws.csv"),
        ("nise-gpu/azure_mca_2days.csv", "azure-amortized.csv"),
    ],
)
@pytest.mark.needs_shared
@pytest.mark.slow
def test_bills_in_other_forms_reconcile(
    company: Company, samples: Path, name: str, known_as: str
) -> None:
    """What the mapping to FOCUS made of a provider's own form is borne to the last digit."""
    bill = company.folder / known_as
    bill.write_bytes((samples / name).read_bytes())
    take_in(company, "bill", bill)

    for period in periods(company):
        assert invoices(reconciled(company, period))
        rows = rows_of(exported(company, period))
        assert validate_split_allocation(splits(rows)) == []
