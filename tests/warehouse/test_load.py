"""Staging: what is read, what is set aside, what is found odd, what is written."""

import gzip
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import duckdb
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from tests.warehouse.staging import Stager, written
from warehouse.duck import DuckEngine
from warehouse.lake import Lake
from warehouse.load import stage
from warehouse.load_checks import Finding
from warehouse.load_files import LoadFile, UnreadableDelivery
from warehouse.load_state import NoLoader
from warehouse.load_write import TABLES, Load
from warehouse.port import Partition
from warehouse.tables import arrow_schema

LINE: Mapping[str, object] = {
    "BilledCost": "1.5",
    "EffectiveCost": "1.5",
    "ListCost": "1.5",
    "ContractedCost": "1.5",
    "BillingCurrency": "USD",
    "BillingAccountId": "payer",
    "BillingPeriodStart": "2026-10-01T00:00:00Z",
    "BillingPeriodEnd": "2026-11-01T00:00:00Z",
    "ChargePeriodStart": "2026-10-05T00:00:00Z",
    "ChargePeriodEnd": "2026-10-05T01:00:00Z",
    "ChargeCategory": "Usage",
    "InvoiceIssuerName": "AWS",
    "ServiceCategory": "Compute",
    "ServiceName": "EC2",
    "ServiceProviderName": "AWS",
    "BillingAccountName": "Payer",
    "ChargeClass": None,
    "ChargeDescription": "p5",
    "PricingQuantity": "1",
    "PricingUnit": "Hours",
    "PricingCategory": "Standard",
    "ListUnitPrice": "1.5",
    "ContractedUnitPrice": "1.5",
    "ConsumedQuantity": "1",
    "ConsumedUnit": "Hours",
    "SkuId": "p5",
    "SkuPriceId": "p5.on-demand",
}
"""A cost line without any fault."""

NOT_CONSUMED = {"ConsumedQuantity": None, "ConsumedUnit": None}


def test_a_faultless_line_has_no_findings_and_fits_the_table(stager: Stager) -> None:
    """What is written has the table's columns, in order and type."""
    staged = stager.table([LINE])

    assert (staged.rows, staged.quarantined, staged.findings) == (1, 0, ())
    assert staged.files[0].partition == Partition("cost_line", "aws", "2026-10")
    schema = pq.read_schema(staged.files[0].uri)
    assert schema.remove_metadata().equals(arrow_schema("cost_line"))
    assert written(staged)[0]["ChargePeriodStart"] == datetime(2026, 10, 5, tzinfo=UTC)


COSTS = [
    (pa.array([0.1 + 0.2]), "0.3"),
    (pa.array([1e-7]), "0.0000001"),
    (pa.array([8e-14]), "0"),
    (pa.array([-12.5]), "-12.5"),
    (pa.array([0.3], pa.float32()), "0.3"),
    (pa.array([7]), "7"),
    (pa.array([Decimal("1.2345")]), "1.2345"),
    (pa.array([Decimal("0.0000000000025")], pa.decimal128(38, 13)), "0.000000000002"),
    (pa.array(["1234567890.123456789012"]), "1234567890.123456789012"),
    (
        pa.array([Decimal("9999999999999999999999999.5")], pa.decimal128(38, 1)),
        "9999999999999999999999999.5",
    ),
]


@pytest.mark.parametrize(("costs", "wanted"), COSTS, ids=lambda value: str(value)[:30])
def test_amounts_of_every_type_are_read_exactly(
    stager: Stager, costs: pa.Array, wanted: str
) -> None:
    """Doubles mean their shortest text; thirteen decimals are rounded half-even."""
    line = pa.Table.from_pylist([dict(LINE)])
    number = line.column_names.index("BilledCost")
    pq.write_table(line.set_column(number, "BilledCost", costs), stager.folder / "a.parquet")

    [row] = written(stager.files([stager.folder / "a.parquet"]))

    assert row["BilledCost"] == Decimal(wanted)


def test_rounding_is_told_by_currency(stager: Stager) -> None:
    """1.0000000000003 loses 0.3 and 2.0000000000006 gains 0.4 of 10^-12; EUR loses 0.5."""
    costs = [("1.0000000000003", "USD"), ("2.0000000000006", "USD"), ("0.0000000000025", "EUR")]
    staged = stager.table([dict(LINE, BilledCost=cost, BillingCurrency=c) for cost, c in costs])

    assert staged.rounding == {"USD": Decimal("1e-13"), "EUR": Decimal("-5e-13")}


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("BilledCost", None, "BilledCost is empty; accepted is a decimal number"),
        ("BilledCost", float("nan"), "BilledCost 'nan' cannot be read"),
        (
            "BilledCost",
            1e26,
            "BilledCost '1e+26' cannot be read; accepted is a decimal number below",
        ),
        ("BilledCost", "9" * 27, f"BilledCost '{'9' * 27}' cannot be read"),
        ("EffectiveCost", "1,5", "EffectiveCost '1,5' cannot be read"),
        ("BillingCurrency", "US", "BillingCurrency 'US' cannot be read; accepted is a currency"),
        ("BillingCurrency", None, "BillingCurrency is empty"),
        ("BillingPeriodStart", "October", "BillingPeriodStart 'October' cannot be read"),
        ("BillingPeriodStart", 1790812800, "BillingPeriodStart '1790812800' cannot be read"),
    ],
)
def test_only_money_and_period_can_set_a_line_aside(
    stager: Stager, column: str, value: object, reason: str
) -> None:
    """The reason names the column, what stood there and what is accepted."""
    staged = stager.table([dict(LINE, **{column: value})])

    assert (staged.rows, staged.quarantined) == (0, 1)
    assert staged.rejected[0].record_number == 1
    assert staged.rejected[0].reason.startswith(reason)
    [row] = pq.read_table(staged.quarantine_files[0].uri).to_pylist()
    assert row["reason"] == staged.rejected[0].reason
    assert row["kind"] == "focus"


FINDINGS = [
    ({"ServiceName": None}, ("null not allowed", "ServiceName")),
    ({"ChargeCategory": "Rent"}, ("value not allowed", "ChargeCategory")),
    ({"ServiceCategory": "GPU"}, ("value not allowed", "ServiceCategory")),
    ({"ListUnitPrice": "-1"}, ("negative price", "ListUnitPrice")),
    ({"ListUnitPrice": "2"}, ("differs from unit price x PricingQuantity", "ListCost")),
    ({"ListUnitPrice": "abc"}, ("cannot be read, so it is null", "ListUnitPrice")),
    ({"ChargePeriodEnd": "soon"}, ("cannot be read, so it is null", "ChargePeriodEnd")),
    ({"ChargePeriodEnd": "2026-10-01"}, ("ends before it begins", "ChargePeriodEnd")),
    ({"Tags": "team=a"}, ("cannot be read, so it is null", "Tags")),
    ({"x_Mine": "1"}, ("column is not kept", "x_Mine")),
    ({"SkuPriceid": "1"}, ("column is not kept, it is spelled SkuPriceId", "SkuPriceid")),
    ({"BillingPeriodStart": "2026-10-02"}, ("is no calendar month in UTC", "BillingPeriodStart")),
]


@pytest.mark.parametrize(("change", "wanted"), FINDINGS, ids=lambda value: str(value)[:40])
def test_everything_else_is_a_finding(
    stager: Stager, change: Mapping[str, object], wanted: tuple[str, str]
) -> None:
    """The line is loaded; the rule, the column and one row are told."""
    staged = stager.table([dict(LINE, **change)])

    assert staged.rows == 1
    assert Finding(*wanted, 1) in staged.findings


@pytest.mark.parametrize(
    "change",
    [
        NOT_CONSUMED | {"BilledCost": "-3", "EffectiveCost": "-3", "ChargeCategory": "Credit"},
        {"ChargeClass": "Correction", "ListUnitPrice": "9", "PricingQuantity": "-1"},
        {"ChargePeriodStart": "2026-08-01", "ChargePeriodEnd": "2026-08-02"},
        {"BillingPeriodStart": "2026-10-01 00:00:00", "BillingCurrency": "usd"},
    ],
)
def test_credits_corrections_and_old_charges_are_legal(
    stager: Stager, change: Mapping[str, object]
) -> None:
    """Real bills have them; prices of corrections need not multiply to the cost."""
    staged = stager.table([dict(LINE, **change)])

    assert (staged.rows, staged.findings) == (1, ())


def test_rules_of_later_versions_do_not_apply(stager: Stager) -> None:
    """Version 1.0 knows no capacity reservations; a missing mandatory column is told."""
    row = dict(LINE, CapacityReservationId="cr-1", ChargeDescription="x")
    del row["ChargeDescription"]
    pq.write_table(pa.Table.from_pylist([row]), stager.folder / "a.parquet")
    path = stager.folder / "a.parquet"

    old, new = stager.files([path], dialect="focus-1.0"), stager.files([path], dialect="focus-1.2")

    assert old.findings == (Finding("column is missing", "ChargeDescription", 1),)
    rule = "null although CapacityReservationId is set"
    assert new.findings[1:] == (Finding(rule, "CapacityReservationStatus", 1),)


def test_older_versions_become_1_4(stager: Stager) -> None:
    """ProviderName goes into ServiceProviderName where that is not there or empty."""
    old = {name: value for name, value in LINE.items() if name != "ServiceProviderName"}

    staged = stager.table([old | {"ProviderName": "Azure", "PublisherName": "Microsoft"}])

    assert written(staged)[0]["ServiceProviderName"] == "Azure"
    assert staged.findings == ()


@pytest.mark.parametrize(
    ("tags", "wanted"),
    [
        (pa.array([[("team", "a")]], pa.map_(pa.string(), pa.string())), '{"team":"a"}'),
        (pa.array([{"team": "a"}]), '{"team":"a"}'),
        (pa.array(['{"team": "a"}']), '{"team": "a"}'),
        (pa.array([["a"]]), None),
        (pa.array([""]), None),
    ],
    ids=str,
)
def test_tags_become_a_json_object(stager: Stager, tags: pa.Array, wanted: str | None) -> None:
    """Maps and structures are written as JSON; lists are no tags."""
    table = pa.Table.from_pylist([dict(LINE)]).append_column("Tags", tags)
    pq.write_table(table, stager.folder / "a.parquet")

    [row] = written(stager.files([stager.folder / "a.parquet"]))

    assert row["Tags"] == wanted


def test_types_that_a_column_never_has_are_read_as_text(stager: Stager) -> None:
    """A number as an id is an id; a truth value or a time as an id is text."""
    table = pa.Table.from_pylist(
        [dict(LINE, SkuId=11472, ResourceId=True, SubAccountId=date(2026, 1, 1))]
    )
    pq.write_table(table, stager.folder / "a.parquet")

    [row] = written(stager.files([stager.folder / "a.parquet"]))

    assert (row["SkuId"], row["ResourceId"], row["SubAccountId"]) == ("11472", "true", "2026-01-01")


NEEDED = ("BilledCost", "EffectiveCost", "BillingCurrency", "BillingPeriodStart")
HEADER = "BilledCost,EffectiveCost,BillingCurrency,BillingPeriodStart,ResourceId,Tags\n"


def test_csv_records_are_counted_also_behind_quoted_line_breaks(stager: Stager) -> None:
    """Record 2 follows a record of three lines; quotes inside are doubled; NULL is null."""
    staged = stager.text(
        HEADER + '1,1,USD,2026-10-01,"a\nb\r\nc","{""team"": ""x, y""}"\n2,2,USD,2026-10-01,NULL,\n'
    )

    first, second = written(staged)
    assert (first["ResourceId"], first["Tags"]) == ("a\nb\r\nc", '{"team": "x, y"}')
    assert (second["x_RecordNumber"], second["ResourceId"], second["Tags"]) == (2, None, None)


def test_record_numbers_are_right_in_a_long_file(stager: Stager) -> None:
    """120,000 records, each with a line break in quotes, keep their order."""
    rows = [f'{n}.5,1,USD,2026-10-01,"r\n{n}",\n' for n in range(1, 120_001)]

    found = written(stager.text(HEADER + "".join(rows)))

    assert [row["x_RecordNumber"] for row in found] == list(range(1, 120_001))
    assert all(row["BilledCost"] == row["x_RecordNumber"] + Decimal("0.5") for row in found)


@pytest.mark.parametrize(
    ("record", "sentence"),
    [
        (
            "1,1,USD,2026-10-01,r\n",
            r"0\.csv, line 3: the record has 5 values where the header names 6",
        ),
        ("1,1,USD,2026-10-01,r,t,u\n", "line 3: the record has 7 values"),
        ('1,1,USD,2026-10-01,"r,t\n', "line 3: a quoted value does not end"),
        (
            '1,1,USD,2026-10-01,"r"x,t\n',
            "a quoted value does not end, or goes on behind its closing",
        ),
    ],
)
def test_a_malformed_record_stops_the_whole_file(
    stager: Stager, record: str, sentence: str
) -> None:
    """The sentence names file and line, and what is accepted."""
    with pytest.raises(UnreadableDelivery, match=sentence):
        stager.text(f"{HEADER}1,1,USD,2026-10-01,r,\n{record}1,1,USD,2026-10-01,r,\n")


def test_a_record_of_megabytes_stops_the_file(stager: Stager) -> None:
    """Three million characters in one value are no bill."""
    with pytest.raises(UnreadableDelivery, match=r"0\.csv, line 2: .*accepted is CSV with commas"):
        stager.text(f"{HEADER}1,1,USD,2026-10-01,{'r' * 3_000_000},\n")


def test_a_file_that_is_no_parquet_any_more_stops_the_load(stager: Stager) -> None:
    """It was when it was looked at."""
    path = stager.folder / "a.parquet"
    path.write_bytes(b"PAR1 nothing")
    file = LoadFile(str(path), path.name, "id", "parquet", (*NEEDED, "ResourceId"))
    load = Load("aws", "focus", "focus-1.0", UUID(int=1), (file,))

    with pytest.raises(UnreadableDelivery, match=r"a\.parquet: cannot be read as Parquet"):
        stage(load, engine=stager.engine, folder=stager.lake.folder(load.load_id))


def test_too_little_memory_is_not_the_fault_of_the_file(lake: Lake, tmp_path: Path) -> None:
    """The engine's own error comes through."""
    small = DuckEngine(lake, memory_limit="3MB", temp_folder=tmp_path / "spill")

    with pytest.raises(duckdb.OutOfMemoryException):
        Stager(lake, small, tmp_path).table([dict(LINE, Tags="x" * 1000)] * 20_000)


def test_a_damaged_parquet_file_stops_the_load(stager: Stager) -> None:
    """The footer is fine, what it points to is not."""
    path = stager.folder / "a.parquet"
    lines = [dict(LINE, BilledCost=str(number)) for number in range(2000)]
    pq.write_table(pa.Table.from_pylist(lines), path)
    content = bytearray(path.read_bytes())
    content[4:1000] = b"\xff" * 996
    path.write_bytes(content)

    with pytest.raises(UnreadableDelivery, match=r"a\.parquet: cannot be read"):
        stager.files([path])


def test_files_of_different_kinds_are_one_delivery(stager: Stager) -> None:
    """CSV, gzip and Parquet, of FOCUS 1.0 and 1.4, with a byte order mark: three lines of 1.5."""
    plain, packed, table = (stager.folder / name for name in ("a.csv", "b.csv.gz", "c.parquet"))
    text = ",".join(LINE) + "\n" + ",".join(str(value or "") for value in LINE.values()) + "\n"
    plain.write_text(text, encoding="utf-8-sig")
    packed.write_bytes(gzip.compress(text.replace("ServiceProviderName", "ProviderName").encode()))
    pq.write_table(pa.Table.from_pylist([dict(LINE, BilledCost=1.5)]), table)

    staged = stager.files([plain, packed, table])

    found = written(staged)
    assert [(row["x_FileId"], row["x_RecordNumber"]) for row in found] == [
        ("id0", 1),
        ("id1", 1),
        ("id2", 1),
    ]
    assert {(row["BilledCost"], row["ServiceProviderName"]) for row in found} == {
        (Decimal("1.5"), "AWS")
    }


@pytest.mark.parametrize("months", [2, 5])
def test_every_period_gets_its_own_files(stager: Stager, months: int) -> None:
    """Few periods are written one by one, many in one pass; each file lies in one partition."""
    lines = [
        dict(LINE, BillingPeriodStart=f"2026-{month:02d}-01", BilledCost=str(month))
        for month in range(1, months + 1)
    ]

    staged = stager.table([*lines, *lines, dict(LINE, BillingPeriodStart="x")])

    assert (staged.rows, staged.quarantined) == (2 * months, 1)
    assert staged.periods == tuple(f"2026-{month:02d}" for month in range(1, months + 1))
    for file in staged.files:
        rows = pq.read_table(file.uri, partitioning=None).to_pylist()
        assert len(rows) == file.rows
        assert {row["x_BillingPeriod"] for row in rows} == {file.partition.period}
        assert {row["BilledCost"] for row in rows} == {Decimal(file.partition.period[-2:])}


PRICE = {
    "provider": "aws", "region": "us-east-1", "zone": None, "machine_type": "p5.48xlarge",
    "purchase_model": "on_demand", "term_months": None, "unit": "machine-hour", "amount": "98.32",
    "currency": "usd", "valid_from": "2026-10-01", "valid_to": None,
}  # fmt: skip
USAGE = {
    "hour": "2026-10-05T13:00:00Z", "gpu_uuid": "GPU-1", "slice": None, "host": "h1", "job_id": "j",
    "capacity_ms": 3_600_000, "observed_ms": 3_600_000, "allocated_ms": 1_800_000,
    "activity_ms": 900_000, "memory_mean": 10.5, "energy": 1.5, "tokens_in": None, "xid_count": 0,
}  # fmt: skip
JOB = {
    "job_id": "j", "attempt": 2, "gpus": 8, "nodes": 1, "submitted": "2026-10-05T10:00:00Z",
    "started": "2026-10-05T11:00:00Z", "ended": "2026-10-05T12:00:00Z", "state": "Completed",
}  # fmt: skip
NODE = {
    "provider": "aws", "resource_id": "i-1", "host": "h1", "gpu_uuids": '["GPU-1","GPU-2"]',
    "accelerator_count": 2, "pool": "p", "valid_from": "2026-10-01", "valid_to": None,
}  # fmt: skip
USUAL: Mapping[str, Mapping[str, object]] = {
    "prices": PRICE, "usage": USAGE, "jobs": JOB, "nodes": NODE,
}  # fmt: skip
PERIODS = {"prices": "2026-10", "usage": "2026-10-05", "jobs": "2026-10", "nodes": "*"}


@pytest.mark.parametrize("kind", USUAL)
@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_every_kind_fills_its_table(stager: Stager, kind: str, form: str) -> None:
    """A usual row has no findings, lies in its period and has the table's types."""
    table = pa.Table.from_pylist([dict(USUAL[kind])])
    path = stager.folder / f"a.{form}"
    if form == "csv":
        pa.csv.write_csv(table, path)
    else:
        pq.write_table(table, path)

    staged = stager.files([path], kind)

    assert (staged.rows, staged.quarantined, staged.findings) == (1, 0, ())
    assert staged.periods == (PERIODS[kind],)
    schema = pq.read_schema(staged.files[0].uri)
    assert schema.remove_metadata().equals(arrow_schema(TABLES[kind]))


def test_values_of_the_other_kinds(stager: Stager) -> None:
    """A currency in capitals, a state in small letters, first attempt, one node, ids as a list."""
    job = {name: value for name, value in JOB.items() if name not in ("attempt", "nodes")}
    price, run, node = (
        written(stager.table([row], kind))[0]
        for row, kind in (
            (PRICE, "prices"),
            (dict(job, hosts="h1, h2"), "jobs"),
            (dict(NODE, gpu_uuids="GPU-1; GPU-2"), "nodes"),
        )
    )

    assert (price["amount"], price["currency"]) == (Decimal("98.32"), "USD")
    assert (run["attempt"], run["nodes"], run["state"]) == (1, 1, "completed")
    assert node["gpu_uuids"] == '["GPU-1","GPU-2"]'
    assert run["hosts"] == '["h1","h2"]'


@pytest.mark.parametrize(
    ("kind", "change", "reason"),
    [
        ("prices", {"amount": None}, "amount is empty"),
        ("prices", {"amount": "-1"}, "amount '-1' cannot be read"),
        ("prices", {"purchase_model": "reserved"}, "purchase_model 'reserved' cannot be read"),
        (
            "prices",
            {"unit": "gpu-hour"},
            "unit 'gpu-hour' cannot be read; accepted is machine-hour",
        ),
        ("prices", {"term_months": "1.5"}, "term_months '1.5'"),
        ("prices", {"valid_from": "now"}, "valid_from 'now'"),
        ("prices", {"valid_to": "2026-10-01"}, "valid_to '2026-10-01' cannot be read"),
        ("prices", {"machine_type": None}, "machine_type is empty"),
        ("usage", {"hour": "2026-10-05T13:30:00Z"}, "hour '2026-10-05T13:30:00Z'"),
        ("usage", {"gpu_uuid": None}, "gpu_uuid is empty"),
        ("usage", {"capacity_ms": 3_600_001}, "capacity_ms '3600001'"),
        (
            "usage",
            {"allocated_ms": 3_600_001},
            "allocated_ms '3600001' cannot be read; accepted is mill",
        ),
        ("usage", {"activity_ms": -1}, "activity_ms '-1'"),
        ("usage", {"memory_mean": float("nan")}, "memory_mean 'nan'"),
        ("usage", {"no_process_ms": 3_600_001}, "no_process_ms '3600001' cannot be read"),
        ("usage", {"sm_activity_ms": -1}, "sm_activity_ms '-1'"),
        ("usage", {"tensor_activity_ms": -1}, "tensor_activity_ms '-1'"),
        ("usage", {"dram_activity_ms": "many"}, "dram_activity_ms 'many'"),
        ("usage", {"memory_total": -1.0}, "memory_total '-1.0'"),
        ("usage", {"requests": 0.5}, "requests '0.5'"),
        ("usage", {"mode": "half"}, "mode 'half' cannot be read; accepted is whole, mig"),
        ("jobs", {"job_id": None}, "job_id is empty"),
        ("jobs", {"gpus": 1.5}, "gpus '1.5'"),
        ("jobs", {"hosts": "[h1"}, "hosts '[h1' cannot be read; accepted is a JSON list"),
        ("jobs", {"state": "lost"}, "state 'lost' cannot be read; accepted is queued"),
        ("jobs", {"ended": "2026-10-05T10:30:00Z"}, "ended '2026-10-05T10:30:00Z' cannot be read"),
        ("jobs", {"submitted": None}, "submitted is empty"),
        ("nodes", {"resource_id": None, "host": None}, "resource_id is empty"),
        ("nodes", {"gpu_uuids": "[GPU"}, "gpu_uuids '[GPU'"),
        ("nodes", {"valid_to": "2026-09-01"}, "valid_to '2026-09-01'"),
        ("nodes", {"accelerator_count": -1}, "accelerator_count '-1'"),
    ],
)
def test_rows_that_would_mislead_are_set_aside(
    stager: Stager, kind: str, change: Mapping[str, object], reason: str
) -> None:
    """A missing price is not 0, idle time is never negative, an end is not before a begin."""
    staged = stager.table([dict(USUAL[kind], **change)], kind)

    assert (staged.rows, staged.quarantined, staged.quarantined_cost) == (0, 1, {})
    assert staged.rejected[0].reason.startswith(reason)


@pytest.mark.parametrize(
    ("kind", "changes", "wanted"),
    [
        ("prices", [{"amount": "0"}], ("price of nothing", "amount", 1)),
        (
            "usage",
            [{"activity_ms": 2_000_000}],
            ("more activity than was allocated", "activity_ms", 1),
        ),
        (
            "usage",
            [{"allocated_ms": 2_000_000}] * 2,
            ("more allocated in an hour than there is", "allocated_ms", 2),
        ),
        (
            "usage",
            [{}, {"capacity_ms": 1_800_000}],
            ("rows of an hour differ in capacity", "capacity_ms", 2),
        ),
        ("jobs", [{}, {}], ("same attempt comes twice", "attempt", 1)),
        (
            "jobs",
            [{"started": "2026-10-05T09:00:00Z"}],
            ("begins before it was submitted", "started", 1),
        ),
        ("nodes", [{}, {"host": "h2"}], ("two validities of a resource overlap", "resource_id", 1)),
        (
            "nodes",
            [{"accelerator_count": 8}],
            ("number of ids differs from accelerator_count", "gpu_uuids", 1),
        ),
    ],
)
def test_what_is_odd_about_other_kinds_is_a_finding(
    stager: Stager, kind: str, changes: Sequence[Mapping[str, object]], wanted: tuple[str, str, int]
) -> None:
    """The rows are loaded, the rule is told."""
    staged = stager.table([dict(USUAL[kind], **change) for change in changes], kind)

    assert staged.rows == len(changes)
    assert Finding(*wanted) in staged.findings


def test_only_duckdb_loads(stager: Stager) -> None:
    """Another engine answers questions, it does not load."""
    load = Load("aws", "focus", "focus-1.0", UUID(int=1), ())

    with pytest.raises(NoLoader, match="object cannot load files"):
        stage(load, engine=object(), folder=stager.folder)  # type: ignore[arg-type]
