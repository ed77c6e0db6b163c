"""How to reach a Spark cluster: by its master's address, or through Spark Connect."""

import re
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from types import MappingProxyType
from typing import TYPE_CHECKING, cast
from warnings import catch_warnings, filterwarnings

from warehouse.errors import WarehouseError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_URL = re.compile(r"(spark|sc)://([^/;]+)(/.*)?")
_PORTS = MappingProxyType({"spark": 7077, "sc": 15002})
_ANSWER_WITHIN_S = 5.0

_SAME_ANSWERS: Mapping[str, str] = MappingProxyType(
    {
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.ansi.enabled": "true",
        # Without it, adding two amounts would leave room for 11 decimals only.
        "spark.sql.decimalOperations.allowPrecisionLoss": "false",
        "spark.sql.runSQLOnFiles": "false",
        "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    }
)
_CLASSIC: Mapping[str, str] = MappingProxyType(
    {
        "spark.api.mode": "classic",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
    }
)


class SparkNotOpen(WarehouseError):
    """The cluster cannot be reached, or what is needed to reach it is missing."""


class SparkFailed(WarehouseError):
    """The cluster was reached and did not answer a question."""


def check_installed() -> None:
    """Make sure that pyspark is there, without loading it.

    Raises:
        SparkNotOpen: When it is not.
    """
    if find_spec("pyspark") is None:
        raise SparkNotOpen(
            "engine = spark needs pyspark; install the extra: pip install 'comptroller[spark]'"
        )


def open_session(url: str, options: Mapping[str, str]) -> "SparkSession":
    """A session on the cluster at ``spark://host:port`` or ``sc://host:port``.

    Raises:
        SparkNotOpen: When the address is of another kind, or nothing answers there.
    """
    kind = _answering(url)
    settings = {**options, **_SAME_ANSWERS}
    try:
        with pandas_is_new():
            return _connected(url, settings) if kind == "sc" else _classic(url, settings)
    except Exception as error:  # pyspark, py4j and gRPC have no base class in common.
        raise SparkNotOpen(f"Spark at {shown(url)} cannot be used: {first_line(error)}") from error


def _classic(url: str, settings: Mapping[str, str]) -> "SparkSession":
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master(url).appName("comptroller")
    return builder.config(map={**_CLASSIC, **settings}).getOrCreate()


def _connected(url: str, settings: Mapping[str, str]) -> "SparkSession":
    from pyspark.sql.connect.session import SparkSession as RemoteSession

    return cast("SparkSession", RemoteSession.builder.remote(url).config(map={**settings}).create())


def is_open(session: "SparkSession") -> bool:
    """Whether the session can still answer; a cluster that restarts ends its sessions."""
    stopped = getattr(session, "is_stopped", None)
    if stopped is not None:
        return not stopped
    context = session.sparkContext._jsc  # noqa: SLF001 - pyspark has no public word for it
    return context is not None and not context.sc().isStopped()


@contextmanager
def pandas_is_new() -> Iterator[None]:
    """Keep pyspark from telling users that it is not yet sure of pandas 3, which we do not use."""
    with catch_warnings():
        filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
        yield


def _answering(url: str) -> str:
    found = _URL.fullmatch(url)
    if found is None:
        raise SparkNotOpen(
            f"spark_url {shown(url)} is no address of Spark; accepted are spark://host:port for a"
            " cluster's master and sc://host:port for Spark Connect"
        )
    kind, hosts = found[1], found[2].split(",")
    if not any(_answers(host, _PORTS[kind]) for host in hosts):
        raise SparkNotOpen(f"nothing answers at {shown(url)} (spark_url); is the cluster running?")
    return kind


def _answers(address: str, port: int) -> bool:
    host, colon, given = address.rpartition(":")
    try:
        place = (host, int(given)) if colon else (address, port)
        socket.create_connection(place, timeout=_ANSWER_WITHIN_S).close()
    except (OSError, ValueError):
        return False
    return True


def first_line(error: Exception) -> str:
    """What an error says before its stack of Java."""
    return str(error).strip().partition("\n")[0]


def shown(url: str) -> str:
    """The address without what follows it, which may be a token."""
    return re.sub(r"[;].*", "", url)
