"""Files as a source of deliveries."""

from pathlib import Path

import pytest

from ingest.port import DeliveredFile, Delivery, FileFormat, Kind, RejectedSourceError, Source
from ingest.registry import checked_kind, files_source
from ingest.sources.files import FilesSource
from tests.ingest.source_contract import SourceContract

BILL = "BilledCost,EffectiveCost,BillingCurrency,BillingPeriodStart\n1,1,USD,2026-10-01\n"
NODES = "provider,resource_id,host\naws,i-1,gpu-1\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two bills and a list of machines."""
    (tmp_path / "a.csv").write_text(BILL)
    (tmp_path / "b.csv").write_text(BILL.replace("1,1", "2,2"))
    (tmp_path / "nodes.csv").write_text(NODES)
    return tmp_path


class TestFilesSource(SourceContract):
    @pytest.fixture
    def source(self, folder: Path) -> Source:
        """Everything in the folder."""
        return FilesSource("acme", [f"{folder}/*.csv"])


def test_files_come_as_one_delivery_of_each_kind(folder: Path) -> None:
    """Two bills and one list of machines are two deliveries, of 2 and 1 files."""
    source = files_source("acme", [f"{folder}/*.csv"])

    found = list(source.deliveries(1))

    assert [(one.kind, len(one.files), one.complete) for one in found] == [
        (Kind.FOCUS, 2, True),
        (Kind.NODES, 1, True),
    ]


def test_a_kind_that_is_given_is_not_guessed(folder: Path) -> None:
    """A list of machines that is called a bill lacks what a bill needs."""
    source = files_source("acme", [f"{folder}/nodes.csv"], "focus")

    with pytest.raises(RejectedSourceError, match=r"nodes\.csv: columns BilledCost, .* missing"):
        list(source.deliveries(1))


def test_appended_files_are_no_complete_delivery(folder: Path) -> None:
    """What only adds says so."""
    source = files_source("acme", [f"{folder}/a.csv"], complete=False)

    assert [one.complete for one in source.deliveries(1)] == [False]


def test_a_pattern_without_files_is_refused(tmp_path: Path) -> None:
    """A mistyped pattern must not pass for a source with nothing new."""
    with pytest.raises(RejectedSourceError, match=r"no file fits .*\*\.parquet"):
        list(files_source("acme", [f"{tmp_path}/*.parquet"]).deliveries(1))


def test_the_same_content_twice_is_refused(folder: Path) -> None:
    """A copy of a bill would be counted twice."""
    (folder / "copy.csv").write_text(BILL)

    with pytest.raises(RejectedSourceError, match=r"copy\.csv and a\.csv have the same content"):
        list(files_source("acme", [f"{folder}/*.csv"]).deliveries(1))


def test_the_same_name_in_two_folders_is_refused(folder: Path) -> None:
    """Rows are traced to file names."""
    (folder / "more").mkdir()
    (folder / "more" / "a.csv").write_text(BILL.replace("1,1", "9,9"))

    with pytest.raises(RejectedSourceError, match="have the same name"):
        list(files_source("acme", [f"{folder}/**/*.csv"]).deliveries(1))


@pytest.mark.parametrize("name", ["", "AWS", "a/b", "a:b", "-a", "x" * 64])
def test_odd_source_names_are_refused(name: str) -> None:
    """A name becomes part of partitions, so it is short and plain."""
    with pytest.raises(RejectedSourceError, match="is no source name"):
        files_source(name, ["x.csv"])


def test_an_unknown_kind_is_refused() -> None:
    """The sentence says which there are."""
    with pytest.raises(RejectedSourceError, match="accepted are focus, prices, usage, jobs, nodes"):
        checked_kind("invoices")


def _file(sha256: str) -> DeliveredFile:
    return DeliveredFile("/a", "a", 1, sha256, FileFormat.CSV, ("x",))


@pytest.mark.parametrize("files", [(), (_file("1"), _file("1"))])
def test_a_delivery_has_files_and_each_once(files: tuple[DeliveredFile, ...]) -> None:
    """No file is no delivery; the same content twice would count twice."""
    with pytest.raises(ValueError, match="delivery of acme"):
        Delivery("acme", Kind.FOCUS, "focus-1.0", 1, complete=True, files=files)
