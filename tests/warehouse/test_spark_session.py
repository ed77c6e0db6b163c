"""What stands in the way of reaching Spark is said in one sentence."""

import socket
import sys
from collections.abc import Iterator

import pytest

from warehouse.duck import DuckEngine
from warehouse.lake import Lake
from warehouse.port import Question
from warehouse.spark import SparkEngine
from warehouse.spark_session import SparkNotOpen, open_session


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port that is taken and not listened on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield int(taken.getsockname()[1])


@pytest.mark.parametrize(
    "url", ["yarn", "local[2]", "http://host:1", "spark://", "sc:host", "sc:///;token=s3cret"]
)
def test_an_address_of_another_kind_is_refused(url: str) -> None:
    """Accepted are spark:// and sc://; a token in it is not repeated."""
    with pytest.raises(SparkNotOpen, match="accepted are spark://host:port") as refused:
        open_session(url, {})

    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize("url", ["spark://127.0.0.1:{}", "sc://127.0.0.1:{}/;token=s3cret"])
def test_a_cluster_that_does_not_answer_is_named(url: str, closed_port: int) -> None:
    """At once, where pyspark itself would try for minutes."""
    with pytest.raises(SparkNotOpen, match=f"nothing answers at .*127.0.0.1:{closed_port}") as no:
        open_session(url.format(closed_port), {})

    assert "s3cret" not in str(no.value)


@pytest.mark.parametrize("url", ["spark://127.0.0.1:no", "spark://127.0.0.1:no,nowhere.invalid"])
def test_an_address_that_is_none_does_not_answer(url: str) -> None:
    """A port that is no number, and a host that has no address."""
    with pytest.raises(SparkNotOpen, match="nothing answers"):
        open_session(url, {})


def test_without_pyspark_the_extra_is_named(
    lake: Lake, engine: DuckEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is asked."""
    monkeypatch.setitem(sys.modules, "pyspark", None)

    with pytest.raises(SparkNotOpen, match=r"pip install 'comptroller\[spark\]'"):
        SparkEngine(lake, engine, "spark://127.0.0.1:7077")


@pytest.mark.needs_peers
def test_the_cluster_is_looked_for_by_the_first_question(
    lake: Lake, engine: DuckEngine, closed_port: int
) -> None:
    """A command that asks nothing needs no cluster."""
    spark = SparkEngine(lake, engine, f"spark://127.0.0.1:{closed_port}")

    with pytest.raises(SparkNotOpen):
        spark.query(Question("ask/cost_by_source"), lake.view())

    spark.close()
