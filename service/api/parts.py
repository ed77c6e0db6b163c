"""What the API needs from the house: a handful of functions, made by whoever starts it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from service.documents.workload import WorkloadDocument
from service.domain.access import Token
from service.domain.periods import Period
from service.domain.workloads import Workload
from service.usecases.read_plan import PlanReading
from service.usecases.report_costs import CostReport
from service.usecases.tell_freshness import Freshness

Teams = frozenset[str] | None
"""The teams that a caller may see; ``None`` for all."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The verbs behind the routes; each opens its own transaction.

    ``authenticate`` turns a bearer secret into a valid token, ``ready`` raises when the store does
    not answer, ``submit`` also takes who submits.
    """

    version: str
    demo: bool
    authenticate: Callable[[str], Token]
    ready: Callable[[], object]
    submit: Callable[[Sequence[WorkloadDocument], str], Sequence[Workload]]
    costs: Callable[[Period, str, Teams], CostReport]
    latest_plan: Callable[[Teams], PlanReading]
    freshness: Callable[[], Freshness]


def _parts(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


PartsUse = Annotated[Parts, Depends(_parts)]
