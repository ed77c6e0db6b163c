"""Looks at a file once and finds it whole, before anything of it is loaded."""

import hashlib
import os
import stat
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ingest.csv_check import GZIP_MAGIC, CheckedText, check_csv, refuse_bad_names
from ingest.port import DeliveredFile, FileFormat, RejectedSourceError, TransientSourceError

_PARQUET_MAGIC = b"PAR1"
_ZIP_MAGIC = b"PK\x03\x04"
ACCEPTED = "accepted are CSV (UTF-8, plain or gzip) and Parquet"


def look_at(path: Path) -> DeliveredFile:
    """Read a file from end to end and say what it is.

    Raises:
        RejectedSourceError: When it is not a whole CSV or Parquet file; says what is accepted.
        TransientSourceError: When it changed while it was read.
    """
    before = _regular(path)
    try:
        checked, kind = _checked(path)
    except OSError as problem:
        raise RejectedSourceError(f"{path}: cannot be read: {problem.strerror}") from problem
    after = _regular(path)
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise TransientSourceError(f"{path.name}: the file changed while it was read; try again")
    return DeliveredFile(
        uri=str(path.resolve()),
        name=path.name,
        size_bytes=checked.size_bytes,
        sha256=checked.sha256,
        format=kind,
        columns=checked.columns,
    )


def _regular(path: Path) -> os.stat_result:
    """Return the state of a file that exists, is a file and is not empty."""
    try:
        state = path.stat()
    except FileNotFoundError as problem:
        raise RejectedSourceError(f"{path}: there is no such file") from problem
    except OSError as problem:
        raise RejectedSourceError(f"{path}: cannot be read: {problem.strerror}") from problem
    if stat.S_ISDIR(state.st_mode):
        raise RejectedSourceError(f"{path}: is a folder; name the files in it, as {path}/*.parquet")
    if not stat.S_ISREG(state.st_mode):
        raise RejectedSourceError(f"{path}: is no regular file; {ACCEPTED}")
    if state.st_size == 0:
        raise RejectedSourceError(f"{path.name}: the file is empty (0 bytes); {ACCEPTED}")
    return state


def _checked(path: Path) -> tuple[CheckedText, FileFormat]:
    with path.open("rb") as stream:
        magic = stream.read(4)
        stream.seek(0)
        if magic == _PARQUET_MAGIC:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
            found = CheckedText(digest, stream.tell(), _parquet_columns(path))
            return found, FileFormat.PARQUET
        if magic == _ZIP_MAGIC:
            raise RejectedSourceError(f"{path.name}: is a ZIP or Excel file; {ACCEPTED}")
        checked = check_csv(path.name, stream, gzipped=magic.startswith(GZIP_MAGIC))
        return checked, FileFormat.CSV


def _parquet_columns(path: Path) -> tuple[str, ...]:
    try:
        names = pq.read_schema(path).names
    except (pa.ArrowInvalid, pa.ArrowException, OSError) as problem:
        raise RejectedSourceError(
            f"{path.name}: the Parquet footer cannot be read, so the file is cut off or damaged "
            f"({problem}); fetch it again"
        ) from problem
    refuse_bad_names(path.name, list(names))
    return tuple(names)
