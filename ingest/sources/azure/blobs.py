"""Brings blobs into a folder: whole, as they were named, and not changed while they were read."""

import gzip
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from azure.core import MatchConditions
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import BlobClient

from ingest.files import look_at
from ingest.port import (
    DeliveredFile,
    FileFormat,
    RejectedSourceError,
    SourceError,
    TransientSourceError,
)
from ingest.sources.azure.errors import plain_errors

_CHUNK_BYTES = 1 << 20
_GZIP_MAGIC = b"\x1f\x8b"


def fetch_blob(
    client: BlobClient, target: Path, *, name: str, bytes_said: int | None, rows_said: int | None
) -> DeliveredFile:
    """Download a blob and hold it against what was said of it, where something was.

    Raises:
        TransientSourceError: When it is being written, or was replaced meanwhile.
        RejectedSourceError: When it is missing, damaged, or not what was said.
    """
    place = client.url.partition("?")[0]
    _download(client, target, place)
    file = _looked_at(target, name)
    _refuse_other_size(file, target, place, bytes_said)
    if rows_said is not None:
        _refuse_other_rows(file, target, place, rows_said)
    return file


def own_name(name: str) -> str:
    """Return a blob's name without its folders."""
    return PurePosixPath(name).name


def refuse_same_content(files: list[DeliveredFile], place: str) -> None:
    """Refuse two blobs with the same content, which would count every charge in them twice.

    Raises:
        RejectedSourceError: When that is so; names both.
    """
    seen: dict[str, str] = {}
    for file in files:
        if file.sha256 in seen:
            raise RejectedSourceError(
                f"{place}: {seen[file.sha256]} and {file.name} have the same content, so their "
                "charges would count twice; run the export again"
            )
        seen[file.sha256] = file.name


def _download(client: BlobClient, target: Path, place: str) -> None:
    with plain_errors(f"reading {place}"):
        try:
            properties = client.get_blob_properties()
            stream = client.download_blob(
                etag=properties.etag, match_condition=MatchConditions.IfNotModified
            )
            with target.open("wb") as file:
                stream.readinto(file)
        except ResourceNotFoundError as problem:
            raise RejectedSourceError(
                f"{place}: the blob that the manifest names is not there; look whether a lifecycle "
                "rule of the storage account deletes it, and run the export again"
            ) from problem


def _looked_at(target: Path, name: str) -> DeliveredFile:
    """Look at a file, whose messages name it as the provider does."""
    try:
        return replace(look_at(target), name=name)
    except SourceError as problem:
        raise type(problem)(
            str(problem).replace(str(target), name).replace(target.name, name)
        ) from problem


def _refuse_other_size(file: DeliveredFile, target: Path, place: str, said: int | None) -> None:
    """Azure counts the bytes of a compressed file before or behind compression: both are right."""
    if said in {None, file.size_bytes} or said == _unpacked_bytes(target):
        return
    raise TransientSourceError(
        f"{place}: has {file.size_bytes:,} bytes where the manifest says {said:,}; it is cut off "
        "or still being written: try again, and run the export again if that does not help"
    )


def _unpacked_bytes(target: Path) -> int | None:
    with target.open("rb") as raw:
        if raw.read(2) != _GZIP_MAGIC:
            return None
    size = 0
    with gzip.open(target) as unpacked:
        while chunk := unpacked.read(_CHUNK_BYTES):
            size += len(chunk)
    return size


def _refuse_other_rows(file: DeliveredFile, target: Path, place: str, said: int) -> None:
    rows = _rows(file, target)
    if rows != said:
        raise TransientSourceError(
            f"{place}: has {rows:,} records where the manifest says {said:,}; it is cut off or "
            "still being written: try again, and run the export again if that does not help"
        )


def _rows(file: DeliveredFile, target: Path) -> int:
    """Count the records; the engine behind pyarrow does it, and keeps none."""
    if file.format is FileFormat.PARQUET:
        return int(pq.read_metadata(target).num_rows)
    read = pa_csv.ReadOptions(block_size=8 * _CHUNK_BYTES)
    parse = pa_csv.ParseOptions(newlines_in_values=True)
    first = file.columns[0]
    convert = pa_csv.ConvertOptions(include_columns=[first], column_types={first: pa.string()})
    with pa.input_stream(target, compression="detect") as stream:
        try:
            with pa_csv.open_csv(stream, read, parse, convert) as batches:
                return sum(batch.num_rows for batch in batches)
        except pa.ArrowInvalid as problem:
            raise RejectedSourceError(
                f"{file.name}: cannot be read as CSV ({problem})"
            ) from problem
