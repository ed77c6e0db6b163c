"""Bills that are not FOCUS: columns by letters and digits, gathered tags, what is missing."""

from decimal import Decimal
from functools import partial

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
HEADER = "bill/Start,lineItem/Cost,line/Id,product,tags/user:Team,tags/user:team\n"


@pytest.fixture
def rough(stager: Stager) -> Stager:
    """A stager that knows one dialect, whose columns are called otherwise."""
    text = ROUGH.replace("cost", "line_item_cost").replace("Cost AS", "Cost AS")
    stager.dialects = partial(parse_dialect, text=text)
    return stager


def test_columns_are_found_by_letters_and_digits(rough: Stager) -> None:
    """bill/Start is bill_start; tags keep the spelling of their keys, and 0.3 - 0.1 is 0.2."""
    table = pa.table(
        {
            "bill/Start": ["2026-10-01", "2026-10-01T00:00:00Z"],
            "LineItemCost": [0.3, 5.0],
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
    assert staged.findings[0].rule == "null not allowed"
