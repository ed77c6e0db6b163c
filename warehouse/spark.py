"""Apache Spark as the engine of a lake that one machine does not answer for any more."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import pyarrow as pa

from warehouse.duck import DuckEngine
from warehouse.errors import UnknownTable, WarehouseError
from warehouse.lake import Lake
from warehouse.port import Partition, Question, StagedFile, View
from warehouse.questions import QuestionFile, read_question
from warehouse.spark_session import (
    SparkFailed,
    check_installed,
    first_line,
    is_open,
    open_session,
    pandas_is_new,
    shown,
)
from warehouse.spark_sql import spark_args, spark_sql, tables_of
from warehouse.spark_types import as_declared, plain, spark_schema
from warehouse.tables import Scope, TableSpec, arrow_schema, spec_of

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_NOTHING: Mapping[str, str] = {}


class SparkEngine:
    """The ``Engine`` port on a Spark cluster; loads and what is written stay with DuckDB.

    The session is opened by the first question, so that commands that ask none start at once, and
    again when the cluster has ended it. Tables and inputs are temporary views whose names no other
    question knows.
    """

    def __init__(
        self,
        lake: Lake,
        duck: DuckEngine,
        url: str,
        *,
        options: Mapping[str, str] = _NOTHING,
        questions: Callable[[str], QuestionFile] = read_question,
    ) -> None:
        """Keep the cluster's address and Spark's own settings (``spark.…``).

        Raises:
            SparkNotOpen: When pyspark is not installed.
        """
        check_installed()
        self.duck = duck
        self._lake = lake
        self._url = url
        self._options = dict(options)
        self._questions = questions
        self._session: SparkSession | None = None
        self._opening = Lock()
        self._numbers = count(1)

    def close(self) -> None:
        """End the session, if one was opened."""
        if self._session is not None:
            self._session.stop()
            self._session = None

    def query(self, question: Question, view: View) -> pa.Table:
        """Answer as an Arrow table, to the last digit what DuckDB answers.

        Raises:
            SparkNotOpen: When the cluster cannot be reached.
            SparkFailed: When the cluster does not answer.
            UnknownQuestion: When there is no such file.
            UnknownParameter: When the file does not mention a parameter or input.
            MissingParameter: When it needs one that is not there.
            UnknownTable: When it asks for a table that is not in the view.
        """
        file = self._questions(question.name)
        file.check(question)
        session = self._open()
        try:
            with self._named(session, file, question, view) as names:
                answer = session.sql(spark_sql(file, names), args=spark_args(file, question.params))
                return plain(answer.toArrow())
        except WarehouseError:
            raise
        except Exception as error:  # pyspark, py4j and gRPC have no base class in common.
            raise self._failed(question, view, error) from error

    def write(
        self, question: Question, view: View, partition: Partition, folder: Path
    ) -> Sequence[StagedFile]:
        """Write the answer with DuckDB, as every file of the lake is written."""
        return self.duck.write(question, view, partition, folder)

    def _failed(self, question: Question, view: View, error: Exception) -> WarehouseError:
        """Say what went wrong: files of a snapshot that is not kept any more, or Spark itself."""
        reason = self._lake.unreadable(view, error)
        if isinstance(reason, UnknownTable):
            return reason
        name = question.name
        return SparkFailed(
            f"Spark at {shown(self._url)} did not answer {name}: {first_line(error)}"
        )

    def _open(self) -> "SparkSession":
        with self._opening:
            if self._session is None or not is_open(self._session):
                self._session = open_session(self._url, self._options)
            return self._session

    @contextmanager
    def _named(
        self, session: "SparkSession", file: QuestionFile, question: Question, view: View
    ) -> Iterator[dict[str, str]]:
        """What the question reads as temporary views of this question only, by their names."""
        number = next(self._numbers)
        names: dict[str, str] = {}
        try:
            for name, rows in self._relations(session, file, question, view):
                names[name] = f"comptroller_{number}_{name}"
                rows.createOrReplaceTempView(names[name])
            yield names
        finally:
            for name in names.values():
                session.catalog.dropTempView(name)

    def _relations(
        self, session: "SparkSession", file: QuestionFile, question: Question, view: View
    ) -> Iterator[tuple[str, "DataFrame"]]:
        wanted = tables_of(file)
        periods = file.wanted_periods(question)
        for name, given in question.inputs.items():
            if name in wanted:
                yield name, _local(session, as_declared(given, file.inputs[name]))
        for name, snapshot in view.snapshots.items():
            if name in wanted - set(question.inputs):
                hidden = view.teams is not None and spec_of(name).scope is Scope.NOTHING
                files = [] if hidden else self._lake.files(name, snapshot, periods)
                yield name, _table(session, spec_of(name), files, view.teams)


def _table(
    session: "SparkSession", spec: TableSpec, files: Sequence[str], teams: frozenset[str] | None
) -> "DataFrame":
    """The rows of exactly these files, and of these teams where rows have a team."""
    if not files:
        return _local(session, arrow_schema(spec.name).empty_table())
    reader = session.read.schema(spark_schema(spec)).option("recursiveFileLookup", "true")
    rows = reader.parquet(*map(spark_path, files))
    if teams is None or spec.scope is not Scope.BY_TEAM:
        return rows
    seen = pa.table({"team": pa.array(sorted(teams), pa.string())})
    return rows.join(_local(session, seen), "team", "left_semi").select(*spec.columns)


def _local(session: "SparkSession", table: pa.Table) -> "DataFrame":
    with pandas_is_new():
        if table.num_rows:
            return session.createDataFrame(table)
        from pyspark.sql.pandas.types import from_arrow_schema

        return session.createDataFrame([], from_arrow_schema(table.schema))


def spark_path(uri: str) -> str:
    """A file of the lake as Hadoop's file systems spell it, with no part read as a pattern."""
    scheme, found, rest = uri.partition("://")
    if not found:
        scheme, rest = "file", uri
    address = f"{'s3a' if scheme == 's3' else scheme}://{rest}"
    return re.sub(r"([*?\[\]{}\\])", r"\\\1", address)
