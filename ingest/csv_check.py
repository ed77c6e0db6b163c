"""Reads a CSV file once from end to end: checksum, gzip, encoding and header in one pass."""

import csv
import hashlib
import io
import re
import zlib
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, getincrementaldecoder
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from ingest.google_files import ADVICE, is_google_json
from ingest.port import RejectedSourceError

_CHUNK_BYTES = 1 << 20
_HEADER_BYTES = 1 << 20
_GZIP_WINDOW = 31
_JSON = re.compile(r'\s*(\[\s*)?\{\s*"')
_NAMED_BY_USERS = ("resourcetags/", "costcategory/")
GZIP_MAGIC = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class CheckedText:
    """What one pass over a CSV file found out; ``size_bytes`` are the bytes on disk."""

    sha256: str
    size_bytes: int
    columns: tuple[str, ...]


class _Raw:
    """The bytes on disk, counted and hashed while they are read."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.digest = hashlib.sha256()
        self.size_bytes = 0

    def chunks(self) -> Iterator[bytes]:
        """Yield the file's bytes in order."""
        while chunk := self._stream.read(_CHUNK_BYTES):
            self.digest.update(chunk)
            self.size_bytes += len(chunk)
            yield chunk


def check_csv(name: str, stream: BinaryIO, *, gzipped: bool) -> CheckedText:
    """Read ``stream`` to its end and return checksum and header.

    Raises:
        RejectedSourceError: When gzip is damaged, the text is not UTF-8 or the header unusable.
    """
    raw = _Raw(stream)
    head = b""
    text = _Utf8(name)
    for chunk in _unzipped(name, raw) if gzipped else raw.chunks():
        if len(head) < _HEADER_BYTES:
            head += chunk[: _HEADER_BYTES - len(head)]
        text.feed(chunk)
    text.finish()
    return CheckedText(raw.digest.hexdigest(), raw.size_bytes, header(name, head))


def header(name: str, head: bytes) -> tuple[str, ...]:
    """Return the column names of the first record.

    Raises:
        RejectedSourceError: When there is none, it is JSON, or a name is empty or comes twice.
    """
    text = head.removeprefix(BOM_UTF8).decode("utf-8", errors="ignore")
    if not text.strip():
        raise RejectedSourceError(
            f"{name}: the file is empty; a header with column names is needed"
        )
    if _JSON.match(text):
        what = ADVICE if is_google_json(text) else "is JSON; accepted are CSV and Parquet"
        raise RejectedSourceError(f"{name}: {what}")
    try:
        names = next(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as problem:
        raise RejectedSourceError(
            f"{name}, line 1: the header is not CSV ({problem}); accepted are names separated by "
            'commas, in double quotes " where needed'
        ) from problem
    refuse_bad_names(name, names)
    return tuple(names)


def refuse_bad_names(name: str, names: list[str]) -> None:
    """Refuse column names that are empty or come twice, in whatever case.

    Names that users made up in their cloud, as those of tags, may differ in case only.

    Raises:
        RejectedSourceError: When that is so; names the column.
    """
    for position, column in enumerate(names, 1):
        if not column.strip():
            raise RejectedSourceError(f"{name}: column {position} of the header has no name")
    plain = [_told_by(column) for column in names]
    twice = sorted({column for column in names if plain.count(_told_by(column)) > 1})
    if twice:
        raise RejectedSourceError(
            f"{name}: column {', '.join(twice)} comes twice in the header; each may come once"
        )


def _told_by(column: str) -> str:
    """By what a column is told from the others: mostly by its letters, whatever their case."""
    plain = column.lower()
    return column if plain.startswith(_NAMED_BY_USERS) else plain


class _Utf8:
    """Checks that bytes are UTF-8, and knows the line of the first that are not."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._decoder = getincrementaldecoder("utf-8")()
        self._lines = 0
        self._started = False

    def feed(self, chunk: bytes) -> None:
        """Check the next bytes."""
        if not self._started:
            self._started = True
            if chunk.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
                raise self._refusal("is UTF-16", 0)
        self._decode(chunk, final=False)
        if b"\0" in chunk:
            raise self._refusal("has NUL bytes", chunk.count(b"\n", 0, chunk.index(b"\0")))
        self._lines += chunk.count(b"\n")

    def finish(self) -> None:
        """Refuse a character that the end of the file cut in two."""
        self._decode(b"", final=True)

    def _decode(self, chunk: bytes, *, final: bool) -> None:
        try:
            self._decoder.decode(chunk, final)
        except UnicodeDecodeError as problem:
            before = problem.object[: problem.start]
            what = f"has the byte 0x{problem.object[problem.start]:02x}, which is not UTF-8"
            raise self._refusal(what, before.count(b"\n")) from problem

    def _refusal(self, what: str, lines: int) -> RejectedSourceError:
        line = self._lines + lines + 1
        return RejectedSourceError(f"{self._name}, line {line}: the text {what}; save it as UTF-8")


def _unzipped(name: str, raw: _Raw) -> Iterator[bytes]:
    """Yield the text inside gzip, whose members may follow each other."""
    member = zlib.decompressobj(_GZIP_WINDOW)
    begun = False
    for chunk in raw.chunks():
        rest = chunk
        while rest:
            begun = True
            try:
                text = member.decompress(rest)
            except zlib.error as problem:
                raise _damaged(name, raw, str(problem)) from problem
            rest = member.unused_data
            if member.eof:
                member, begun = zlib.decompressobj(_GZIP_WINDOW), False
                rest = rest.lstrip(b"\0")
            yield text
    if begun:
        raise _damaged(name, raw, "it ends too early")


def _damaged(name: str, raw: _Raw, why: str) -> RejectedSourceError:
    return RejectedSourceError(
        f"{name}: the gzip file is damaged or cut off near byte {raw.size_bytes} ({why}); "
        "fetch it again"
    )
