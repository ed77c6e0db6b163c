"""Costs, as far as the caller's teams may see them."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.exceptions import RequestValidationError

from service.api.auth import VisibleTeams
from service.api.parts import PartsUse
from service.api.problems import problems
from service.api.schemas.costs import CostsOut
from service.domain.periods import Period
from service.errors import (
    ConflictError,
    InputError,
    NotAllowedError,
    NotAuthenticatedError,
    NotFoundError,
)
from service.usecases.report_costs import By

router = APIRouter(prefix="/v1/costs", tags=["costs"])

_PeriodName = Annotated[str, Query(description="billing period, YYYY-MM", examples=["2026-10"])]


@router.get(
    "",
    responses=problems(
        NotAuthenticatedError, NotAllowedError, NotFoundError, ConflictError, InputError
    ),
)
def costs(parts: PartsUse, teams: VisibleTeams, period: _PeriodName, by: By = "team") -> CostsOut:
    """Return what was spent in a period, from its newest stored allocation run."""
    return CostsOut.of(parts.costs(_period(period), by, teams), whole=teams is None)


def _period(name: str) -> Period:
    try:
        return Period(name)
    except ValueError as error:
        fault = {"type": "period", "loc": ("query", "period"), "msg": str(error), "input": name}
        raise RequestValidationError([fault]) from error
