"""A file is looked at once and found whole, or refused with a sentence."""

import gzip
import hashlib
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingest import files
from ingest.csv_check import CheckedText, check_csv
from ingest.files import look_at
from ingest.port import FileFormat, RejectedSourceError, TransientSourceError

TEXT = 'name,"with, comma"\nä,"two\nlines"\n'


def test_a_csv_file_is_described(tmp_path: Path) -> None:
    """Name, size, checksum and the names in the header, as they are written."""
    path = tmp_path / "a.csv"
    path.write_text(TEXT, encoding="utf-8")

    found = look_at(path)

    assert (found.name, found.format) == ("a.csv", FileFormat.CSV)
    assert found.columns == ("name", "with, comma")
    assert found.size_bytes == path.stat().st_size
    assert found.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("parts", [1, 2])
def test_gzip_is_read_to_its_end(tmp_path: Path, parts: int) -> None:
    """Also where several gzip files were put behind each other."""
    path = tmp_path / "a.csv.gz"
    half = len(TEXT) // 2
    pieces = [TEXT] if parts == 1 else [TEXT[:half], TEXT[half:]]
    path.write_bytes(b"".join(gzip.compress(piece.encode()) for piece in pieces))

    assert look_at(path).columns == ("name", "with, comma")


def test_a_byte_order_mark_of_utf_8_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    """Excel writes one."""
    path = tmp_path / "a.csv"
    path.write_text(TEXT, encoding="utf-8-sig")

    assert look_at(path).columns[0] == "name"


def test_a_parquet_file_is_described(tmp_path: Path) -> None:
    """The columns come from the footer."""
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"x": [1], "y": ["z"]}), path)

    found = look_at(path)

    assert (found.format, found.columns) == (FileFormat.PARQUET, ("x", "y"))
    assert found.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def _packed(content: bytes) -> bytes:
    """Without a time: the bytes are in the names of tests, which all workers must collect alike."""
    return gzip.compress(content, mtime=0)


def _bytes(tmp_path: Path, content: bytes, name: str = "a.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", r"a\.csv: the file is empty \(0 bytes\)"),
        (b" \n ", "the file is empty; a header"),
        (_packed(b""), "the file is empty; a header"),
        (b"a,b\n1,\xe9\n", r"a\.csv, line 2: the text has the byte 0xe9, which is not UTF-8"),
        (b"a,b\n1,\xc3", "line 2: the text has the byte 0xc3"),
        ("a,b\n1,2\n".encode("utf-16"), "line 1: the text is UTF-16; save it as UTF-8"),
        ("a,b\n1,2\n".encode("utf-16-le"), "line 1: the text has NUL bytes"),
        (b"a,b,a\n", "column a comes twice in the header"),
        (b"Id,b,ID\n", "column ID, Id comes twice in the header"),
        (b"resourceTags/user:a,resourceTags/user:a\n", "column resourceTags/user:a comes twice"),
        (b'{"cost": 1}\n{"cost": 2}\n', r"a\.csv: is JSON; accepted are CSV and Parquet"),
        (_packed(b'[\n {"cost": 1}\n]'), "is JSON; accepted are CSV and Parquet"),
        (b"a,,c\n", "column 2 of the header has no name"),
        (b'a,"b\n1,2\n', "line 1: the header is not CSV"),
        (b"PK\x03\x04rest", "is a ZIP or Excel file; accepted are CSV"),
        (_packed(TEXT.encode() * 90)[:-12], r"the gzip file is damaged or cut off near byte"),
        (_packed(TEXT.encode())[:-4], "cut off near byte .*it ends too early"),
        (b"\x1f\x8b\x08\x00garbage-garbage", "the gzip file is damaged"),
        (b"PAR1 and nothing else", "the Parquet footer cannot be read"),
    ],
)
def test_what_is_not_whole_is_refused(tmp_path: Path, content: bytes, sentence: str) -> None:
    """Each with the name of the file, the place and what is accepted."""
    with pytest.raises(RejectedSourceError, match=sentence):
        look_at(_bytes(tmp_path, content))


def test_tags_that_differ_in_case_only_are_two_columns(tmp_path: Path) -> None:
    """AWS tells Team from team, and so does the header of a Cost and Usage Report."""
    tags = ("resourceTags/user:Team", "resourceTags/user:team")

    found = look_at(_bytes(tmp_path, f"{','.join(tags)}\na,b\n".encode()))

    assert found.columns == tags


@pytest.mark.parametrize("end", ["}\n", "}]"])
def test_a_google_export_as_json_names_the_source_to_use(tmp_path: Path, end: str) -> None:
    """One record on a line, or all of them in a list: both are refused alike."""
    record = '{"billing_account_id":"A","cost":1,"currency":"USD","credits":[],"export_time":""'
    text = ("[" if "]" in end else "") + record + end

    with pytest.raises(RejectedSourceError, match="use a source of type google-billing"):
        look_at(_bytes(tmp_path, text.encode(), "bill.json"))


def test_a_bad_byte_far_behind_is_told_by_its_line(tmp_path: Path) -> None:
    """A header and 300,000 lines of 8 bytes, which are 2.4 MB, come before the bad one."""
    content = b"a,b\n" + b"123,567\n" * 300_000 + b"1,\xff\n"

    with pytest.raises(RejectedSourceError, match="line 300002: the text has the byte 0xff"):
        look_at(_bytes(tmp_path, content))


def test_columns_of_a_parquet_file_must_have_different_names(tmp_path: Path) -> None:
    """The engine does not tell upper from lower case."""
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"Id": [1], "ID": [2]}), path)

    with pytest.raises(RejectedSourceError, match="comes twice"):
        look_at(path)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    """A folder, a pipe, nothing at all, and a file inside a file."""
    os.mkfifo(tmp_path / "pipe")
    plain = _bytes(tmp_path, b"a\n1\n")

    for path, sentence in (
        (tmp_path, r"is a folder; name the files in it"),
        (tmp_path / "pipe", "is no regular file"),
        (tmp_path / "nothing", "there is no such file"),
        (plain / "inside", "cannot be read: Not a directory"),
    ):
        with pytest.raises(RejectedSourceError, match=sentence):
            look_at(path)


def test_a_file_that_grows_while_it_is_read_may_be_whole_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Someone still writes it, so another try helps."""
    path = _bytes(tmp_path, b"a\n1\n")

    def grows(*args: object, **options: object) -> CheckedText:
        with path.open("ab") as stream:
            stream.write(b"2\n")
        return check_csv(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(files, "check_csv", grows)

    with pytest.raises(TransientSourceError, match=r"a\.csv: the file changed while it was read"):
        look_at(path)


def test_a_file_that_cannot_be_opened_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sentence says why."""
    path = _bytes(tmp_path, b"a\n1\n")

    def broken(*_: object, **__: object) -> CheckedText:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(files, "check_csv", broken)

    with pytest.raises(RejectedSourceError, match="cannot be read: Input/output error"):
        look_at(path)
