"""Exports in Blob storage, over TLS through the real clients: what each state comes to."""

import gzip
import io
import json
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingest.port import (
    Delivery,
    FileFormat,
    Kind,
    RejectedSourceError,
    Source,
    TransientSourceError,
)
from ingest.settings import AzureExportSettings
from ingest.sources.azure import azure_source
from ingest.sources.azure.export import AzureExport
from ingest.sources.azure.manifest import parse_manifest
from tests.ingest.azure.conftest import NOW
from tests.ingest.source_contract import SourceContract
from tests.peers.azure import FakeAzure, Part, Run, deliver_azure_export, refused

HEADER = "BilledCost,EffectiveCost,BillingCurrency,BillingPeriodStart,InvoiceId\n"
BILL = HEADER + "1.5,1.5,USD,2026-10-01T00:00:00Z,a\n2,2,USD,2026-10-01T00:00:00Z,b\n"
OTHER = HEADER + "7,7,USD,2026-10-01T00:00:00Z,c\n"
ACTUAL = "date,costInBillingCurrency,billingCurrency\n10/01/2026,1.5,USD\n"
ONE = Part("part_0_0001.csv", BILL.encode(), 2)
TWO = Part("part_1_0001.csv", OTHER.encode(), 1)
OCTOBER = Run()


def fetched(source: AzureExport, folder: Path, place: int = 0) -> Delivery:
    """Fetch one of what is announced."""
    return source.fetch(source.announced({})[place], folder, 7)


class TestAzureExport(SourceContract):
    @pytest.fixture
    def source(self, peer: FakeAzure, export: AzureExport) -> Source:
        """Two months, the first in two files."""
        deliver_azure_export(peer, OCTOBER, [ONE, TWO])
        deliver_azure_export(peer, replace(OCTOBER, month="2026-09"), [TWO])
        return export


def test_a_run_is_announced_by_its_month_and_delivered_as_its_manifest_says(
    peer: FakeAzure, export: AzureExport, tmp_path: Path
) -> None:
    """Two files with 2 and 1 records of October, submitted at 03:00:00.123 UTC."""
    deliver_azure_export(peer, OCTOBER, [ONE, TWO])

    [announced] = export.announced({})
    delivery = export.fetch(announced, tmp_path, 7)

    assert (announced.kind, announced.period) == (Kind.FOCUS, "2026-10")
    assert announced.version == 1793588400123
    assert str(announced.mark).startswith(OCTOBER.run_id)
    assert delivery.dialect == "focus-1.2"
    assert [file.name for file in delivery.files] == ["part_0_0001.csv", "part_1_0001.csv"]


def test_other_blobs_are_never_read(peer: FakeAzure, export: AzureExport, tmp_path: Path) -> None:
    """A file of a run that is still writing lies beside the manifest; only one is downloaded."""
    deliver_azure_export(peer, OCTOBER, [ONE])
    peer.put(f"{OCTOBER.folder}/part_9_0001.csv", OTHER.encode())

    delivery = fetched(export, tmp_path)

    assert len(delivery.files) == 1
    assert not peer.asked("part_9_0001.csv")


@pytest.mark.parametrize("overwrite", [True, False])
@pytest.mark.parametrize("manifest_name", ["manifest.json", "_manifest.json"])
def test_both_ways_to_write_and_both_names_of_the_manifest_are_read(
    *,
    peer: FakeAzure,
    export: AzureExport,
    tmp_path: Path,
    overwrite: bool,
    manifest_name: str,
) -> None:
    """The run of the 3rd has 1 record where that of the 2nd had 2; a month is its newest run."""
    first = replace(OCTOBER, overwrite=overwrite, manifest_name=manifest_name)
    deliver_azure_export(peer, first, [ONE])
    before = export.announced({})
    later = replace(first, submitted="2026-11-03T03:00:00Z", run_id="run-2")
    deliver_azure_export(peer, later, [replace(TWO, name=ONE.name)])

    [after] = export.announced({})

    assert [before[0].mark != after.mark, str(after.mark).startswith("run-2")] == [True, True]
    assert export.fetch(after, tmp_path, 7).files[0].size_bytes == len(OTHER)


def test_an_older_run_that_appears_later_changes_nothing(
    peer: FakeAzure, export: AzureExport
) -> None:
    """The run of 3 November stays the newest when that of the 2nd ends after it."""
    newest = replace(OCTOBER, submitted="2026-11-03T03:00:00Z", run_id="run-2")
    deliver_azure_export(peer, newest, [TWO])
    before = export.announced({})

    deliver_azure_export(peer, OCTOBER, [ONE])

    assert export.announced({}) == before


def test_manifests_that_cannot_be_the_newest_are_not_opened(
    peer: FakeAzure, export: AzureExport
) -> None:
    """No run takes two days, so the manifest that was written three days before is left alone."""
    old = deliver_azure_export(peer, OCTOBER, [ONE])
    peer.put(old, peer.blobs[old].data, days_old=3)
    deliver_azure_export(peer, replace(OCTOBER, submitted="2026-11-03T03:00:00Z"), [TWO])

    export.announced({})

    assert not [call for call in peer.asked(old) if call.method == "GET"]


def test_months_before_since_are_not_announced(peer: FakeAzure, export: AzureExport) -> None:
    """The setting begins with September, so August is not looked at."""
    deliver_azure_export(peer, replace(OCTOBER, month="2026-08"), [ONE])

    assert export.announced({}) == []


def test_a_folder_without_days_tells_its_month_by_the_manifest(
    peer: FakeAzure, export: AzureExport
) -> None:
    """Older exports wrote no folder of days: October stands in the manifest, and August too."""
    october, august = (Run(month=one).manifest([ONE]) for one in ("2026-10", "2026-08"))
    peer.put("exports/daily/guid/manifest.json", json.dumps(october).encode())
    peer.put("exports/daily/old/_manifest.json", json.dumps(august).encode())

    assert [one.period for one in export.announced({})] == ["2026-10"]


@pytest.mark.parametrize(
    ("kind", "dialect"), [("ActualCost", "azure-actual"), ("AmortizedCost", "azure-amortized")]
)
def test_the_type_of_the_export_names_the_dialect(
    peer: FakeAzure, export: AzureExport, tmp_path: Path, kind: str, dialect: str
) -> None:
    """Actual and amortised costs have the same columns, so the manifest tells which it is."""
    part = Part("part_0_0001.csv", ACTUAL.encode(), 1)
    deliver_azure_export(peer, replace(OCTOBER, type=kind), [part])

    assert fetched(export, tmp_path).dialect == dialect


@pytest.mark.parametrize(
    ("said", "dialect"),
    [("1.2-preview", "focus-1.2"), ("1.0", "focus-1.0"), ("1.0r2", "focus-1.0"), ("", "focus-1.2")],
)
def test_the_manifest_tells_the_version_of_focus(
    peer: FakeAzure, export: AzureExport, tmp_path: Path, said: str, dialect: str
) -> None:
    """InvoiceId is a column of 1.2, and Microsoft's 1.0 has such columns too."""
    deliver_azure_export(peer, replace(OCTOBER, data_version=said), [ONE])

    assert fetched(export, tmp_path).dialect == dialect


def test_gzip_and_parquet_are_counted_as_well(
    peer: FakeAzure, export: AzureExport, tmp_path: Path
) -> None:
    """2 records in gzip, whose bytes the manifest counts unpacked, and 1 in Parquet."""
    packed = Part("part_0_0001.csv.gz", gzip.compress(BILL.encode()), 2, len(BILL))
    stream = io.BytesIO()
    rows = {"BilledCost": [7.0], "EffectiveCost": [7.0], "BillingCurrency": ["USD"]}
    table = pa.table(rows | {"BillingPeriodStart": ["2026-10-01"]})
    pq.write_table(table, stream, compression="snappy")
    deliver_azure_export(
        peer, OCTOBER, [packed, Part("part_1_0001.snappy.parquet", stream.getvalue(), 1)]
    )

    delivery = fetched(export, tmp_path)

    assert [file.format for file in delivery.files] == [FileFormat.CSV, FileFormat.PARQUET]


@pytest.mark.parametrize("parts", [[], [Part("part_0_0001.csv", HEADER.encode(), 0)]])
def test_a_run_of_no_rows_empties_its_month(
    peer: FakeAzure, export: AzureExport, tmp_path: Path, parts: list[Part]
) -> None:
    """With no file, or one with a header alone, October is delivered with nothing in it."""
    deliver_azure_export(peer, OCTOBER, parts)

    delivery = fetched(export, tmp_path)

    assert (delivery.period, delivery.files, delivery.dialect) == ("2026-10", (), "focus-1.2")
    deliver_azure_export(peer, replace(OCTOBER, data_version=""), parts)
    assert fetched(export, tmp_path).dialect == "focus-1.0"


def test_a_blob_that_is_named_twice_is_read_once(
    peer: FakeAzure, export: AzureExport, tmp_path: Path
) -> None:
    """The manifest lists the same name twice, so there is one file."""
    deliver_azure_export(peer, OCTOBER, [ONE, ONE])

    assert len(fetched(export, tmp_path).files) == 1


def test_two_blobs_with_the_same_content_are_refused(
    peer: FakeAzure, export: AzureExport, tmp_path: Path
) -> None:
    """Every charge in them would count twice."""
    deliver_azure_export(peer, OCTOBER, [ONE, replace(ONE, name="part_1_0001.csv")])

    with pytest.raises(RejectedSourceError, match=r"part_0_0001.csv and part_1_0001.csv have"):
        fetched(export, tmp_path)


def test_a_blob_that_is_missing_is_refused(
    peer: FakeAzure, export: AzureExport, tmp_path: Path
) -> None:
    """The manifest names two files, and one of them is not there."""
    deliver_azure_export(peer, OCTOBER, [ONE, replace(TWO, absent=True)])

    with pytest.raises(RejectedSourceError, match=r"part_1_0001.csv: the blob that the manifest"):
        fetched(export, tmp_path)


@pytest.mark.parametrize(
    ("part", "told"),
    [
        (replace(ONE, bytes_said=999), "has 136 bytes where the manifest says 999"),
        (replace(ONE, rows_said=3), "has 2 records where the manifest says 3"),
    ],
)
def test_a_blob_that_is_cut_off_is_tried_again(
    peer: FakeAzure, export: AzureExport, tmp_path: Path, part: Part, told: str
) -> None:
    """Bytes or records are fewer than the manifest says."""
    deliver_azure_export(peer, OCTOBER, [part])

    with pytest.raises(TransientSourceError, match=told):
        fetched(export, tmp_path)


def test_a_manifest_without_counts_is_taken_at_its_word(
    peer: FakeAzure, export: AzureExport, tmp_path: Path
) -> None:
    """Manifests of 2023 count neither records nor bytes."""
    deliver_azure_export(
        peer, replace(OCTOBER, rows_said=None), [replace(ONE, rows_said=None, bytes_said=None)]
    )

    assert len(fetched(export, tmp_path).files) == 1


def test_a_blob_that_is_replaced_while_it_is_read_is_tried_again(
    peer: FakeAzure, export: AzureExport, tmp_path: Path
) -> None:
    """The ETag that was told first is asked for, and is gone."""
    deliver_azure_export(peer, OCTOBER, [ONE])
    peer.changing[f"{OCTOBER.folder}/{ONE.name}"] = OTHER.encode()

    with pytest.raises(TransientSourceError, match="it was replaced while it was read"):
        fetched(export, tmp_path)


def test_a_run_that_is_overwritten_after_it_was_announced_is_tried_again(
    peer: FakeAzure, export: AzureExport, tmp_path: Path
) -> None:
    """The manifest has another ETag than the announcement."""
    run = replace(OCTOBER, overwrite=True)
    deliver_azure_export(peer, run, [ONE])
    [announced] = export.announced({})
    deliver_azure_export(peer, replace(run, run_id="run-2"), [TWO])

    with pytest.raises(TransientSourceError, match="it was replaced while it was read"):
        export.fetch(announced, tmp_path, 7)


def test_a_manifest_that_is_half_written_holds_up_its_own_month_only(
    peer: FakeAzure, export: AzureExport, tmp_path: Path
) -> None:
    """October waits for its newest run; September can be fetched."""
    deliver_azure_export(peer, replace(OCTOBER, month="2026-09"), [TWO])
    deliver_azure_export(peer, OCTOBER, [ONE])
    peer.put(f"{OCTOBER.folder[:-1]}2/manifest.json", b'{"exportConfig": {"exp', days_old=-0.1)

    september, october = export.announced({})

    assert len(export.fetch(september, tmp_path, 7).files) == 1
    with pytest.raises(TransientSourceError, match="the manifest is not whole yet"):
        export.fetch(october, tmp_path, 7)


def test_a_manifest_that_says_too_little_is_refused(
    peer: FakeAzure, export: AzureExport, tmp_path: Path
) -> None:
    """Without runInfo nobody knows which month it is of, but for the folder's name."""
    peer.put(f"{OCTOBER.folder}/manifest.json", b'{"exportConfig": {}, "blobs": []}')

    with pytest.raises(RejectedSourceError, match=r"lacks 'runInfo'; needed are exportConfig.type"):
        fetched(export, tmp_path)


def test_a_manifest_of_no_known_month_is_told_at_once(peer: FakeAzure, export: AzureExport) -> None:
    """It lies in no folder of days and cannot be read, so no month can be named."""
    peer.put("exports/daily/guid/manifest.json", b"{")

    with pytest.raises(TransientSourceError, match="the manifest is not whole yet"):
        export.announced({})


def test_a_run_of_some_days_does_not_replace_a_month(
    peer: FakeAzure, export: AzureExport, tmp_path: Path
) -> None:
    """The 5th to the 10th of October are no October; the month's run counts though it is older."""
    part = Run(
        submitted="2026-11-04T03:00:00Z",
        run_id="days",
        time_frame="Custom",
        start="2026-10-05T00:00:00",
        end="2026-10-10T00:00:00",
    )
    deliver_azure_export(peer, part, [TWO])

    with pytest.raises(RejectedSourceError, match="the run covers 2026-10-05 to 2026-10-10"):
        fetched(export, tmp_path)
    deliver_azure_export(peer, OCTOBER, [ONE])

    assert fetched(export, tmp_path).files[0].size_bytes == len(BILL)


@pytest.mark.parametrize(
    ("frame", "start", "end", "whole"),
    [
        ("MonthToDate", "2026-11-01", "2026-11-01", True),
        ("MonthToDate", "2026-11-01", "2026-11-20T00:00:00Z", True),
        ("TheLastMonth", "2026-11-01", "2026-12-01", True),
        ("OneTime", "2026-11-01", "2026-11-30", True),
        ("OneTime", "2026-11-01", "2026-11-20", True),
        ("OneTime", "2026-11-01", "2026-11-10", False),
        ("Custom", "2026-11-01", "2026-12-05", False),
        ("BillingMonthToDate", "2026-11-19", "2026-12-18", False),
    ],
)
def test_whole_months(frame: str, start: str, end: str, *, whole: bool) -> None:
    """A run of 21 November is whole when it reaches the day before, or the month's end."""
    run = Run(submitted="2026-11-21T02:00:00Z", time_frame=frame, start=start, end=end)

    found = parse_manifest(json.dumps(run.manifest([ONE])).encode(), "manifest.json")

    assert found.is_whole_month == whole


def test_an_export_that_is_no_bill_is_refused(
    peer: FakeAzure, export: AzureExport, tmp_path: Path
) -> None:
    """A price sheet is exported the same way."""
    deliver_azure_export(peer, replace(OCTOBER, type="PriceSheet"), [ONE])

    with pytest.raises(RejectedSourceError, match="type PriceSheet; accepted are FocusCost, Act"):
        fetched(export, tmp_path)


@pytest.mark.parametrize(
    ("kind", "told"),
    [("ActualCost", "no column of costs in the header"), ("FocusCost", "columns BilledCost")],
)
def test_files_that_are_something_else_are_refused(
    peer: FakeAzure, export: AzureExport, tmp_path: Path, kind: str, told: str
) -> None:
    """A file of usage has no costs."""
    part = Part("part_0_0001.csv", b"date,quantity\n2026-10-01,1\n", 1)
    deliver_azure_export(peer, replace(OCTOBER, type=kind), [part])

    with pytest.raises(RejectedSourceError, match=told):
        fetched(export, tmp_path)


def test_a_damaged_file_is_named_as_azure_names_it(
    peer: FakeAzure, export: AzureExport, tmp_path: Path
) -> None:
    """A Parquet file without its end, and a record with a value too many."""
    deliver_azure_export(peer, OCTOBER, [Part("part_0_0001.snappy.parquet", b"PAR1xxxx", 1)])
    deliver_azure_export(
        peer, replace(OCTOBER, month="2026-09"), [Part("part_0_0001.csv", b"a,b\n1,2,3\n", 1)]
    )

    with pytest.raises(RejectedSourceError, match=r"^part_0_0001.csv: cannot be read as CSV"):
        fetched(export, tmp_path, 0)
    with pytest.raises(RejectedSourceError, match=r"^part_0_0001.snappy.parquet: the Parquet"):
        fetched(export, tmp_path, 1)


def test_exports_of_two_scopes_in_one_folder_need_a_scope(
    peer: FakeAzure, exporting: AzureExportSettings, export: AzureExport
) -> None:
    """Two subscriptions export into the same directory; the setting's scope picks one."""
    deliver_azure_export(peer, OCTOBER, [ONE])
    other = replace(OCTOBER, scope="subscriptions/other", submitted="2026-11-03T03:00:00Z")
    deliver_azure_export(peer, other, [TWO])
    with_scope = exporting.model_copy(update={"scope": "/Subscriptions/Other/"})

    with pytest.raises(RejectedSourceError, match="exports of several scopes deliver into the"):
        export.announced({})
    [mine] = AzureExport(with_scope, clock=lambda: NOW).announced({})
    absent = exporting.model_copy(update={"scope": "subscriptions/third"})

    assert mine.version == 1793674800000
    assert AzureExport(absent, clock=lambda: NOW).announced({}) == []


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("AuthorizationPermissionMismatch", "give it the role Storage Blob Data Reader"),
        ("AuthorizationFailure", "the storage account's firewall refuses this address"),
        ("AuthenticationFailed", "the storage account does not accept the sign-in"),
        ("SomethingNew", "Azure refuses it"),
    ],
)
def test_a_container_that_may_not_be_read_says_what_to_do(
    peer: FakeAzure, export: AzureExport, code: str, advice: str
) -> None:
    """403 has several reasons, and each its own remedy."""
    peer.scripted += [("/account/bills", refused(403, code, "no"))] * 2

    with pytest.raises(RejectedSourceError, match=f"listing .*/exports/daily/: .*{advice}"):
        export.announced({})
    [check] = export.check()

    assert (check.passed, advice in check.advice) == (False, True)


def test_the_directory_may_be_the_containers_own(
    peer: FakeAzure, exporting: AzureExportSettings
) -> None:
    """Without root_folder the export's folder lies at the top."""
    deliver_azure_export(peer, replace(OCTOBER, root=""), [ONE])
    setting = exporting.model_copy(update={"root_folder": ""})

    assert len(list(azure_source(setting, clock=lambda: NOW).announced({}))) == 1


def test_an_empty_container_is_told_by_the_check(peer: FakeAzure, export: AzureExport) -> None:
    """It can be read, and there is no run in it."""
    del peer

    reading, runs = export.check()

    assert (reading.passed, runs.passed) == (True, False)
    assert "there is no manifest of 2026-09 or later" in runs.advice
