"""The application: parts in, routes out."""

from functools import partial
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi

from service.api.body_limit import MAX_BODY_BYTES, BodyLimit
from service.api.parts import Parts
from service.api.problems import handle_problems, problems
from service.api.routes import costs, health, plans, workloads
from service.api.schemas.problems import Fault, Problem
from service.errors import ComptrollerError, UnavailableError

ROUTERS: tuple[APIRouter, ...] = (health.router, workloads.router, costs.router, plans.router)


def create_app(parts: Parts, *, max_body_bytes: int = MAX_BODY_BYTES) -> FastAPI:
    """Return the API over ``parts``; its description is at ``/openapi.json``."""
    # The pages that FastAPI can draw of it load scripts from elsewhere, beside people's tokens.
    app = FastAPI(
        title="Comptroller",
        version=parts.version,
        docs_url=None,
        redoc_url=None,
        responses=problems(ComptrollerError, UnavailableError),
    )
    app.state.parts = parts
    app.add_middleware(BodyLimit, max_bytes=max_body_bytes)
    handle_problems(app)
    for router in ROUTERS:
        app.include_router(router)
    app.openapi = partial(_described, app)  # type: ignore[method-assign]
    return app


def _described(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document with the schema of the problems that the routes refer to."""
    if app.openapi_schema is None:
        described = get_openapi(title=app.title, version=app.version, routes=app.routes)
        schemas = described["components"]["schemas"]
        schemas["Fault"] = Fault.model_json_schema()
        problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        problem.pop("$defs")
        schemas["Problem"] = problem
        app.openapi_schema = described
    return app.openapi_schema
