"""Bills that are not FOCUS: columns by letters and digits, gathered tags, what is missing."""

from decimal import Decimal
from functools import partial
from importlib.resources import files as resources

import pyarrow as pa
import pytest

from tests.warehouse.staging import Stager, set_aside, written
from warehouse.load_checks import Finding
from warehouse.load_dialects import BadDialect, Dialect, parse_dialect, read_dialect
from warehouse.load_files import UnreadableDelivery

ROUGH = """-- Bills of a made-up cloud.
-- needs: bill_start, cost
-- reads: line_id, product
-- optional: discount
-- gathers: tags from tags_*
SELECT
    decimal_of_text(cost::VARCHAR) - coalesce(decimal_of_text(discount::VARCHAR), 0) AS BilledCost,
    cost AS EffectiveCost,
    'USD' AS BillingCurrency,
    bill_start AS BillingPeriodStart,
    line_id AS ResourceId,
    json_field(product, 'region') AS RegionId,
    tags AS Tags
FROM record
"""
HEADER = "bill/Start,cost,line/Id,product,tags/user:Team,tags/user:team\n"


@pytest.fixture
def rough(stager: Stager) -> Stager:
    """A stager that knows one dialect, whose columns are called otherwise."""
    stager.dialects = partial(parse_dialect, text=ROUGH)
    return stager


def test_columns_are_found_by_letters_and_digits(rough: Stager) -> None:
    """bill/Start is bill_start; tags keep the spelling of their keys, and 0.3 - 0.1 is 0.2."""
    table = pa.table(
        {
            "bill/Start": ["2026-10-01", "2026-10-01T00:00:00Z"],
            "COST": [0.3, 5.0],
            "discount": ["0.1", ""],
            "line-id": ["", "i-1"],
            "product": pa.array([[("region", "eu-1")], []], pa.map_(pa.string(), pa.string())),
            "tags/user:Team": ["a", None],
            "tags_cost center": ["", None],
        }
    )

    staged = rough.table(table, dialect="rough")

    first, second = written(staged)
    assert (first["BilledCost"], first["EffectiveCost"]) == (Decimal("0.2"), Decimal("0.3"))
    assert (first["ResourceId"], first["RegionId"]) == (None, "eu-1")
    assert (first["Tags"], second["Tags"]) == ('{"user:Team":"a"}', None)
    assert (second["BilledCost"], second["ResourceId"]) == (5, "i-1")


def test_a_csv_file_keeps_tags_that_differ_in_case_only(rough: Stager) -> None:
    """Keys of tags are as they were written; a product may be JSON text, or text that is none."""
    lines = [
        '2026-10-01,1,i-1,"{""region"": ""eu-1""}",a,b\n',
        "2026-10-01,1,i-2,{region,a,\n",
    ]
    staged = rough.text(HEADER + "".join(lines), dialect="rough")

    first, second = written(staged)
    assert (first["Tags"], first["RegionId"]) == ('{"user:Team":"a","user:team":"b"}', "eu-1")
    assert (second["Tags"], second["RegionId"]) == ('{"user:Team":"a"}', None)


def test_complaints_show_what_was_delivered(rough: Stager) -> None:
    """The quarantine holds the record with its own names; the other record is loaded."""
    staged = rough.text(f"{HEADER}October,1,i-1,,,\n2026-10-01,1,i-2,,,\n", dialect="rough")

    assert (staged.rows, staged.quarantined) == (1, 1)
    assert staged.rejected[0].reason.startswith("BillingPeriodStart 'October' cannot be read")
    [row] = set_aside(staged)
    assert row["record"].startswith('{"bill/Start":"October","cost":"1","line/Id":"i-1"')


def test_what_a_dialect_leaves_and_lacks_is_told(rough: Stager) -> None:
    """What nobody reads is not kept, what is read and absent is missing; optional ones are not."""
    staged = rough.table(
        [{"bill_start": "2026-10-01", "cost": "1", "line_id": "a", "tagsy": "1"}], dialect="rough"
    )

    assert Finding("column is not kept", "tagsy", 1) in staged.findings
    assert Finding("column is missing", "product", 1) in staged.findings
    assert not [one for one in staged.findings if one.column in {"discount", "cost", "tags"}]


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        (["bill_start"], r"0\.csv: the column is missing: cost; rough needs bill_start, cost"),
        (["x"], "the columns are missing: bill_start, cost; rough needs"),
        (["bill_start", "cost", "Cost_"], "columns cost and Cost_ are both cost"),
    ],
)
def test_a_file_without_needed_columns_is_refused(
    rough: Stager, columns: list[str], sentence: str
) -> None:
    """The sentence names file and columns; nothing is staged."""
    with pytest.raises(UnreadableDelivery, match=sentence):
        rough.text(",".join(columns) + "\n", dialect="rough")


def test_files_of_several_schemas_are_mapped_each(rough: Stager) -> None:
    """One file has costs as text, the other as numbers and no tags: 1.5 and 2.5."""
    rough.text("bill_start,cost,tags_a\n2026-10-01,1.5,x\n", dialect="rough")
    rough.table([{"bill_start": "2026-10-01", "cost": 2.5}], dialect="rough")

    staged = rough.files([rough.folder / "0.csv", rough.folder / "1.parquet"], dialect="rough")

    assert [(row["BilledCost"], row["Tags"]) for row in written(staged)] == [
        (Decimal("1.5"), '{"a":"x"}'),
        (Decimal("2.5"), None),
    ]


def test_a_dialect_may_put_a_step_in_between(stager: Stager) -> None:
    """Columns that are made once are used twice; 2 + 2 = 4."""
    text = """-- Bills.
-- needs: start, cost
WITH line AS (SELECT *, decimal_of_text(cost) + decimal_of_text(cost) AS twice FROM record)
SELECT twice AS BilledCost, twice AS EffectiveCost, 'EUR' AS BillingCurrency,
    start AS BillingPeriodStart
FROM line
"""
    stager.dialects = partial(parse_dialect, text=text)

    [row] = written(stager.text("start,cost\n2026-10-01,2\n", dialect="twice"))

    assert (row["BilledCost"], row["EffectiveCost"]) == (4, 4)


FINE = """-- Bills with details in a column, and amounts to choose from.
-- needs: start, cost
-- optional: net_cost, product
-- opens: product.region
-- amounts: cost, net_cost
SELECT coalesce(net_cost, cost) AS BilledCost, CASE WHEN cost IS NULL THEN '0' ELSE cost END AS EffectiveCost,
    'EUR' AS BillingCurrency, start AS BillingPeriodStart, "product.region" AS RegionId
FROM record
"""  # noqa: E501 - SQL


def test_a_key_is_taken_from_a_map_and_from_json(stager: Stager) -> None:
    """The region of a map is eu-1, that of the same as JSON text too; an empty one is none."""
    stager.dialects = partial(parse_dialect, text=FINE)
    maps = pa.map_(pa.string(), pa.string())
    table = pa.table(
        {
            "start": ["2026-10-01", "2026-10-01", "2026-10-01"],
            "cost": [1.0, 1.0, 1.0],
            "product": pa.array([[("region", "eu-1")], [("region", "")], None], maps),
        }
    )

    from_map = written(stager.table(table, dialect="fine"))
    [from_text] = written(
        stager.text('start,cost,product\n2026-10-01,1,"{""region"": ""eu-1""}"\n', dialect="fine")
    )

    assert [row["RegionId"] for row in from_map] == ["eu-1", None, None]
    assert from_text["RegionId"] == "eu-1"


@pytest.mark.parametrize("net", [[0.25, None], ["0.25", None], None])
def test_amounts_of_a_file_are_of_one_type(stager: Stager, net: list[float | str] | None) -> None:
    """A net cost of 0.25, as double or as text, goes before a cost of 0.3; elsewhere it is 0.3."""
    stager.dialects = partial(parse_dialect, text=FINE)
    table = pa.table({"start": ["2026-10-01", "2026-10-01"], "cost": [0.3, 0.3]})
    if net is not None:
        table = table.append_column("net_cost", pa.array(net))

    first, second = written(stager.table(table, dialect="fine"))

    assert first["BilledCost"] == Decimal("0.3" if net is None else "0.25")
    assert (second["BilledCost"], second["EffectiveCost"]) == (Decimal("0.3"), Decimal("0.3"))


def test_a_column_that_the_table_lacks_is_a_fault_of_the_dialect(stager: Stager) -> None:
    """It would be lost without a word."""
    stager.dialects = partial(parse_dialect, text="-- reads: a\nSELECT a AS Cost\nFROM record")

    with pytest.raises(BadDialect, match=r"odd\.sql gives Cost, which cost_line lacks"):
        stager.text("a\n1\n", dialect="odd")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("-- reads: a\nSELECT a FROM record WHERE a", "its last line must be FROM record"),
        ("-- gathers: tags_*\nSELECT tags\nFROM record", "write '-- gathers: tags from"),
        ("-- opens: product\nSELECT product\nFROM record", "write '-- opens: product.region'"),
    ],
)
def test_a_file_that_is_no_dialect_is_told(text: str, sentence: str) -> None:
    """A dialect neither filters nor joins."""
    with pytest.raises(BadDialect, match=sentence):
        parse_dialect("odd", text)


@pytest.mark.parametrize("name", ["cur-9", "../focus"])
def test_an_unknown_dialect_is_refused(name: str) -> None:
    """The sentence names it."""
    with pytest.raises(BadDialect, match="cannot be loaded"):
        read_dialect(name)


def test_a_dialect_that_goes_on_nowhere_is_refused() -> None:
    """What two dialects have in common is a file of its own, which must be there."""
    text = "-- reads: a\n-- continues: elsewhere\nWITH given AS (SELECT *, a AS b FROM record),\n"

    with pytest.raises(BadDialect, match=r"there is no elsewhere\.sql"):
        parse_dialect("cur-9", text)


def test_two_dialects_share_what_they_have_in_common() -> None:
    """Each kind of CUR ends alike, and so does each kind of Azure's exports."""
    for first, second in (("cur-1", "cur-2"), ("azure-actual", "azure-amortized")):
        ends = {read_dialect(name).sql[-1000:] for name in (first, second)}

        assert len(ends) == 1


DIALECTS = sorted(
    entry.name.removesuffix(".sql")
    for entry in resources("warehouse").joinpath("sql", "load", "dialects").iterdir()
    if entry.name.endswith(".sql")
)


@pytest.mark.parametrize("name", DIALECTS)
def test_every_dialect_reads_a_file_that_has_only_what_it_needs(stager: Stager, name: str) -> None:
    """Its columns fit the table, and the one record without a value is set aside, not lost."""
    dialect: Dialect = read_dialect(name)
    columns = dialect.needs or dialect.columns[:1]

    staged = stager.text(
        ",".join(columns) + "\n" + ",".join(["x"] * len(columns)) + "\n", dialect=name
    )

    assert staged.rows + staged.quarantined == 1
