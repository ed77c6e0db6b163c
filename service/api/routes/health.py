"""Is it there, is it ready, and what is it."""

from fastapi import APIRouter

from service.api.auth import Caller
from service.api.parts import PartsUse
from service.api.problems import problems
from service.api.schemas.health import AboutOut, HealthOut
from service.errors import NotAuthenticatedError, UnavailableError

router = APIRouter(tags=["health"])


@router.get("/healthz")
def healthz(parts: PartsUse) -> HealthOut:
    """Say that the process answers; needs no token."""
    return HealthOut(demo=parts.demo)


@router.get("/readyz", responses=problems(UnavailableError))
def readyz(parts: PartsUse) -> HealthOut:
    """Say that the store answers too; needs no token."""
    try:
        parts.ready()
    except Exception as error:
        raise UnavailableError("the store does not answer; try again later") from error
    return HealthOut(demo=parts.demo)


@router.get("/v1/about", responses=problems(NotAuthenticatedError))
def about(parts: PartsUse, _: Caller) -> AboutOut:
    """Say which version answers, which periods have costs, and how fresh the data are."""
    return AboutOut.of(parts.version, parts.freshness(), demo=parts.demo)
