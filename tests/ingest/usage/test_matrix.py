"""Reading Prometheus's answers: every value exactly, and nothing of what is no answer."""

import json
import math
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.usage.matrix import read_answer, read_matrix

NAMES = st.text(max_size=8)
VALUES = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.sampled_from(["NaN", "+Inf", "-Inf", "0", "1e+06", "9223372036854775794"]),
)
SAMPLES = st.lists(st.tuples(st.integers(0, 4_000_000_000_000), VALUES), min_size=1, max_size=5)
SERIES = st.fixed_dictionaries(
    {
        "metric": st.dictionaries(NAMES, NAMES, max_size=3),
        "values": SAMPLES.map(lambda told: [[ms / 1000, value] for ms, value in told]),
    }
)


def _body(result: list[Any], **others: object) -> bytes:
    data = {"resultType": "matrix", "result": result}
    return orjson.dumps({"status": "success", "data": data} | others)


@given(st.lists(SERIES, max_size=4), st.booleans())
@settings(deadline=None)
def test_an_answer_means_the_same_however_it_is_written(
    result: list[dict[str, Any]],
    pretty: bool,  # noqa: FBT001 - hypothesis gives it
) -> None:
    """Labels of any text, and numbers to the last digit, with blanks or without."""
    body = _body(result)

    series = list(read_matrix(json.dumps(json.loads(body), indent=1).encode() if pretty else body))

    assert [one.labels for one in series] == [one["metric"] for one in result]
    for one, told in zip(series, result, strict=True):
        values = np.array([float(value) for _, value in told["values"]])
        assert np.array_equal(one.values, values, equal_nan=True)
        assert one.times_ms.tolist() == [round(at * 1000) for at, _ in told["values"]]


def test_an_answer_of_many_blocks_is_read_whole() -> None:
    """300,000 samples in 10 series are more than one block, each in its place."""
    result = [
        {"metric": {"n": str(n)}, "values": [[k, str(n * k)] for k in range(30_000)]}
        for n in range(10)
    ]

    series = list(read_matrix(_body(result)))

    assert [one.labels["n"] for one in series] == [str(n) for n in range(10)]
    assert all(one.values[-1] == n * 29_999 for n, one in enumerate(series))


def test_warnings_come_with_the_series() -> None:
    """A server that lacks a part says so beside the data."""
    answer = read_answer(_body([{"metric": {}, "values": [[1, "2"]]}], warnings=["lacks store 3"]))

    assert answer.warnings == ("lacks store 3",)
    assert answer.series[0].values.tolist() == [2.0]


def test_series_of_histograms_have_no_samples() -> None:
    """A result with a histogram beside samples gives the samples."""
    odd = {"metric": {}, "histograms": [[1, {"count": "1"}]]}

    assert len(list(read_matrix(_body([odd, {"metric": {}, "values": [[1, "2"]]}])))) == 1


def test_a_series_without_samples_is_there_and_empty() -> None:
    """Beside one with a sample, in the order of the answer."""
    odd = {"metric": {"a": "b"}, "values": []}

    series = list(read_matrix(_body([odd, {"metric": {}, "values": [[1, "2"]]}])))

    assert [one.values.tolist() for one in series] == [[], [2.0]]


GOOD = _body([{"metric": {"a": "b"}, "values": [[1, "2"], [3, "4"]]}] * 2)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "not complete JSON"),
        (b"<html>busy</html>", "not complete JSON"),
        (GOOD[:-1], "not complete JSON"),
        (GOOD[:90], "not complete JSON"),
        (b"[]", "status is not success; it says: nothing"),
        (b'{"status":"error","error":"too many samples"}', "it says: too many samples"),
        (b'{"status":"success"}', "resultType is None; accepted is matrix"),
        (b'{"status":"success","data":{"resultType":"vector","result":[]}}', "is vector"),
        (GOOD.replace(b'"4"', b'"four"'), "cannot be read"),
        (GOOD.replace(b'"4"', b'"4]"'), "cannot be read"),
        (GOOD.replace(b"[3,", b'["NaN",'), "has no time"),
        (GOOD.replace(b'[3,"4"]', b"[3]"), "cannot be read"),
        (GOOD.replace(b'[3,"4"]', b'[3,"4","5"]'), "cannot be read"),
        (GOOD.replace(b'{"a":"b"}', b'{"a":}', 1), "not complete JSON"),
        (GOOD.replace(b'[[1,"2"],[3,"4"]]', b"[3]"), "cannot be read"),
    ],
)
def test_what_is_no_matrix_is_refused_before_its_first_series(body: bytes, sentence: str) -> None:
    """The error says what came instead."""
    with pytest.raises(ValueError, match=sentence):
        read_matrix(body)


def test_absent_values_are_nan() -> None:
    """``NaN`` is how Prometheus writes that there is nothing."""
    [series] = read_matrix(_body([{"metric": {}, "values": [[1.5, "NaN"], [2, "1"]]}]))

    assert math.isnan(series.values[0])
    assert series.times_ms.tolist() == [1500, 2000]
