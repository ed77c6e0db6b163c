"""A seal knows every file of a snapshot by its bytes, in a folder and in a bucket."""

import shutil
from pathlib import Path

import pytest

from tests.warehouse.conftest import Bucket
from tests.warehouse.rows import NOVEMBER, OCTOBER, deliver
from warehouse.commit import current_files
from warehouse.errors import UnknownTable
from warehouse.lake import Lake
from warehouse.port import Partition
from warehouse.seal import broken, seal, strayed


def _october(place: Partition) -> bool:
    return place.period == "2026-10"


def test_a_seal_names_the_wanted_files_of_its_snapshot_only(any_lake: Lake) -> None:
    """October has one file, November is not asked for; both have a table without a snapshot."""
    deliver(any_lake, {OCTOBER: ["1.00"], NOVEMBER: ["2.00"]})
    snapshots = any_lake.view(["cost_line", "price"]).snapshots
    deliver(any_lake, {OCTOBER: ["3.00"]}, number=2)

    sealed = seal(any_lake, snapshots, _october)

    assert len(sealed) == 1
    assert seal(any_lake, any_lake.view(["cost_line"]).snapshots, _october) != sealed
    assert list(broken(any_lake, sealed)) == []


def test_a_changed_byte_is_found(lake: Lake) -> None:
    """Also where the file keeps its length."""
    deliver(lake, {OCTOBER: ["1.00"]})
    sealed = seal(lake, lake.view(["cost_line"]).snapshots, _october)
    [place] = sealed
    path = Path(current_files(lake, "cost_line")[0].uri)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1

    path.write_bytes(content)

    assert list(broken(lake, sealed)) == [
        f"the lake's file {place.lstrip('/')} has other bytes than when it was sealed"
    ]


def test_a_file_that_is_gone_is_found(lake: Lake) -> None:
    """The sentence names it."""
    deliver(lake, {OCTOBER: ["1.00"]})
    sealed = seal(lake, lake.view(["cost_line"]).snapshots, _october)

    Path(current_files(lake, "cost_line")[0].uri).unlink()

    [sentence] = broken(lake, sealed)
    assert "could not be read" in sentence or "failed" in sentence
    assert next(iter(sealed)) in sentence


def test_an_object_that_is_gone_is_found(s3_lake: Lake, bucket: Bucket) -> None:
    """A bucket says so in other words than a folder."""
    deliver(s3_lake, {OCTOBER: ["1.00"]})
    sealed = seal(s3_lake, s3_lake.view(["cost_line"]).snapshots, _october)
    [key] = [one for one in bucket.objects() if one.endswith(next(iter(sealed)))]

    bucket.client.delete_object(Bucket=bucket.name, Key=key)

    [sentence] = broken(s3_lake, sealed)
    assert next(iter(sealed)) in sentence


def test_an_expired_snapshot_cannot_be_sealed(lake: Lake) -> None:
    """There is nothing left to read."""
    with pytest.raises(UnknownTable, match="snapshot 7 of cost_line is not kept any more"):
        seal(lake, {"cost_line": 7}, _october)


def test_a_seal_holds_where_the_lake_was_copied_to(lake: Lake, tmp_path: Path) -> None:
    """Places are told from the lake's root, so another root with the same bytes is as good."""
    deliver(lake, {OCTOBER: ["1.00"]})
    [(place, _)] = seal(lake, lake.view(["cost_line"]).snapshots, _october).items()

    copied = shutil.copytree(lake.storage.uri, tmp_path / "copy")

    assert (copied / place.lstrip("/")).is_file()


def test_a_seal_has_the_files_of_its_snapshots_and_no_others(any_lake: Lake) -> None:
    """A file too much and a file too few are both told by their places."""
    deliver(any_lake, {OCTOBER: ["1.00"], NOVEMBER: ["2.00"]})
    snapshots = any_lake.view(["cost_line", "price"]).snapshots
    sealed = seal(any_lake, snapshots, _october)
    [place] = sealed

    assert list(strayed(any_lake, snapshots, _october, sealed)) == []
    assert list(strayed(any_lake, snapshots, _october, {"/other": "0"})) == [
        f"the lake's file {place.lstrip('/')} is in the snapshots, but was not sealed",
        "the lake's file other was sealed, but is in none of the snapshots",
    ]
