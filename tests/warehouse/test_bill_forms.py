"""Bills that are told by their columns can be loaded: their dialects read those columns."""

import pytest

from ingest.forms import BILL_FORMS, BillForm, letters
from warehouse.load_dialects import read_dialect

FORMS = [(form, dialect) for form in BILL_FORMS for dialect, _ in form.dialects]


@pytest.mark.parametrize(("form", "dialect"), FORMS, ids=[dialect for _, dialect in FORMS])
def test_a_file_that_is_recognised_has_what_its_dialect_needs(form: BillForm, dialect: str) -> None:
    """What the dialect cannot do without tells the form, and what tells the form is read."""
    read = read_dialect(dialect)
    told = {letters(name) for name in form.needed}

    assert {letters(name) for name in read.needs} <= told
    assert told <= {letters(name) for name in read.columns}
