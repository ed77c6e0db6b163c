"""Prices and contracts, asked from Azure itself."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from ingest.capacity import CapacityFacts
from ingest.machines import machine_types
from ingest.port import Announcement, Check, Delivery, Kind, Marks, RejectedSourceError, SourceError
from ingest.settings import AzureAccountSettings
from ingest.sources.azure.contracts import Contracts
from ingest.sources.azure.price_rows import price_rows
from ingest.sources.azure.retail import RetailPrices
from ingest.sources.azure.session import AzureSession
from ingest.sources.azure.spooled import PROVIDER, spool_prices


class AzureAccount:
    """The price list for some regions and machine types, and a tenant's contracts."""

    def __init__(self, setting: AzureAccountSettings, *, clock: Callable[[], datetime]) -> None:
        """Keep the setting; nothing is asked of Azure yet."""
        del clock  # A price says itself since when it holds.
        self.name = setting.name
        self._setting = setting
        self._session = AzureSession(setting)
        self._prices = RetailPrices(setting)

    def announced(self, known: Marks) -> list[Announcement]:
        """Say that there are prices; whether they changed is known when they were fetched."""
        del known
        return [Announcement(Kind.PRICES, None, None, None, self._setting.prices_url)]

    def fetch(self, announced: Announcement, folder: Path, version: int) -> Delivery:
        """Write the prices of all machine types and regions into a file.

        They add to what is there: the list tells today's prices only, and those of before stay.

        Raises:
            SourceError: When the list cannot be had, or knows none of them.
        """
        rows = price_rows(self._prices.items(self._machine_types))
        if not rows:
            raise RejectedSourceError(
                f"{self.name}: Azure sells none of {', '.join(self._machine_types[:5])} … in "
                f"{', '.join(self._setting.regions)}; look at regions (as eastus) and "
                "machine_types (as Standard_ND96isr_H100_v5), upper and lower case count"
            )
        return Delivery(
            source=self.name,
            kind=Kind.PRICES,
            dialect="canonical-prices",
            version=version,
            complete=False,
            files=(spool_prices(rows, folder / "azure-retail-prices.parquet"),),
            mark=announced.mark,
        )

    def check(self) -> Sequence[Check]:
        """Ask for one price, and for the contracts where a scope is set."""
        checks = [_tried("reading the retail prices", self._one_price)]
        if self._setting.scope is not None:
            checks.append(_tried("reading reservations and savings plans", self._contracts))
        return checks

    def capacity(self) -> CapacityFacts:
        """Return the reservations and savings plans; without a scope there is nobody to ask.

        Raises:
            SourceError: When they may not be asked for.
        """
        if self._setting.scope is None:
            return CapacityFacts(notes=("reservations and savings plans: scope is not set",))
        contracts = Contracts(self._session.costs, self._setting.endpoint, self._setting.scope)
        return contracts.facts()

    @property
    def _machine_types(self) -> list[str]:
        """The machine types of the setting, else those of the reference."""
        known = [name for provider, name in machine_types() if provider == PROVIDER]
        return list(self._setting.machine_types) or known

    def _one_price(self) -> str:
        found = self._prices.first(self._machine_types[0])
        return f"{len(found)} of {self._machine_types[0]} in {self._setting.regions[0]}"

    def _contracts(self) -> str:
        found = self.capacity()
        if found.notes:
            raise RejectedSourceError("; ".join(found.notes))
        return f"{len(found.commitments)} in force"


def _tried(what: str, ask: Callable[[], str]) -> Check:
    try:
        return Check(f"{what} ({ask()})", passed=True)
    except SourceError as problem:
        return Check(what, passed=False, advice=str(problem))
