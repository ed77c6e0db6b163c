"""The export of allocated rows: what each team bears of each cost line, exact in every sum."""

import csv
import json
from collections import defaultdict
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.bootstrap import Wiring
from service.domain.allocation import Costs, divide
from service.domain.money import Money
from service.domain.periods import Period
from service.domain.policy import Policy
from service.domain.pools import Method, Shares
from service.errors import ConflictError, InputError, NotFoundError
from service.store.roles import Logins
from service.usecases.allocate import AllocationDiffersError
from service.usecases.allocation_table import PartRows
from service.usecases.charge_owners import Reader
from service.usecases.export_allocated import AllocatedExport, export_allocated_period
from service.usecases.export_focus import FileExistsAlreadyError
from service.usecases.ledger.books import current_run
from service.usecases.split_pieces import WHOLE, split_pieces
from tests.service.closing import OCTOBER, Company, charge, of_november
from tests.service.facts import job, node, put, usage
from warehouse.export import ALLOCATED
from warehouse.load_state import loader

ADDED_UP = (
    *("BilledCost", "EffectiveCost", "ContractedCost", "ListCost"),
    *("PricingQuantity", "ConsumedQuantity"),
)
EVERY_WAY = """
version: 1
effective_from: 2026-08-01
teams: [{name: vision}, {name: nlp}, {name: audio}, {name: platform}, {name: ops}]
pools:
  - {name: a100, owner: platform, share: by_use}
  - {name: gateway, owner: platform, share: evenly, teams: [vision, nlp, audio]}
  - {name: licence, owner: platform, share: fixed, shares: {vision: 5, nlp: 2, platform: 7}}
  - {name: held, owner: ops, share: by_reservation, capacity_gpus: 8,
     reservations: {vision: 3}}
  - {name: tokens, owner: ops, share: by_driver, driver: gpu_hours}
  - {name: support, owner: platform, share: proportional}
commitments: [{commitment: "sp-*", owner: ops}]
distribute:
  - {team: platform, share: proportional}
  - {team: ops, share: fixed, shares: {vision: 1, nlp: 2}}
rules:
  - {match: {pool: a100}, pool: a100}
  - {match: {service: Gateway}, pool: gateway}
  - {match: {service: Licence}, pool: licence}
  - {match: {service: Held}, pool: held}
  - {match: {service: Tokens}, pool: tokens}
  - {match: {service: Support}, pool: support}
  - {match: {account: "111"}, team: vision}
  - {match: {account: "222"}, team: nlp}
  - {match: {account: "444"}, team: platform}
"""
SERVICES = ("Gateway", "Licence", "Held", "Tokens", "Support", "EC2")


@pytest.fixture
def company(wiring: Wiring, tmp_path: Path) -> Company:
    """A company that shares in every way: pools, idle, unused commitments, two teams passed on."""
    found = Company.of(wiring, tmp_path)
    found.apply(EVERY_WAY)
    put(wiring.lake, "node", [node("i-1", "a100", accelerator_count=2)], period="*")
    put(
        wiring.lake,
        "gpu_usage",
        [
            *(usage("host-i-1", hours, name) for hours, name in ((3, "7"), (2, "8"), (1, "9"))),
            usage("host-i-1", 0, None, capacity_ms=36_000_000),
        ],
        period="2026-10-05",
    )
    put(wiring.lake, "job_run", [job("7", "vision"), job("8", "nlp"), job("9", "gone")])
    amounts = ("100", "0.000000000007", "-33.333333333333", "17.1", "0")
    found.load(
        OCTOBER,
        *[
            charge(
                amount,
                account,
                ServiceName=service,
                PricingQuantity=Decimal(7) if amount == "17.1" else None,
                ListUnitPrice=Decimal("2.442857142857") if amount == "17.1" else None,
                PricingUnit="Hours" if amount == "17.1" else None,
            )
            for amount, account, service in product(amounts, ("111", "444", "999"), SERVICES)
        ],
        *[charge(amount, "111", ResourceId="i-1") for amount in amounts],
        charge("5", "111", CommitmentDiscountId="sp-1", CommitmentDiscountStatus="Unused"),
        charge("7", "111", ServiceName="Gateway", ListCost=None, ContractedCost=None),
    )
    return found


def export(company: Company, target: Path, **options: Any) -> AllocatedExport:  # noqa: ANN401
    """Export October."""
    parts = company.parts
    return export_allocated_period(
        OCTOBER, target, lake=parts.lake, engine=parts.engine, store=parts.store, **options
    )


def rows_of(target: Path) -> list[dict[str, Any]]:
    """Read a Parquet file."""
    rows: list[dict[str, Any]] = pq.read_table(target).to_pylist()
    return rows


def lines_of(company: Company) -> dict[str, dict[str, Any]]:
    """Return the cost lines of the lake by the id that the export gives them."""
    engine = loader(company.parts.engine)
    with engine.connection(company.parts.lake.view(["cost_line"])) as connection:
        rows = connection.execute("SELECT * FROM cost_line").to_arrow_table().to_pylist()
    return {f"{row['x_SourceId']}/{row['x_FileId']}/{row['x_RecordNumber']}": row for row in rows}


def ratio(row: dict[str, Any]) -> Decimal:
    """Add up the ratios of a row."""
    told = json.loads(row["AllocatedMethodDetails"], parse_float=Decimal, parse_int=Decimal)
    return sum((one["AllocatedRatio"] for one in told["Elements"]), Decimal(0))


def test_the_rows_of_a_line_sum_to_it_in_every_metric(company: Company, tmp_path: Path) -> None:
    """Costs and quantities to the last digit, and the ratios of a line that is split to 1."""
    export(company, tmp_path / "out.parquet", custom_columns=True)

    lines, split = lines_of(company), defaultdict(list)
    whole = 0
    for row in rows_of(tmp_path / "out.parquet"):
        if row["x_OriginChargeId"]:
            split[row["x_OriginChargeId"]].append(row)
        else:
            whole += 1
            key = f"{row['x_SourceId']}/{row['x_FileId']}/{row['x_RecordNumber']}"
            assert all(row[name] == lines[key][name] for name in ADDED_UP if name in row)
    assert whole + len(split) == len(lines)
    for key, rows in split.items():
        for name in ADDED_UP:
            amounts = [row[name] for row in rows if row.get(name) is not None]
            wanted = lines[key][name]
            assert (sum(amounts) if amounts else None) == wanted, (key, name)
        assert sum(map(ratio, rows)) == 1
        assert {row["x_OriginBilledCost"] for row in rows} == {lines[key]["BilledCost"]}
        assert len({row["AllocatedMethodId"] for row in rows}) == 1
        assert len({row["AllocatedResourceId"] for row in rows}) == len(rows)


def test_what_teams_bear_is_what_the_allocation_says(company: Company, tmp_path: Path) -> None:
    """By team, line and pool, each cost; platform and ops passed theirs on and are gone."""
    export(company, tmp_path / "out.parquet")

    parts = company.parts
    run = current_run(OCTOBER, lake=parts.lake, store=parts.store).id
    reader = Reader(parts.engine, parts.lake.view())
    stored = reader.ask("allocated_rows", {"run": str(run), "period": "2026-10"}).to_pylist()
    wanted: defaultdict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    for row in stored:
        if row["team"] not in {"platform", "ops"}:
            key = (row["team"], row["line"], row["pool"])
            wanted[*key, "effective"] += row["effective_cost"]
            wanted[*key, "list"] += row["list_cost"] or 0
    found: defaultdict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    rows = rows_of(tmp_path / "out.parquet")
    for row in rows:
        key = (row["x_Team"], row["x_Line"], row["x_Pool"])
        found[*key, "effective"] += row["EffectiveCost"]
        found[*key, "list"] += row["ListCost"] or 0
    assert found == wanted
    assert {row["x_Team"] for row in rows} == {"vision", "nlp", "audio", "unallocated"}
    assert {row["x_Line"] for row in rows} == {"direct", "shared", "unallocated"}


def test_a_part_is_within_two_trillionths_of_its_share(company: Company, tmp_path: Path) -> None:
    """A third of 100 is 33.333333333333, 33.333333333334 or next to it, on every line."""
    export(company, tmp_path / "out.parquet")

    rows = [row for row in rows_of(tmp_path / "out.parquet") if row["x_Pool"] == "gateway"]
    assert rows
    for row in rows:
        part = row["x_OriginBilledCost"] / 3
        assert abs(row["BilledCost"] - part) <= Decimal("0.000000000003")


def test_a_row_says_how_it_came_to_its_team(wiring: Wiring, tmp_path: Path) -> None:
    """10 of the gateway: platform's 1 of 2 parts goes on to vision, which then bears all of it."""
    company = Company.of(wiring, tmp_path)
    company.apply("""
version: 1
effective_from: 2026-08-01
teams: [{name: vision}, {name: platform}]
pools: [{name: gateway, owner: platform, share: evenly, teams: [vision, platform]}]
distribute: [{team: platform, share: evenly}]
rules: [{match: {account: "333"}, pool: gateway}, {match: {account: "111"}, team: vision}]
""")
    mine = {"AllocatedMethodId": "pods", "AllocatedResourceId": "pod-1", "AllocatedTags": '{"a":1}'}
    company.load(OCTOBER, charge("10", "333", **mine), charge("1", "111"))

    export(company, tmp_path / "out.parquet")

    direct, shared = sorted(rows_of(tmp_path / "out.parquet"), key=lambda row: row["BilledCost"])
    assert (shared["x_Team"], shared["x_Line"], shared["BilledCost"]) == ("vision", "shared", 10)
    assert shared["AllocatedMethodId"] == "evenly.v1+distribute-evenly.v1"
    assert (shared["AllocatedResourceId"], shared["AllocatedResourceName"]) == (
        "team:vision",
        "vision",
    )
    assert json.loads(shared["AllocatedMethodDetails"]) == {
        "Elements": [
            {
                "AllocatedRatio": 0.5,
                "x_MethodId": "distribute-evenly.v1",
                "x_DistributedFrom": "platform",
            },
            {"AllocatedRatio": 0.5, "x_MethodId": "evenly.v1"},
        ],
        "x_OriginMethodId": "pods",
        "x_OriginResourceId": "pod-1",
    }
    tags = {"a": 1, "comptroller/team": "vision", "comptroller/line": "shared"}
    assert json.loads(shared["AllocatedTags"]) == tags
    assert (direct["x_Team"], direct["x_Line"], direct["AllocatedMethodId"]) == (
        "vision",
        "direct",
        None,
    )


def test_what_no_team_bears_has_no_allocated_resource(company: Company, tmp_path: Path) -> None:
    """FOCUS leaves the id of the unallocated portion of a split charge empty."""
    export(company, tmp_path / "out.parquet")

    rest = [
        row
        for row in rows_of(tmp_path / "out.parquet")
        if row["x_Pool"] == "a100" and row["x_Team"] == "unallocated"
    ]
    assert rest
    assert {row["AllocatedResourceId"] for row in rest} == {None}
    assert {row["AllocatedMethodId"] for row in rest} != {None}


def test_a_closed_period_is_exported_as_it_was_closed(company: Company, tmp_path: Path) -> None:
    """A late bill of 1,000 changes nothing of it; the file carries the head of the close."""
    first = export(company, tmp_path / "open.parquet")
    closed = company.closer().close(OCTOBER, approver="cli:ada", reason="as it is")
    company.load(OCTOBER, charge("1000", "111"))

    done = export(company, tmp_path / "closed.parquet")

    told = pq.read_metadata(tmp_path / "closed.parquet").metadata
    assert (first.head, done.head) == (None, closed.head)
    assert rows_of(tmp_path / "open.parquet") == rows_of(tmp_path / "closed.parquet")
    assert {
        name.decode(): value.decode()
        for name, value in told.items()
        if name.startswith(b"comptroller")
    } == {
        "comptroller.period": "2026-10",
        "comptroller.allocation_run": str(closed.allocation_run),
        "comptroller.state": "closed",
        "comptroller.head": closed.head,
    }
    assert pq.read_metadata(tmp_path / "open.parquet").metadata[b"comptroller.state"] == (
        b"provisional"
    )


def test_a_period_without_a_policy_is_nobodys(wiring: Wiring, tmp_path: Path) -> None:
    """Its lines are there as they are, on the line unallocated."""
    company = Company.of(wiring, tmp_path)
    company.apply("""
version: 1
effective_from: 2026-11-01
teams: [{name: vision}]
rules: [{match: {account: "111"}, team: vision}]
""")
    september = Period("2026-07")
    company.load(september, charge("3", "111"))
    parts = company.parts

    export_allocated_period(
        september, tmp_path / "a.csv", lake=parts.lake, engine=parts.engine, store=parts.store
    )

    [row] = csv.DictReader((tmp_path / "a.csv").read_text().splitlines())
    assert (row["x_Team"], row["x_Line"], row["BilledCost"]) == ("unallocated", "unallocated", "3")
    assert set(row) >= ALLOCATED


def test_one_source_can_be_exported_of_what_all_share(company: Company, tmp_path: Path) -> None:
    """The rows of the only source are all rows; those of another one are none."""
    all_ = export(company, tmp_path / "all.parquet")
    one = export(company, tmp_path / "one.parquet", source="test")

    assert one.written == all_.written
    with pytest.raises(NotFoundError, match="no cost line of 2026-10 from gcp"):
        export(company, tmp_path / "none.parquet", source="gcp")


def test_what_cannot_be_told_is_refused(company: Company, tmp_path: Path) -> None:
    """A file that is there, a form that is none, a month without bills, bills not yet allocated."""
    (tmp_path / "a.csv").write_text("mine")
    parts = company.parts

    with pytest.raises(FileExistsAlreadyError):
        export(company, tmp_path / "a.csv")
    with pytest.raises(InputError):
        export(company, tmp_path / "a.xlsx")
    put(parts.lake, "cost_line", [of_november("1", "111")], period="2026-11")
    for period, error in ((Period("2026-11"), ConflictError), (Period("2026-09"), NotFoundError)):
        with pytest.raises(error):
            export_allocated_period(
                period, tmp_path / "b.csv", lake=parts.lake, engine=parts.engine, store=parts.store
            )


def test_rows_that_are_not_the_allocation_are_never_written(
    company: Company, database: Logins, tmp_path: Path
) -> None:
    """Somebody who may altered the stored policy behind our back: account 111 is now nlp's."""
    changed = EVERY_WAY.replace('{account: "111"}, team: vision', '{account: "111"}, team: nlp')
    address = database.admin.replace("+psycopg", "")
    with psycopg.connect(address, autocommit=True) as admin:
        admin.execute("SET session_replication_role = replica")
        admin.execute("UPDATE policy SET text = %s WHERE text = %s", (changed, EVERY_WAY))

    with pytest.raises(AllocationDiffersError, match="export of 2026-10: nlp in USD bears"):
        export(company, tmp_path / "a.csv")

    assert not list(tmp_path.glob("*a.csv*"))


@given(
    amounts=st.lists(
        st.decimals("-1000", "1000", places=12, allow_nan=False), min_size=1, max_size=6
    ),
    weights=st.lists(st.integers(1, 10**6), min_size=1, max_size=5),
)
@settings(max_examples=25, deadline=None)
def test_the_fractions_of_an_origin_are_one(amounts: list[Decimal], weights: list[int]) -> None:
    """Whatever is split, the last who bears it reaches all of 10^18, and all of each cost."""
    total = sum(amounts, Decimal(0))
    shares = Shares({(f"t{n}", "shared"): weight for n, weight in enumerate(weights)}, Method.FIXED)
    whole = Costs(*(Money.parse(total, "USD"),) * 2, None, Money.parse(total, "USD"))
    rows = PartRows()
    rows.add(0, divide(whole, shares), counted=True)
    origin = {"pool": ["p"], "currency": ["USD"], "cost_lines": [len(amounts)]}
    policy = Policy(OCTOBER.first_day, teams=frozenset({"t0"}))

    found = split_pieces(rows.table(pa.table(origin)), policy)["piece"].to_pylist()

    assert found[-1]["reach"] == WHOLE
    assert (found[-1]["billed"], found[-1]["contracted"], found[-1]["list"]) == (total, None, total)
    reaches = [row["reach"] for row in found]
    assert reaches == sorted(reaches)
