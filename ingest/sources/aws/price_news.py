"""Everything about prices that AWS says and the lake does not hold yet, as one delivery.

Spot changes since the last load are always news. List prices come again when one of them changed.
Capacity blocks are offered anew every day.
"""

from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from pathlib import Path

from ingest.port import DeliveredFile
from ingest.sources.aws.blocks import block_prices
from ingest.sources.aws.price_mark import PriceMark
from ingest.sources.aws.prices import digest, list_prices, published_lists
from ingest.sources.aws.savings_rates import savings_plan_rates
from ingest.sources.aws.session import AwsClients
from ingest.sources.aws.spooled import PriceRow, spool_prices
from ingest.sources.aws.spot import KEPT, spot_prices


@dataclass(frozen=True, slots=True)
class Question:
    """Which prices are asked for."""

    regions: tuple[str, ...]
    machine_types: tuple[str, ...]

    @property
    def name(self) -> str:
        """A short name of the question: another one has no history in the lake."""
        return digest([*(f"region {one}" for one in self.regions), *self.machine_types])


def spool_news(
    clients: AwsClients, question: Question, held: PriceMark | None, until: datetime, folder: Path
) -> tuple[DeliveredFile, PriceMark]:
    """Write what is new since ``held``, up to ``until``; return the file and its mark.

    Raises:
        SourceError: When AWS cannot be asked, or its answer cannot be read.
    """
    listed, mark = _listed(clients, question, held, until)
    since = held.until if held else until - KEPT
    regions, types = question.regions, question.machine_types
    rows = chain(
        listed,
        spot_prices(clients, regions, types, since, until),
        block_prices(clients, regions, types, until),
    )
    return spool_prices(rows, folder), mark


def _listed(
    clients: AwsClients, question: Question, held: PriceMark | None, until: datetime
) -> tuple[list[PriceRow], PriceMark]:
    """Return the list prices if there is any change among them."""
    lists = published_lists(clients, question.regions, until)
    published = digest(one.arn for one in lists)
    if held and held.lists == published:
        return [], PriceMark(question.name, published, held.prices, held.seen, until)
    since = held.seen if held else None
    rows = [
        *list_prices(clients, lists, question.machine_types, since),
        *savings_plan_rates(clients, question.regions, question.machine_types, until),
    ]
    content = digest(_content(row) for row in rows)
    if held and held.prices == content:
        return [], PriceMark(question.name, published, content, held.seen, until)
    return rows, PriceMark(question.name, published, content, until, until)


def _content(row: PriceRow) -> str:
    """What of a price is news when it changes; when it was seen is not."""
    parts = (row.region, row.machine_type, row.contract, row.term_months, row.amount, row.currency)
    return "|".join(map(str, parts))
