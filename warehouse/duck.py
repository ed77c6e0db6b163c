"""DuckDB as the engine of one machine: answers questions over views, writes answers as Parquet."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from threading import BoundedSemaphore

import duckdb
import pyarrow as pa

from warehouse.catalog import private_folder
from warehouse.errors import UnknownColumn
from warehouse.lake import Lake
from warehouse.port import Partition, Question, StagedFile, View
from warehouse.questions import QuestionFile, read_question
from warehouse.scope import register_table, register_teams
from warehouse.sql_text import literal, projection
from warehouse.tables import spec_of

AT_ONCE = 4
"""How many questions are answered at the same time; each has a memory limit of its own."""

ROW_GROUP_ROWS = 122_880

PARTITION_FLUSH_ROWS = 65_536
"""So many rows are gathered before they go to the files of their partitions; row groups keep their
size. DuckDB's 524,288 touch so much memory that writing many periods takes a third longer."""

PARQUET_OPTIONS = f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP_ROWS}"
"""How the lake's files are written, for COPY."""


class DuckEngine:
    """The ``Engine`` port on DuckDB; every call has a database of its own, in memory.

    Before a question runs, the file system is closed but for the lake, extensions cannot be
    loaded and the configuration is locked: a question sees the view it was given.
    """

    def __init__(
        self,
        lake: Lake,
        *,
        memory_limit: str = "1GB",
        threads: int | None = None,
        temp_folder: Path,
        questions: Callable[[str], QuestionFile] = read_question,
    ) -> None:
        """Keep the limits of each call; what does not fit spills to ``temp_folder``."""
        self._lake = lake
        self._questions = questions
        self._config: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": memory_limit,
            "partitioned_write_flush_threshold": PARTITION_FLUSH_ROWS,
            "temp_directory": str(private_folder(temp_folder)),
            "allow_persistent_secrets": "false",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "allow_community_extensions": "false",
            "python_enable_replacements": "false",
        }
        if threads is not None:
            self._config["threads"] = threads
        self._slots = BoundedSemaphore(AT_ONCE)

    def query(self, question: Question, view: View) -> pa.Table:
        """Answer as an Arrow table.

        Raises:
            UnknownQuestion: When there is no such file.
            UnknownParameter: When the file does not mention a parameter or input.
            MissingParameter: When it needs one that is not there.
        """
        file = self._checked(question)
        wanted = file.wanted_periods(question)
        with self._slots, self.connection(view, question.inputs, periods=wanted) as connection:
            return connection.execute(file.sql, dict(question.params)).to_arrow_table()

    def write(
        self, question: Question, view: View, partition: Partition, folder: Path
    ) -> Sequence[StagedFile]:
        """Write the answer as one Parquet file of ``partition``; no file when there is no row.

        Columns go by name into those of the table, absent ones are NULL, and the partition columns
        are the partition's own.

        Raises:
            UnknownColumn: When the answer has a column that the table lacks.
        """
        file = self._checked(question)
        path = private_folder(folder) / _file_name(question.name, partition)
        with self._slots, self.connection(view, question.inputs, writes=folder) as connection:
            params = dict(question.params)
            found = connection.execute(f"DESCRIBE {file.sql}", params).fetchall()
            columns = _stored(partition, [str(row[0]) for row in found])
            # The file is ours, the rest are names of columns and quoted literals.
            answer = f"SELECT {columns} FROM ({file.sql}\n)"  # noqa: S608
            copy = f"COPY ({answer}) TO {literal(str(path))} ({PARQUET_OPTIONS})"
            row = connection.execute(copy, params).fetchone()
        return _staged(path, partition, int(row[0]) if row else 0)

    def _checked(self, question: Question) -> QuestionFile:
        file = self._questions(question.name)
        file.check(question)
        return file

    @contextmanager
    def connection(
        self,
        view: View,
        inputs: Mapping[str, pa.Table] | None = None,
        *,
        reads: Sequence[str] = (),
        writes: Path | None = None,
        periods: Callable[[str], bool] | None = None,
    ) -> Iterator[duckdb.DuckDBPyConnection]:
        """A prepared connection: the view's tables and ``inputs`` are there, and nothing else.

        ``reads`` are paths of files outside the lake that may be read, ``writes`` a folder
        outside the lake that may be written to. With ``periods``, files of other billing periods
        are left out.

        Raises:
            UnknownTable: When a snapshot of the view is not kept any more.
            StorageFailed: When the files of the view cannot be read.
        """
        connection = duckdb.connect(":memory:", config=self._config)
        try:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute("SET parquet_metadata_cache = true")
            self._lake.storage.prepare(connection)
            self._close_file_system(connection, reads, writes)
            for name, table in (inputs or {}).items():
                _bring(connection, name, table)
            self._register(connection, view, periods)
            yield connection
        except duckdb.IOException as problem:
            if not view.snapshots:
                raise
            raise self._lake.unreadable(view, problem) from problem
        finally:
            connection.close()

    def _register(
        self,
        connection: duckdb.DuckDBPyConnection,
        view: View,
        periods: Callable[[str], bool] | None,
    ) -> None:
        if view.teams is not None:
            register_teams(connection, view.teams)
        for name, snapshot in view.snapshots.items():
            files = self._lake.files(name, snapshot, periods)
            register_table(connection, name, files, scoped=view.teams is not None)

    def _close_file_system(
        self, connection: duckdb.DuckDBPyConnection, reads: Sequence[str], writes: Path | None
    ) -> None:
        folders = [*self._lake.storage.open_places(), *([f"{writes}/"] if writes else [])]
        allowed = ", ".join(literal(folder) for folder in folders)
        paths = ", ".join(literal(path) for path in reads)
        connection.execute(f"SET allowed_directories = [{allowed}]")
        connection.execute(f"SET allowed_paths = [{paths}]")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")


def _file_name(question: str, partition: Partition) -> str:
    words = f"{partition.table}\x00{partition.source}\x00{partition.period}"
    return f"{question.rpartition('/')[2]}-{sha256(words.encode()).hexdigest()[:16]}.parquet"


def _stored(partition: Partition, answered: Sequence[str]) -> str:
    spec = spec_of(partition.table)
    if unknown := [name for name in answered if name not in spec.columns]:
        raise UnknownColumn(f"{spec.name} has no column {', '.join(unknown)}")
    fixed = dict(zip(spec.partition, (partition.source, partition.period), strict=False))
    return projection(spec.columns, answered, fixed)


def _bring(connection: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> None:
    """Make an input known by its name.

    One with moments is copied: DuckDB hands filters on an Arrow table to Arrow, and can write a
    moment for it only with a package that is not there.
    """
    if not any(pa.types.is_timestamp(field.type) for field in table.schema):
        connection.register(name, table)
        return
    connection.register(f"{name}_brought", table)
    # Names of inputs are declared in our own files.
    connection.execute(f'CREATE TEMP TABLE "{name}" AS FROM "{name}_brought"')
    connection.unregister(f"{name}_brought")


def _staged(path: Path, partition: Partition, rows: int) -> list[StagedFile]:
    if rows == 0:
        path.unlink(missing_ok=True)
        return []
    path.chmod(0o600)
    return [StagedFile(str(path), rows, path.stat().st_size, partition)]
