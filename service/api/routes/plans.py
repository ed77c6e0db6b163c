"""Plans, as far as the caller's teams may see them."""

from fastapi import APIRouter

from service.api.auth import VisibleTeams
from service.api.parts import PartsUse
from service.api.problems import problems
from service.api.schemas.plans import PlanOut
from service.errors import NotAllowedError, NotAuthenticatedError, NotFoundError

router = APIRouter(prefix="/v1/plans", tags=["plans"])


@router.get("/latest", responses=problems(NotAuthenticatedError, NotAllowedError, NotFoundError))
def latest(parts: PartsUse, teams: VisibleTeams) -> PlanOut:
    """Return the newest plan: where and when each workload runs, or why it does not."""
    return PlanOut.of(parts.latest_plan(teams))
