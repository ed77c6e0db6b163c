"""Reads what Prometheus answers to a query over a stretch of time, as fast as Arrow reads CSV.

Servers write an answer without blanks, which allows to cut it at known bytes: labels are read as
JSON, and the samples of many series at once as one text of numbers. Any other JSON of the same
meaning is read the ordinary way.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import csv

from ingest.usage.signals import Series

_FIRST = b'"result":[{"metric":'
_METRIC = b'{"metric":'
_VALUES = b'},"values":['
_END = b"]]}"
_BLOCK_BYTES = 1 << 20
_LINES = bytes.maketrans(b"]", b"\n")
_DELETED = b'["'


@dataclass(frozen=True, slots=True)
class Answer:
    """The series of an answer, and what the server said of its completeness."""

    series: tuple[Series, ...]
    warnings: tuple[str, ...] = ()


def read_matrix(body: bytes) -> Iterator[Series]:
    """Give the series of an answer; see ``read_answer``.

    Raises:
        ValueError: Before the first series, when the body is no matrix.
    """
    return iter(read_answer(body).series)


def read_answer(body: bytes) -> Answer:
    """Read the body of ``/api/v1/query`` or ``query_range`` whose result is a matrix.

    Raises:
        ValueError: When the body is no matrix; the sentence says what it is instead.
    """
    try:
        return _read_fast(body)
    except _Unusual:
        return _read_slowly(body)


class _Unusual(Exception):
    """The bytes are not written the way Prometheus writes them."""


@dataclass(slots=True)
class _Block:
    """Series whose samples are read together."""

    labels: list[Mapping[str, str]]
    stretches: list[bytes]
    counts: list[int]
    size_bytes: int = 0


def _read_fast(body: bytes) -> Answer:
    first = body.find(_FIRST)
    if first < 0:
        raise _Unusual
    begin = first + len(_FIRST) - len(_METRIC)
    series: list[Series] = []
    end = begin
    for block, end in _blocks(body, begin):  # noqa: B007 - the last end is where the envelope goes on
        series.extend(_series_of(block))
    envelope = _envelope(body[:begin] + body[end:])
    return Answer(tuple(series), _warnings(envelope))


def _blocks(body: bytes, begin: int) -> Iterator[tuple[_Block, int]]:
    """Cut the body into blocks of series; with each comes where its last series ended."""
    block, at = _Block([], [], []), begin
    while True:
        values = body.find(_VALUES, at)
        end = body.find(_END, values)
        if not body.startswith(_METRIC, at) or min(values, end) < 0:
            raise _Unusual
        stretch = body[values + len(_VALUES) : end + 1]
        if not stretch.startswith(b"["):
            raise _Unusual
        block.labels.append(_labels(body[at + len(_METRIC) : values + 1]))
        block.stretches.append(stretch)
        block.counts.append(stretch.count(b"]"))
        block.size_bytes += len(stretch)
        at = end + len(_END)
        if body[at : at + 1] != b",":
            yield block, at
            return
        at += 1
        if block.size_bytes > _BLOCK_BYTES:
            yield block, at
            block = _Block([], [], [])


def _labels(text: bytes) -> Mapping[str, str]:
    try:
        labels: Mapping[str, str] = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise _Unusual from error
    return labels


def _series_of(block: _Block) -> Iterator[Series]:
    times, values = _numbers(b"," + b",".join(block.stretches))
    ends = np.cumsum(block.counts).tolist()
    if ends[-1] != len(times):
        raise _Unusual
    begin = 0
    for labels, end in zip(block.labels, ends, strict=True):
        yield Series(labels, times[begin:end], values[begin:end])
        begin = end


def _numbers(text: bytes) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Read ``,[time,"value"],[time,"value"]``: without brackets and quotes it is CSV."""
    lines = text.translate(_LINES, _DELETED)
    try:
        table = csv.read_csv(
            pa.BufferReader(lines),
            read_options=csv.ReadOptions(
                column_names=["", "time", "value"], use_threads=False, block_size=len(lines) + 1
            ),
            parse_options=csv.ParseOptions(quote_char=False),
            convert_options=csv.ConvertOptions(
                column_types={"time": pa.float64(), "value": pa.float64()},
                include_columns=["time", "value"],
                null_values=["NaN"],
            ),
        )
    except pa.ArrowInvalid as error:
        raise _Unusual from error
    if table["time"].null_count:
        raise _Unusual
    return _milliseconds(table["time"].to_numpy()), table["value"].to_numpy()


def _milliseconds(seconds: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.rint(seconds * 1000).astype(np.int64)


def _read_slowly(body: bytes) -> Answer:
    """Read any JSON that means a matrix."""
    envelope = _envelope(body)
    try:
        series = tuple(_ordinary(one) for one in envelope["data"]["result"] if "values" in one)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise ValueError(f"a series of the answer cannot be read: {error}") from error
    return Answer(series, _warnings(envelope))


def _ordinary(one: Mapping[str, Any]) -> Series:
    times = np.array([float(time) for time, _ in one["values"]], dtype=np.float64)
    values = np.array([float(value) for _, value in one["values"]], dtype=np.float64)
    if not np.isfinite(times).all():
        raise ValueError("a sample has no time")
    return Series(dict(one["metric"]), _milliseconds(times), values)


def _envelope(text: bytes) -> Mapping[str, Any]:
    """Read what is around the series, and check that it is the answer to a query of ranges."""
    try:
        envelope = orjson.loads(text)
    except orjson.JSONDecodeError as cause:
        raise ValueError(f"the answer is not complete JSON: {cause}") from cause
    if not isinstance(envelope, dict) or envelope.get("status") != "success":
        error = envelope.get("error", "nothing") if isinstance(envelope, dict) else "nothing"
        raise ValueError(f"the answer's status is not success; it says: {error}")
    data = envelope.get("data")
    told = data if isinstance(data, dict) else {}
    kind = told.get("resultType")
    if kind != "matrix" or not isinstance(told.get("result"), list):
        raise ValueError(f"the answer's resultType is {kind}; accepted is matrix")
    return envelope


def _warnings(envelope: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(one) for one in envelope.get("warnings") or ())
