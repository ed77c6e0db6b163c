"""What a file is, told by its columns."""

import pytest

from ingest.forms import (
    BILL_FORMS,
    FOCUS_INTRODUCED,
    FOCUS_NEEDED,
    FORMS,
    INVOICE_NEEDED,
    INVOICE_OTHERS,
    BillForm,
    Form,
    form_of,
)
from ingest.port import DeliveredFile, FileFormat, Kind, RejectedSourceError
from ingest.recognise import dialect_of, focus_version, kind_of

FOCUS_1_0 = (*FOCUS_NEEDED, "ProviderName", "PublisherName", "ListCost")


CUR = (
    "bill/PayerAccountId",
    "bill/BillingPeriodStartDate",
    "lineItem/LineItemType",
    "lineItem/CurrencyCode",
    "lineItem/UnblendedCost",
)
CUR_PARQUET = (
    "bill_payer_account_id",
    "bill_billing_period_start_date",
    "line_item_line_item_type",
    "line_item_currency_code",
    "line_item_unblended_cost",
)
AZURE = ("subscriptionId", "meterId", "chargeType", "costInBillingCurrency", "date")
GOOGLE = ("record_type", "invoice_month", "billing_account_id", "cost", "currency")


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


@pytest.mark.parametrize("wanted", [None, Kind.FOCUS])
def test_a_google_export_as_a_file_names_the_source_to_use(wanted: Kind | None) -> None:
    """Its credits lie inside the records, so that mapping it line by line would lose them."""
    file = _file(
        *("billing_account_id", "service.id", "export_time", "cost", "currency", "credits")
    )

    with pytest.raises(RejectedSourceError, match=r"^a\.csv: is .* of type google-billing, which"):
        kind_of(file, wanted)


def test_another_separator_is_guessed_at() -> None:
    """One column with semicolons is what a German Excel writes."""
    with pytest.raises(RejectedSourceError, match="the separator must be a comma"):
        kind_of(_file("host;provider"))


@pytest.mark.parametrize(
    ("dialect", "name", "columns"),
    [
        ("invoice", "august.csv", INVOICE_NEEDED),
        ("invoice", "august.csv", (*INVOICE_NEEDED, *INVOICE_OTHERS)),
        ("cur-1", "report.csv.gz", CUR),
        ("cur-1", "report.parquet", CUR_PARQUET),
        ("cur-2", "report.parquet", (*CUR_PARQUET, "bill_payer_account_name")),
        ("cur-2", "report.csv.gz", (*CUR_PARQUET, "resource_tags")),
        ("cur-1", "report.parquet", (*CUR_PARQUET, "resource_tags_user_team")),
        ("azure-actual", "2026-10 Actual.csv", AZURE),
        ("azure-amortized", "part_0_AmortizedCost.csv", AZURE),
        ("gcp-detailed", "export.parquet", GOOGLE),
    ],
)
def test_bills_that_are_not_focus_are_told_by_their_columns(
    dialect: str, name: str, columns: tuple[str, ...]
) -> None:
    """Spelling and order of the columns do not matter, only their letters and digits."""
    file = _file(*reversed(columns), "something_else", name=name)

    assert kind_of(file) is Kind.FOCUS
    assert kind_of(file, Kind.FOCUS) is Kind.FOCUS
    assert dialect_of(Kind.FOCUS, [file]) == dialect


def test_a_bill_with_the_columns_of_focus_is_focus_whatever_else_it_has() -> None:
    """A FOCUS export may carry the provider's own columns beside the standard's."""
    file = _file(*FOCUS_1_0, *CUR)

    assert dialect_of(Kind.FOCUS, [file]) == "focus-1.0"


def test_an_azure_export_that_does_not_say_which_costs_it_has_is_refused() -> None:
    """Actual and amortised exports have the same columns, so only the file's name can tell."""
    with pytest.raises(RejectedSourceError, match=r"a\.csv: an Azure cost export .* actual or amo"):
        dialect_of(Kind.FOCUS, [_file(*AZURE)])


def test_bills_of_two_forms_are_not_one_load() -> None:
    """An invoice beside a FOCUS file would be read by one mapping, and one of them wrongly."""
    files = [_file(*FOCUS_1_0, name="focus.csv"), _file(*INVOICE_NEEDED, name="invoice.csv")]

    with pytest.raises(RejectedSourceError, match=r"focus\.csv is focus-1\.0; invoice\.csv is inv"):
        dialect_of(Kind.FOCUS, files)


@pytest.mark.parametrize("form", BILL_FORMS, ids=lambda form: form.dialects[0][0])
def test_an_almost_complete_bill_is_told_what_it_lacks(form: BillForm) -> None:
    """All columns but the first needed one: the sentence names it, and no other kind."""
    columns = [column for column in form.columns if column != form.needed[0]]

    with pytest.raises(RejectedSourceError, match=rf"{form.needed[0]} missing .* {form.title}"):
        kind_of(_file(*columns))
