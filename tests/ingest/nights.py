"""Loads a source into a lake as the nightly run does, and reads what is there then."""

from pathlib import Path
from typing import Any

from ingest.port import Source
from service.bootstrap import Wiring
from service.usecases.load_source import Loaded, load_source
from warehouse.load_state import loader


def load(source: Source, wiring: Wiring, folder: Path) -> list[Loaded]:
    """Load all that a source has and the lake lacks."""
    return load_source(
        source,
        lake=wiring.lake,
        engine=wiring.engine,
        store=wiring.store,
        new_id=wiring.new_id,
        clock=wiring.clock,
        temp_folder=folder / "temp",
    )


def outcomes(loaded: list[Loaded]) -> list[tuple[str, str | None, str, int]]:
    """What became of each announcement: kind, period, outcome, rows."""
    rows = [one.result.rows if one.result else 0 for one in loaded]
    return [
        (one.kind, one.period, one.outcome, count) for one, count in zip(loaded, rows, strict=True)
    ]


def asked(wiring: Wiring, table: str, question: str) -> list[tuple[Any, ...]]:
    """The answer of a question to one table of the lake."""
    with loader(wiring.engine).connection(wiring.lake.view([table])) as connection:
        return connection.execute(question).fetchall()
