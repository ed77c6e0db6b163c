"""What the lake already holds of a source, by period and delivered file."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from warehouse.duck import DuckEngine
from warehouse.errors import WarehouseError
from warehouse.lake import Lake
from warehouse.port import WHOLE_SOURCE, Engine, Partition, Question, StagedFile
from warehouse.spark import SparkEngine
from warehouse.tables import SOURCE, spec_of


@dataclass(frozen=True, slots=True)
class Held:
    """How many rows of one delivered file a period holds."""

    period: str
    file_id: str
    file_name: str
    rows: int


class NoLoader(WarehouseError):
    """The engine answers questions but cannot load."""


def loader(engine: Engine) -> DuckEngine:
    """Return the engine as one that loads; loads always run in DuckDB.

    Raises:
        NoLoader: When it is another one.
    """
    if isinstance(engine, SparkEngine):
        return engine.duck
    if not isinstance(engine, DuckEngine):
        raise NoLoader(f"{type(engine).__name__} cannot load files; loads run in DuckDB")
    return engine


def held_rows(table: str, source: str, *, lake: Lake, engine: Engine) -> list[Held]:
    """Count the rows of ``source`` that ``table`` holds now, by period and delivered file."""
    names = {
        file_id: name
        for state in lake.states(table, source).values()
        for file_id, name in state.files.items()
    }
    if not names:
        return []
    column = spec_of(table).period_column
    period = f"{column}::VARCHAR" if column else f"'{WHOLE_SOURCE}'"
    # Names of tables and columns are the lake's own.
    question = f"""SELECT {period} AS period, x_FileId, count(*) FROM {table}
        WHERE {SOURCE} = $source GROUP BY ALL ORDER BY ALL"""  # noqa: S608 - see above
    with loader(engine).connection(lake.view([table])) as connection:
        rows = connection.execute(question, {"source": source}).fetchall()
    return [Held(period, file_id, names.get(file_id, file_id), n) for period, file_id, n in rows]


def other_quarantine(
    partition: Partition, names: Collection[str], folder: Path, *, lake: Lake, engine: Engine
) -> Sequence[StagedFile]:
    """Stage again the set-aside rows of ``partition`` that came from other files than ``names``."""
    question = Question(
        "ask/other_quarantine",
        {"source": partition.source, "period": partition.period, "names": sorted(names)},
    )
    return engine.write(question, lake.view([partition.table]), partition, folder)
