"""Bills in S3: what AWS delivers is announced by its manifest, and fetched whole or not at all."""

import json
from pathlib import Path

import pytest

from ingest.port import (
    Delivery,
    FileFormat,
    Kind,
    RejectedSourceError,
    Source,
    TransientSourceError,
)
from ingest.registry import source_of
from ingest.settings import AwsAccountSettings, AwsExportSettings
from ingest.sources.aws.account import AwsAccount
from ingest.sources.aws.export import AwsExport
from tests.ingest.aws.bills import CUR_1, CUR_2, NOW, Shop, focus_csv, parquet
from tests.ingest.source_contract import SourceContract
from tests.peers.moto import Mode, deliver_aws_export, deliver_legacy_report

MANIFEST = "bills/gpu/metadata/BILLING_PERIOD=2026-10/gpu-Manifest.json"


def _deliver(
    shop: Shop,
    files: dict[str, bytes],
    period: str = "2026-10",
    mode: Mode = "OVERWRITE_REPORT",
    execution: str = "run-1",
) -> str:
    return deliver_aws_export(
        shop.s3, shop.bucket, "bills", "gpu", period, files, mode=mode, execution=execution
    )


def _write_manifest(shop: Shop, content: object) -> None:
    text = content if isinstance(content, str) else json.dumps(content)
    shop.s3.put_object(Bucket=shop.bucket, Key=MANIFEST, Body=text.encode())


def _fetch_only(source: AwsExport, folder: Path) -> Delivery:
    (announced,) = source.announced({})
    return source.fetch(announced, folder, 7)


class TestAwsExport(SourceContract):
    @pytest.fixture
    def source(self, shop: Shop) -> Source:
        """Two months, the last with two files."""
        _deliver(shop, {"gpu-00001.csv.gz": focus_csv("1")}, "2026-10")
        two = {"gpu-00001.csv.gz": focus_csv("2"), "gpu-00002.csv.gz": focus_csv("3")}
        _deliver(shop, two, "2026-11")
        return shop.source()


def test_a_period_is_announced_by_the_manifest_of_its_month(shop: Shop) -> None:
    """Of September, October and November only October was delivered; its ETag is the mark."""
    key = _deliver(shop, {"gpu-00001.csv.gz": focus_csv("1")})

    (found,) = shop.source().announced({})

    head = shop.s3.head_object(Bucket=shop.bucket, Key=key)
    assert (found.kind, found.period, found.mark) == (Kind.FOCUS, "2026-10", head["ETag"])
    assert found.version == int(head["LastModified"].timestamp()) * 1000
    assert found.place == f"s3://{shop.bucket}/{MANIFEST}"


def test_months_before_the_first_wanted_one_are_not_looked_at(shop: Shop) -> None:
    """September was delivered, but the bill is wanted from October on."""
    for period in ("2026-09", "2026-10", "2026-11"):
        _deliver(shop, {"a.csv.gz": focus_csv("1")}, period)

    found = [one.period for one in shop.source(since="2026-10").announced({})]

    assert found == ["2026-10", "2026-11"]


def test_nothing_is_announced_before_its_first_month_begins(shop: Shop) -> None:
    """In November 2026 nothing is there of a bill that begins in 2027."""
    assert list(shop.source(since="2027-01").announced({})) == []


def test_what_is_fetched_is_what_the_manifest_names(shop: Shop, tmp_path: Path) -> None:
    """Two files are delivered; a third lies in the bucket, but no manifest names it."""
    _deliver(shop, {"a.csv.gz": focus_csv("1"), "b.csv.gz": focus_csv("2")})
    stray = "bills/gpu/data/BILLING_PERIOD=2026-10/c.csv.gz"
    shop.s3.put_object(Bucket=shop.bucket, Key=stray, Body=focus_csv("3"))

    found = _fetch_only(shop.source(), tmp_path)

    assert [file.name for file in found.files] == ["a.csv.gz", "b.csv.gz"]
    assert (found.dialect, found.complete, found.period) == ("focus-1.0", True, "2026-10")


@pytest.mark.parametrize("mode", ["OVERWRITE_REPORT", "CREATE_NEW_REPORT"])
def test_a_new_delivery_has_another_mark_and_the_new_content(
    shop: Shop, tmp_path: Path, mode: Mode
) -> None:
    """The month is delivered with cost 1 and again with cost 2, in either overwrite mode."""
    source = shop.source()
    _deliver(shop, {"a.csv.gz": focus_csv("1")}, mode=mode, execution="run-1")
    (first,) = source.announced({})
    _deliver(shop, {"a.csv.gz": focus_csv("2")}, mode=mode, execution="run-2")

    (second,) = source.announced({(Kind.FOCUS, "2026-10"): str(first.mark)})
    found = source.fetch(second, tmp_path, 7)

    assert first.mark != second.mark
    assert Path(found.files[0].uri).read_bytes() == focus_csv("2")


def test_an_older_manifest_that_comes_back_has_its_older_version(shop: Shop) -> None:
    """In a bucket with versions the newest is removed: what is left is as old as it was."""
    enabled = {"Status": "Enabled"}
    shop.s3.put_bucket_versioning(Bucket=shop.bucket, VersioningConfiguration=enabled)
    key = _deliver(shop, {"a.csv.gz": focus_csv("1")}, execution="run-1")
    (first,) = shop.source().announced({})
    _deliver(shop, {"a.csv.gz": focus_csv("2")}, execution="run-2")
    newest = shop.s3.head_object(Bucket=shop.bucket, Key=key)["VersionId"]

    shop.s3.delete_object(Bucket=shop.bucket, Key=key, VersionId=newest)

    (again,) = shop.source().announced({})
    assert (again.mark, again.version) == (first.mark, first.version)


def test_a_legacy_report_is_read_by_its_report_keys(shop: Shop, tmp_path: Path) -> None:
    """CUR 1.0 of December lies in 20261201-20270101 and keeps its columns' slashes."""
    deliver_legacy_report(
        shop.s3, shop.bucket, "bills", "gpu", "2026-10", {"gpu-00001.csv": CUR_1.encode()}
    )

    found = _fetch_only(shop.source(layout="cur"), tmp_path)

    assert (found.dialect, [file.name for file in found.files]) == ("cur-1", ["gpu-00001.csv"])


def test_cur_2_is_told_by_its_columns(shop: Shop, tmp_path: Path) -> None:
    """A Parquet file with bill_payer_account_name is CUR 2.0."""
    _deliver(shop, {"gpu-00001.snappy.parquet": parquet([CUR_2])})

    found = _fetch_only(shop.source(), tmp_path)

    assert (found.dialect, found.files[0].format) == ("cur-2", FileFormat.PARQUET)


def test_a_manifest_without_files_delivers_an_empty_period(shop: Shop, tmp_path: Path) -> None:
    """A month without any charge replaces the month by nothing."""
    deliver_aws_export(
        shop.s3, shop.bucket, "bills", "gpu", "2026-10", {}, columns=["BilledCost", "InvoiceId"]
    )

    found = _fetch_only(shop.source(), tmp_path)

    assert (found.files, found.period, found.dialect) == ((), "2026-10", "focus-1.2")


def test_a_file_named_twice_comes_once(shop: Shop, tmp_path: Path) -> None:
    """The same key is the same charges, by whichever of its two spellings."""
    _deliver(shop, {"a.csv.gz": focus_csv("1")})
    key = "bills/gpu/data/BILLING_PERIOD=2026-10/a.csv.gz"
    _write_manifest(shop, {"dataFiles": [key, f"s3://{shop.bucket}/{key}"]})

    found = _fetch_only(shop.source(), tmp_path)

    assert len(found.files) == 1


def test_the_same_content_under_two_keys_is_refused(shop: Shop, tmp_path: Path) -> None:
    """Charges of 1 that come in two files would be 2."""
    _deliver(shop, {"a.csv.gz": focus_csv("1"), "b.csv.gz": focus_csv("1")})

    with pytest.raises(RejectedSourceError, match=r"a\.csv\.gz and .*b\.csv\.gz, which have the"):
        _fetch_only(shop.source(), tmp_path)


def test_a_file_that_is_not_there_is_refused_by_name(shop: Shop, tmp_path: Path) -> None:
    """The manifest is unchanged, so waiting does not help."""
    _deliver(shop, {"a.csv.gz": focus_csv("1"), "b.csv.gz": focus_csv("2")})
    lost = "bills/gpu/data/BILLING_PERIOD=2026-10/b.csv.gz"
    shop.s3.delete_object(Bucket=shop.bucket, Key=lost)

    with pytest.raises(RejectedSourceError, match=rf"names {lost}, which is not there"):
        _fetch_only(shop.source(), tmp_path)


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.csv.gz", focus_csv("1")[:-9]), ("a.parquet", parquet([CUR_2])[:-9])],
)
def test_a_file_that_was_cut_off_is_refused_by_name(
    shop: Shop, tmp_path: Path, name: str, content: bytes
) -> None:
    """A gzip or Parquet file without its last 9 bytes says where it breaks."""
    _deliver(shop, {name: content})

    with pytest.raises(RejectedSourceError, match=rf"{name}: .*(cut off|damaged)"):
        _fetch_only(shop.source(), tmp_path)


def test_a_manifest_that_is_half_written_is_tried_again(shop: Shop, tmp_path: Path) -> None:
    """Half a JSON text is what a writer that is not done leaves."""
    _write_manifest(shop, '{"dataFiles": ["a')

    with pytest.raises(TransientSourceError, match="is not whole JSON"):
        _fetch_only(shop.source(), tmp_path)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (["a"], "is no manifest; a JSON object is needed"),
        ({"files": []}, "names no data files"),
        ({"dataFiles": [{"key": "a"}]}, "names no data files"),
        ({"dataFiles": ["s3://elsewhere/a"]}, "names s3://elsewhere/a, which is not in the bucket"),
        (
            {"reportKeys": [], "billingPeriod": {"start": "20260901T000000.000Z"}},
            "is about 2026-09, but lies in the folder of 2026-10",
        ),
        (
            {"reportKeys": [], "billingPeriod": "2026-09"},
            "is about 2026-09, but lies in the folder of 2026-10",
        ),
    ],
)
def test_what_is_no_manifest_is_refused(
    shop: Shop, tmp_path: Path, content: object, sentence: str
) -> None:
    """Each sentence says what was found and what is accepted."""
    _write_manifest(shop, content)

    with pytest.raises(RejectedSourceError, match=sentence):
        _fetch_only(shop.source(), tmp_path)


def test_a_delivery_that_was_replaced_since_is_tried_again(shop: Shop, tmp_path: Path) -> None:
    """What was announced is gone when it is fetched."""
    _deliver(shop, {"a.csv.gz": focus_csv("1")}, execution="run-1")
    (announced,) = shop.source().announced({})
    _deliver(shop, {"a.csv.gz": focus_csv("2")}, execution="run-2")

    with pytest.raises(TransientSourceError, match="was replaced since it was looked at"):
        shop.source().fetch(announced, tmp_path, 7)


def test_a_file_that_goes_while_a_new_delivery_comes_is_tried_again(
    shop: Shop, tmp_path: Path
) -> None:
    """AWS overwrites: the old file is gone, and the manifest is another by now."""
    _deliver(shop, {"a.csv.gz": focus_csv("1")})
    source = shop.source()
    (announced,) = source.announced({})
    found = source._announced(announced, "2026-10")
    manifest = source._manifest(found, "2026-10")
    shop.s3.delete_object(Bucket=shop.bucket, Key=manifest.keys[0])
    _deliver(shop, {"b.csv.gz": focus_csv("2")}, execution="run-2")

    with pytest.raises(TransientSourceError, match="a new delivery came while this one was read"):
        list(source._files(found, manifest, tmp_path))


def test_a_file_that_is_replaced_while_it_is_read_is_tried_again(
    shop: Shop, tmp_path: Path
) -> None:
    """It was looked at with cost 1; with cost 2 it is another file."""
    shop.s3.put_object(Bucket=shop.bucket, Key="a", Body=focus_csv("1"))
    bucket = shop.source()._bucket
    found = bucket.look("a")
    shop.s3.put_object(Bucket=shop.bucket, Key="a", Body=focus_csv("2"))

    assert found is not None
    with pytest.raises(TransientSourceError, match="it was replaced while it was read"):
        bucket.download(found, tmp_path / "a")


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({"a.csv": b"x,y\n1,2\n"}, r"a\.csv: its columns x, y \.\.\. are those of no bill"),
        (
            {"a.csv": CUR_1.encode(), "b.csv.gz": focus_csv("1")},
            r"a\.csv and the files beside it are bills of different kinds \(cur-1, focus-1\.0\)",
        ),
        ({"a.csv": b"BilledCost\n1\n"}, "columns EffectiveCost, .* missing in the header"),
    ],
)
def test_files_of_no_bill_are_refused(
    shop: Shop, tmp_path: Path, files: dict[str, bytes], sentence: str
) -> None:
    """What is accepted is one bill: FOCUS, or CUR 2.0, or CUR 1.0."""
    _deliver(shop, files)

    with pytest.raises(RejectedSourceError, match=sentence):
        _fetch_only(shop.source(), tmp_path)


def test_the_registry_makes_the_source_that_the_settings_name(shop: Shop) -> None:
    """The type in the settings file chooses between bills and what AWS itself is asked."""
    account = AwsAccountSettings(name="aws", type="aws-account", regions=["us-east-1"])
    setting = AwsExportSettings(
        name="aws", type="aws-export", bucket=shop.bucket, export="gpu", since="2026-10"
    )

    assert isinstance(source_of(setting, clock=lambda: NOW), AwsExport)
    assert isinstance(source_of(account, clock=lambda: NOW), AwsAccount)
