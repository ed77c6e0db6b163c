"""Fingerprints the files of snapshots, so that a change behind the lake's back is found."""

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial

from warehouse.commit import current_files
from warehouse.errors import StorageFailed
from warehouse.lake import Lake
from warehouse.port import Partition
from warehouse.tables import COST_LINE
from warehouse.transactions import storage_fails

_BLOCK_BYTES = 1 << 20


def seal(
    lake: Lake, snapshots: Mapping[str, int | None], wanted: Callable[[Partition], bool]
) -> dict[str, str]:
    """The SHA-256 of every data file of these snapshots in a ``wanted`` partition.

    The keys are the files' places below the lake, so that a lake may be moved.

    Raises:
        UnknownTable: When a snapshot is no longer kept.
        StorageFailed: When a file cannot be read.
    """
    places = _places(lake, snapshots, wanted)
    return {place: _digest(lake, lake.storage.uri + place) for place in places}


def broken(lake: Lake, sealed: Mapping[str, str]) -> Iterator[str]:
    """Yield a sentence for every file of a seal that is gone or has other bytes now."""
    for place, digest in sealed.items():
        try:
            found = _digest(lake, lake.storage.uri + place)
        except StorageFailed as problem:
            yield str(problem)
        else:
            if found != digest:
                yield f"the lake's file {place.lstrip('/')} has other bytes than when it was sealed"


def strayed(
    lake: Lake,
    snapshots: Mapping[str, int | None],
    wanted: Callable[[Partition], bool],
    sealed: Collection[str],
) -> Iterator[str]:
    """Yield a sentence for every file that only the seal or only its snapshots have.

    Raises:
        UnknownTable: When a snapshot is no longer kept.
        StorageFailed: When the list of its files cannot be read.
    """
    listed = set(_places(lake, snapshots, wanted))
    for place in sorted(listed.difference(sealed)):
        yield f"the lake's file {place.lstrip('/')} is in the snapshots, but was not sealed"
    for place in sorted(set(sealed) - listed):
        yield f"the lake's file {place.lstrip('/')} was sealed, but is in none of the snapshots"


def _places(
    lake: Lake, snapshots: Mapping[str, int | None], wanted: Callable[[Partition], bool]
) -> list[str]:
    return [
        file.uri.removeprefix(lake.storage.uri)
        for table, snapshot in sorted(snapshots.items())
        if snapshot is not None
        for file in current_files(lake, table, snapshot)
        if wanted(file.partition)
    ]


def _digest(lake: Lake, uri: str) -> str:
    digest = hashlib.sha256()
    with storage_fails(uri):
        # The files of all tables are in one place, so any table's way there reaches them.
        source = lake.table(COST_LINE.name).io.new_input(uri)
        with source.open() as stream:
            for block in iter(partial(stream.read, _BLOCK_BYTES), b""):
                digest.update(block)
    return digest.hexdigest()
