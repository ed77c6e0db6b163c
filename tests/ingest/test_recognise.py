"""What a file is, told by its columns."""

import pytest

from ingest.forms import FOCUS_INTRODUCED, FOCUS_NEEDED, FORMS, Form, form_of
from ingest.port import DeliveredFile, FileFormat, Kind, RejectedSourceError
from ingest.recognise import dialect_of, focus_version, kind_of

FOCUS_1_0 = (*FOCUS_NEEDED, "ProviderName", "PublisherName", "ListCost")


def _file(*columns: str, name: str = "a.csv") -> DeliveredFile:
    return DeliveredFile(f"/{name}", name, 1, "0" * 64, FileFormat.CSV, columns)


@pytest.mark.parametrize(
    ("version", "columns"),
    [
        ("1.0", FOCUS_1_0),
        *(("1.1", (*FOCUS_1_0, column)) for column in FOCUS_INTRODUCED["1.1"]),
        *(("1.2", (*FOCUS_1_0, column)) for column in FOCUS_INTRODUCED["1.2"]),
        *(("1.3", (*FOCUS_1_0, column)) for column in FOCUS_INTRODUCED["1.3"]),
        *(("1.4", (*FOCUS_NEEDED, column)) for column in FOCUS_INTRODUCED["1.4"]),
        ("1.4", (*FOCUS_NEEDED, "ServiceProviderName", "HostProviderName")),
        ("1.0", FOCUS_NEEDED),
    ],
)
def test_a_focus_version_is_told_by_the_columns_it_added(
    version: str, columns: tuple[str, ...]
) -> None:
    """1.4 also took ProviderName and PublisherName away."""
    file = _file(*columns)

    assert kind_of(file) is Kind.FOCUS
    assert focus_version(columns) == version
    assert dialect_of(Kind.FOCUS, [file]) == f"focus-{version}"


def test_bills_of_several_versions_have_the_newest_dialect() -> None:
    """Version 1.0 beside 1.2 is read as 1.2, whose columns include those of 1.0."""
    old, new = _file(*FOCUS_1_0), _file(*FOCUS_1_0, "InvoiceId")

    assert dialect_of(Kind.FOCUS, [old, new]) == "focus-1.2"


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.kind.value)
def test_every_kind_is_known_by_the_columns_it_needs(form: Form) -> None:
    """The needed columns are enough, in any order."""
    kind = form.kind

    assert kind_of(_file(*reversed(form.needed))) is kind
    assert kind_of(_file(*form.columns), kind) is kind
    if kind is not Kind.FOCUS:
        assert dialect_of(kind, []) == f"canonical-{kind.value}"


def test_of_two_kinds_that_fit_the_one_with_more_columns_is_meant() -> None:
    """All of usage, and what a list of machines needs besides."""
    usage = form_of(Kind.USAGE).columns

    assert kind_of(_file(*usage, "provider", "resource_id")) is Kind.USAGE


def test_missing_columns_are_named() -> None:
    """BillingCurrency is missing; the sentence says what a bill needs."""
    columns = [column for column in FOCUS_1_0 if column != "BillingCurrency"]

    with pytest.raises(
        RejectedSourceError,
        match=r"a\.csv: column BillingCurrency missing .* needs BilledCost, EffectiveCost, Bill",
    ):
        kind_of(_file(*columns))


def test_names_in_another_case_are_explained() -> None:
    """FOCUS names are compared exactly."""
    columns = [column.lower() for column in FOCUS_1_0]

    with pytest.raises(RejectedSourceError, match="write 'billedcost' as 'BilledCost', "):
        kind_of(_file(*columns))


def test_an_unknown_file_gets_the_list_of_kinds() -> None:
    """None of the columns is known; long headers are cut."""
    with pytest.raises(RejectedSourceError, match=r"c7, \.\.\. tell of no known kind; accepted: f"):
        kind_of(_file(*(f"c{number}" for number in range(20))))


def test_another_separator_is_guessed_at() -> None:
    """One column with semicolons is what a German Excel writes."""
    with pytest.raises(RejectedSourceError, match="the separator must be a comma"):
        kind_of(_file("host;provider"))
