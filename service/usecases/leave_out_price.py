"""What it costs to leave a workload out of a plan, so that the optimizer can weigh it.

===========  ======================================================================
class        price, times (100 + priority) / 100
===========  ======================================================================
strict       twice its dearest way to run: never worth it where there is room
target       its dearest way to run, and a day of its price of lateness on top
best_effort  its cheapest on-demand way to run (its dearest way if it has none)
===========  ======================================================================

The base is at least one unit of the planning currency for each machine and hour, so that work
which runs on machines that are paid for already is not left out for nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.domain.exchange import MICROS
from service.usecases.current_prices import ON_DEMAND

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.documents.workload import WorkloadDocument
    from service.domain.exchange import Exchange
    from service.usecases.workload_options import Choice

_HOURS_LATE = 24


def leave_out_price(document: WorkloadDocument, ways: Sequence[Choice], exchange: Exchange) -> int:
    """Millionths of the planning currency; ``ways`` has at least one."""
    return _base(document, ways, exchange) * (100 + document.priority) // 100


def _base(document: WorkloadDocument, ways: Sequence[Choice], exchange: Exchange) -> int:
    least = MICROS * document.nodes * min(way.slots for way in ways)
    dearest = max(least, *(way.cost_micros for way in ways))
    if document.sla.sla_class == "strict":
        return 2 * dearest
    if document.sla.sla_class == "target":
        lateness = document.sla.lateness_price_per_hour
        late = 0 if lateness is None else exchange.micros(lateness, document.currency)
        return dearest + _HOURS_LATE * late
    bought = [way.cost_micros for way in ways if way.offer.model == ON_DEMAND]
    return max(least, min(bought, default=dearest))
