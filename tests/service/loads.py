"""Writes small files and loads them, as a user would."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from uuid import UUID

from ingest.port import Delivery
from ingest.registry import files_source
from service.store.store import Store
from service.usecases.load_delivery import LoadResult, load_delivery
from warehouse.duck import DuckEngine
from warehouse.lake import Lake
from warehouse.port import Guard

COLUMNS = (
    "BilledCost",
    "EffectiveCost",
    "ListCost",
    "BillingCurrency",
    "BillingPeriodStart",
    "ChargeCategory",
    "ResourceId",
    "ProviderName",
    "Tags",
)


def bill(folder: Path, name: str, *costs: str, **columns: str) -> Path:
    """Write a bill with one line for each cost; ``columns`` replace values of all lines."""
    usual = {
        "BillingCurrency": "USD",
        "BillingPeriodStart": "2026-10-01T00:00:00Z",
        "ChargeCategory": "Usage",
        "ProviderName": "AWS",
    } | columns
    rows = [
        {"BilledCost": cost, "EffectiveCost": cost, "ListCost": cost, "ResourceId": f"r{n}"} | usual
        for n, cost in enumerate(costs)
    ]
    return write(folder / name, COLUMNS, [[row.get(c, "") for c in COLUMNS] for row in rows])


def write(path: Path, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Path:
    """Write a CSV file whose values need no quotes."""
    path.write_text("\n".join(",".join(row) for row in [columns, *rows]) + "\n", encoding="utf-8")
    return path


class Loads:
    """Loads files into one lake; every load has the next version."""

    def __init__(
        self,
        lake: Lake,
        engine: DuckEngine,
        store: Store,
        new_id: Callable[[], UUID],
        clock: Callable[[], datetime],
    ) -> None:
        """Take the parts."""
        self.lake, self.engine, self.store = lake, engine, store
        self.new_id, self.clock = new_id, clock
        self._version = 0

    def delivery(
        self, *paths: Path, source: str = "aws", kind: str | None = None, append: bool = False
    ) -> Delivery:
        """Look at the files; they are of one kind."""
        self._version += 1
        found = files_source(source, [str(path) for path in paths], kind, complete=not append)
        [one] = found.deliveries(self._version)
        return one

    def load(
        self,
        *paths: Path,
        source: str = "aws",
        kind: str | None = None,
        replace: bool = False,
        append: bool = False,
        guard: Guard = lambda: None,
    ) -> LoadResult:
        """Load the files as one delivery."""
        delivery = self.delivery(*paths, source=source, kind=kind, append=append)
        return self.load_delivery(delivery, replace=replace, guard=guard)

    def load_delivery(
        self, delivery: Delivery, *, replace: bool = False, guard: Guard = lambda: None
    ) -> LoadResult:
        """Load a delivery."""
        return load_delivery(
            delivery,
            lake=self.lake,
            engine=self.engine,
            store=self.store,
            new_id=self.new_id,
            clock=self.clock,
            replace=replace,
            guard=guard,
        )

    def rows(self, table: str, what: str, where: str = "true") -> list[tuple[object, ...]]:
        """Ask the lake as it is now; the answer is sorted."""
        with self.engine.connection(self.lake.view([table])) as connection:
            found = connection.execute(
                f"SELECT {what} FROM {table} WHERE {where} ORDER BY ALL"  # noqa: S608 - a test's
            ).to_arrow_table()
        return [tuple(row.values()) for row in found.to_pylist()]
