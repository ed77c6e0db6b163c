"""A delivery is loaded whole and once; what it replaces is said, and a dead process heals."""

import re
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from ingest.port import TransientSourceError
from service.errors import LeaseLostError
from service.usecases.check_delivery import ChangedFileError, WouldDropRows
from service.usecases.load_delivery import DuplicateLoad, NothingReadableError
from tests.service.loads import Loads, bill, write

COMMITS = 2
COST = 'BilledCost, x_BillingPeriod AS "in"'


def test_a_bill_is_loaded_with_its_trace_and_its_record(loads: Loads, tmp_path: Path) -> None:
    """1.25 and -0.25 make two rows of October, which name load, file and record."""
    path = bill(tmp_path, "a.csv", "1.25", "-0.25")

    result = loads.load(path)

    assert (result.rows, result.quarantined, result.periods) == (2, 0, ("2026-10",))
    file_id = loads.delivery(path).files[0].file_id
    assert loads.rows(
        "cost_line", "x_RecordNumber, BilledCost, ServiceProviderName, x_LoadId, x_FileId"
    ) == [
        (1, Decimal("1.25"), "AWS", str(result.load_id), file_id),
        (2, Decimal("-0.25"), "AWS", str(result.load_id), file_id),
    ]
    with loads.store.work() as work:
        record = work.deliveries.by_id(result.load_id)
    assert record is not None
    assert (record.rows, record.dialect, record.periods) == (2, "focus-1.0", ("2026-10",))
    assert record.rounding == {"USD": Decimal(0)}
    assert [name for name, _ in record.files] == ["a.csv"]


def test_the_same_content_again_is_refused(loads: Loads, tmp_path: Path) -> None:
    """Also with --replace and under another name: the lake holds it already."""
    first = bill(tmp_path, "a.csv", "1")
    loads.load(first)
    renamed = first.rename(tmp_path / "b.csv")

    for replace in (False, True):
        with pytest.raises(DuplicateLoad, match=r"b\.csv: aws has exactly this content already"):
            loads.load(renamed, replace=replace)


def test_a_newer_content_of_the_same_file_replaces_the_period(loads: Loads, tmp_path: Path) -> None:
    """October said 1 and 2, now says 5; going back to 1 and 2 is no repetition."""
    loads.load(bill(tmp_path, "a.csv", "1", "2"))
    loads.load(bill(tmp_path, "a.csv", "5"))
    assert loads.rows("cost_line", COST) == [(Decimal(5), "2026-10")]

    loads.load(bill(tmp_path, "a.csv", "1", "2"))

    assert loads.rows("cost_line", COST) == [(Decimal(1), "2026-10"), (Decimal(2), "2026-10")]


def test_a_delivery_of_which_a_part_was_replaced_may_come_again(
    loads: Loads, tmp_path: Path
) -> None:
    """September is still that of the first load, so the first load is no repetition."""
    september = bill(tmp_path, "sep.csv", "1", BillingPeriodStart="2026-09-01")
    october = bill(tmp_path, "oct.csv", "2")
    loads.load(september, october)
    loads.load(bill(tmp_path, "new.csv", "4"), replace=True)

    loads.load(september, october, replace=True)

    assert loads.rows("cost_line", COST) == [(Decimal(1), "2026-09"), (Decimal(2), "2026-10")]


def test_a_file_that_changes_before_the_commit_is_not_loaded(loads: Loads, tmp_path: Path) -> None:
    """What was looked at, and is named by its checksum, must be what was read."""
    path = bill(tmp_path, "a.csv", "1")
    delivery = loads.delivery(path)
    path.write_text(path.read_text() + path.read_text().splitlines()[1] + "\n")

    with pytest.raises(TransientSourceError, match=r"a\.csv: the file changed while it was loaded"):
        loads.load_delivery(delivery)
    assert loads.rows("cost_line", COST) == []


def test_other_periods_and_sources_stay(loads: Loads, tmp_path: Path) -> None:
    """A bill of October replaces neither September nor another source's October."""
    september = bill(tmp_path, "sep.csv", "1", BillingPeriodStart="2026-09-01")
    loads.load(september)
    loads.load(bill(tmp_path, "b.csv", "2"), source="gcp")
    loads.load(bill(tmp_path, "oct.csv", "4"))

    loads.load(bill(tmp_path, "oct.csv", "8"))

    assert loads.rows("cost_line", "BilledCost, x_SourceId") == [
        (Decimal(1), "aws"),
        (Decimal(2), "gcp"),
        (Decimal(8), "aws"),
    ]


def test_rows_of_other_files_are_dropped_only_when_asked(loads: Loads, tmp_path: Path) -> None:
    """October came from a.csv (2 rows); b.csv alone would drop them."""
    loads.load(bill(tmp_path, "a.csv", "1", "2"))
    other = bill(tmp_path, "b.csv", "4")

    with pytest.raises(WouldDropRows, match=r"holds 2 rows of a\.csv in 2026-10.*--replace.*--app"):
        loads.load(other)
    assert len(loads.rows("cost_line", COST)) == 2

    loads.load(other, replace=True)
    assert loads.rows("cost_line", COST) == [(Decimal(4), "2026-10")]


def test_appending_keeps_what_is_there(loads: Loads, tmp_path: Path) -> None:
    """1 and then 4 make both; the same file again is refused, and so is its other content."""
    loads.load(bill(tmp_path, "a.csv", "1"))
    other = bill(tmp_path, "b.csv", "4")
    loads.load(other, append=True)
    assert loads.rows("cost_line", COST) == [(Decimal(1), "2026-10"), (Decimal(4), "2026-10")]

    with pytest.raises(DuplicateLoad):
        loads.load(other, append=True)
    with pytest.raises(ChangedFileError, match=r"b\.csv: aws has rows of an earlier content"):
        loads.load(bill(tmp_path, "b.csv", "5"), append=True)


def test_a_period_that_a_restatement_no_longer_has_is_emptied(loads: Loads, tmp_path: Path) -> None:
    """Files a and b held September and October; b's October moved, c's August stays."""
    loads.load(bill(tmp_path, "c.csv", "1", BillingPeriodStart="2026-08-01"))
    a = bill(tmp_path, "a.csv", "2", BillingPeriodStart="2026-09-01")
    loads.load(a, bill(tmp_path, "b.csv", "4", BillingPeriodStart="2026-10-01"))

    result = loads.load(a, bill(tmp_path, "b.csv", "8", BillingPeriodStart="2026-09-01"))

    assert result.periods == ("2026-09", "2026-10")
    assert loads.rows("cost_line", COST) == [
        (Decimal(1), "2026-08"),
        (Decimal(2), "2026-09"),
        (Decimal(8), "2026-09"),
    ]


def test_a_file_without_records_changes_nothing(loads: Loads, tmp_path: Path) -> None:
    """It is no error where there was nothing, and refused where it would take rows away."""
    empty = bill(tmp_path, "a.csv")
    result = loads.load(empty)
    assert (result.rows, result.periods) == (0, ())
    assert [one.rule for one in result.findings] == ["file has no records"]

    loads.load(bill(tmp_path, "a.csv", "1"))
    with pytest.raises(WouldDropRows, match=r"1 rows of a\.csv in 2026-10"):
        loads.load(bill(tmp_path, "a.csv"))
    assert loads.load(bill(tmp_path, "a.csv"), replace=True).periods == ("2026-10",)
    assert loads.rows("cost_line", COST) == []


def test_rows_that_cannot_be_read_are_set_aside_with_their_money(
    loads: Loads, tmp_path: Path
) -> None:
    """Of five records one is fine; record 4 has no period but 7 USD, record 5 nothing to read."""
    header = "BilledCost,EffectiveCost,BillingCurrency,BillingPeriodStart"
    path = tmp_path / "a.csv"
    path.write_text(
        f"{header}\n1,1,USD,2026-10-01\n2,NULL,USD,2026-10-01\n3,3,dollars,2026-10-01\n"
        "7,7,USD,soon\nx,99999999999999999999999999999,USD,2026-11-01\n"
    )

    result = loads.load(path)

    assert (result.rows, result.quarantined) == (1, 4)
    assert result.quarantined_money == {"USD": Decimal(9), "XXX": Decimal(3)}
    assert [(one.record_number, one.reason[:40]) for one in result.rejected] == [
        (2, "EffectiveCost is empty; accepted is a de"),
        (3, "BillingCurrency 'dollars' cannot be read"),
        (4, "BillingPeriodStart 'soon' cannot be read"),
        (5, "BilledCost 'x' cannot be read; accepted "),
    ]
    found = loads.rows(
        "quarantine", 'record_number, x_BillingPeriod AS "in", billed_cost, currency, x_SourceId'
    )
    assert found == [
        (2, "2026-10", Decimal(2), "USD", "aws:focus"),
        (3, "2026-10", Decimal(3), "XXX", "aws:focus"),
        (4, "", Decimal(7), "USD", "aws:focus"),
        (5, "2026-11", None, "USD", "aws:focus"),
    ]
    record = (
        '{"BilledCost":"7","EffectiveCost":"7","BillingCurrency":"USD","BillingPeriodStart":"soon"}'
    )
    assert loads.rows("quarantine", "record", "record_number = 4") == [(record,)]


def test_a_good_delivery_clears_the_quarantine_of_its_periods(loads: Loads, tmp_path: Path) -> None:
    """What file a could not say is said now; what file b could not say is still missing."""
    loads.load(bill(tmp_path, "a.csv", "1", "x"), bill(tmp_path, "b.csv", "2", "y"))
    bad = bill(tmp_path, "c.csv", "4", BillingPeriodStart="?")
    good = bill(tmp_path, "d.csv", "4", BillingPeriodStart="2026-08-01")
    loads.load(bad, good)

    loads.load(bill(tmp_path, "a.csv", "1", "3"), bill(tmp_path, "b.csv", "2", "z"))

    assert loads.rows("quarantine", "file_name, record_number") == [("b.csv", 2), ("c.csv", 1)]
    loads.load(bill(tmp_path, "c.csv", "4", BillingPeriodStart="2026-07-01"))
    assert loads.rows("quarantine", "file_name, record_number") == [("b.csv", 2)]


def test_a_delivery_in_which_nothing_can_be_read_is_refused(loads: Loads, tmp_path: Path) -> None:
    """October stays as it was."""
    loads.load(bill(tmp_path, "a.csv", "1"))

    with pytest.raises(NothingReadableError, match=r"a\.csv, record 1: BilledCost 'a' .* none of"):
        loads.load(bill(tmp_path, "a.csv", "a", "b"))

    assert loads.rows("cost_line", COST) == [(Decimal(1), "2026-10")]
    assert loads.rows("quarantine", "record_number") == []


@pytest.mark.parametrize("append", [False, True])
@pytest.mark.parametrize("commits", [0, 1, 2])
def test_a_load_that_dies_is_finished_by_the_next_try(
    loads: Loads, tmp_path: Path, commits: int, *, append: bool
) -> None:
    """Dying before the first commit, between the two, or before the record: one row each, once."""
    path = bill(tmp_path, "a.csv", "1", "x")
    count, now = iter(range(9)), loads.clock

    def dies() -> None:
        if next(count) >= commits:
            raise LeaseLostError("gone")

    def clock() -> datetime:
        if next(count) == 1:
            raise LeaseLostError("gone")
        return now()

    loads.clock = clock if commits == COMMITS else now
    with pytest.raises(LeaseLostError):
        loads.load(path, append=append, guard=dies if commits < COMMITS else lambda: None)
    loads.clock = now

    second = loads.load(path, append=append)

    assert loads.rows("cost_line", COST) == [(Decimal(1), "2026-10")]
    assert loads.rows("quarantine", "record_number") == [(2,)]
    with loads.store.work() as work:
        assert work.deliveries.by_id(second.load_id) is not None
    with pytest.raises(DuplicateLoad):
        loads.load(path, append=append)


def test_kinds_of_one_source_do_not_clear_each_others_quarantine(
    loads: Loads, tmp_path: Path
) -> None:
    """A price list of the same source and month leaves the bill's set-aside row alone."""
    loads.load(bill(tmp_path, "a.csv", "1", "x"), source="acme")
    columns = "provider,region,machine_type,purchase_model,unit,amount,currency,valid_from"
    row = "aws,us-east-1,p5.48xlarge,spot,machine-hour,12.5,USD,2026-10-01"
    prices = write(tmp_path / "p.csv", columns.split(","), [row.split(",")])

    loads.load(prices, source="acme")

    assert loads.rows("quarantine", "file_name") == [("a.csv",)]


def test_tags_that_differ_in_case_only_are_both_loaded(loads: Loads, tmp_path: Path) -> None:
    """A legacy report has a column for each tag: Team says nlp and team says vision."""
    columns = {
        "bill/PayerAccountId": "123456789012",
        "bill/BillingPeriodStartDate": "2026-10-01T00:00:00Z",
        "lineItem/LineItemType": "Usage",
        "lineItem/CurrencyCode": "USD",
        "lineItem/UnblendedCost": "1.5",
        "resourceTags/user:Team": "nlp",
        "resourceTags/user:team": "vision",
    }

    loads.load(write(tmp_path / "report.csv", list(columns), [list(columns.values())]))

    [row] = loads.rows("cost_line", "BilledCost, Tags")
    assert row == (Decimal("1.5"), '{"Team":"nlp","team":"vision"}')


def test_the_documented_examples_load_without_a_fault(loads: Loads, tmp_path: Path) -> None:
    """Six forms with one or two rows each stand in docs/loading.md; all rows are taken."""
    page = (Path(__file__).parents[3] / "docs" / "loading.md").read_text(encoding="utf-8")
    examples = re.findall(r"```csv\n(.*?)```", page, re.DOTALL)

    results = []
    for number, example in enumerate(examples):
        path = tmp_path / f"{number}.csv"
        path.write_text(example, encoding="utf-8")
        results.append(loads.load(path, source=f"example-{number}"))

    assert [(one.kind, one.rows, one.quarantined) for one in results] == [
        ("focus", 1, 0),
        ("prices", 2, 0),
        ("usage", 1, 0),
        ("jobs", 1, 0),
        ("nodes", 1, 0),
        ("availability", 2, 0),
    ]
