"""Every refusal leaves as problem+json (RFC 9457), with a sentence and a stable code."""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic_core import ErrorDetails
from starlette.exceptions import HTTPException

from service.api.schemas.problems import Fault, Problem
from service.documents.wording import sentence
from service.documents.workload import WorkloadDocument
from service.errors import ComptrollerError, InputError, NotAuthenticatedError

MEDIA_TYPE = "application/problem+json"
_SHOWN_FAULTS = 20
_HTTP_CODES = {404: "not-found", 405: "method-not-allowed", 413: "too-large"}


def problems(*errors: type[ComptrollerError]) -> dict[int | str, dict[str, Any]]:
    """Return the ``responses=`` of a route that may refuse with ``errors``."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        error.status: {"description": error.code, "content": {MEDIA_TYPE: {"schema": schema}}}
        for error in errors
    }


def handle_problems(app: FastAPI) -> None:
    """Answer every refusal, foreseen or not, with problem+json."""
    app.exception_handler(ComptrollerError)(_refused)
    app.exception_handler(RequestValidationError)(_invalid)
    app.exception_handler(HTTPException)(_http)
    app.exception_handler(Exception)(_unexpected)


def _refused(request: Request, error: ComptrollerError) -> JSONResponse:
    if error.code == ComptrollerError.code:
        return _unexpected(request, error)
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        # Its sentence is for the operator: it may name hosts and roles of the database.
        return _problem(error.status, error.code, "a part that is needed does not answer now")
    asks = {"WWW-Authenticate": "Bearer"} if isinstance(error, NotAuthenticatedError) else None
    return _problem(error.status, error.code, str(error), headers=asks)


def _invalid(_: Request, error: RequestValidationError) -> JSONResponse:
    faults = list(_faults(error))
    first, more = faults[0], len(faults) - 1
    place = f"{first.where} {first.field}".strip()
    detail = f"{place}: {first.detail}" + (f" (and {more} more)" if more else "")
    return _problem(InputError.status, InputError.code, detail, errors=faults[:_SHOWN_FAULTS])


def _http(_: Request, error: HTTPException) -> JSONResponse:
    code = _HTTP_CODES.get(error.status_code, "http-error")
    return _problem(error.status_code, code, error.detail, headers=error.headers)


def _unexpected(_: Request, __: Exception) -> JSONResponse:
    detail = "something went wrong inside; the operator finds the cause in the log"
    return _problem(ComptrollerError.status, ComptrollerError.code, detail)


def _problem(
    status: int,
    code: str,
    detail: str,
    *,
    errors: list[Fault] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    body = Problem(
        type=f"urn:comptroller:problem:{code}",
        title=HTTPStatus(status).phrase,
        status=status,
        code=code,
        detail=detail,
        errors=errors or [],
    )
    content = body.model_dump(exclude_defaults=True)
    return JSONResponse(content, status, headers=headers, media_type=MEDIA_TYPE)


def _faults(error: RequestValidationError) -> Iterator[Fault]:
    for fault in error.errors():
        where, *path = fault["loc"]
        if where == "body":
            yield _body_fault(fault, tuple(path))
        else:
            yield Fault(where=where, field=str(path[0]), detail=fault["msg"])


def _body_fault(fault: ErrorDetails, path: tuple[int | str, ...]) -> Fault:
    """Say it in the words that a file of workloads gets."""
    if fault["type"] == "json_invalid":
        return Fault(where="body", field="", detail=f"is no JSON: {fault['ctx']['error']}")
    # "one" and "many" name the forms of a body in the schema; a client never wrote them.
    steps = path[1:] if path[:1] in {("one",), ("many",)} else path
    inner = steps[1:] if path[:1] == ("many",) else steps
    inside: ErrorDetails = {**fault, "loc": inner}
    return Fault(
        where="body",
        field="".join(f"/{step}" for step in steps),
        detail=sentence(inside, WorkloadDocument),
    )
