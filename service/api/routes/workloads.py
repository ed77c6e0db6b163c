"""Submitting workloads, one or many, all or none."""

from typing import Annotated

from fastapi import APIRouter, Body, Header
from pydantic import Discriminator, Field, Tag

from service.api.auth import Submitter, refuse_other_teams
from service.api.body_limit import BodyTooLarge
from service.api.parts import PartsUse
from service.api.problems import problems
from service.api.schemas.workloads import SubmittedOut, WorkloadOut
from service.api.submission import refuse_contradictions, with_request_key
from service.documents.workload import WorkloadDocument
from service.errors import ConflictError, InputError, NotAllowedError, NotAuthenticatedError

MAX_WORKLOADS = 10_000

router = APIRouter(prefix="/v1/workloads", tags=["workloads"])

_Many = Annotated[list[WorkloadDocument], Field(min_length=1, max_length=MAX_WORKLOADS)]
_Body = Annotated[
    Annotated[WorkloadDocument, Tag("one")] | Annotated[_Many, Tag("many")],
    Discriminator(lambda value: "many" if isinstance(value, list) else "one"),
    Body(description=f"One workload, or a list of up to {MAX_WORKLOADS}."),
]
_Key = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=200,
        description="The same key again changes nothing; with another body it is a conflict."
        " In a list it stands for each workload by its place.",
    ),
]


@router.post(
    "",
    status_code=201,
    responses=problems(
        NotAuthenticatedError, NotAllowedError, ConflictError, BodyTooLarge, InputError
    ),
)
def submit(
    parts: PartsUse, caller: Submitter, body: _Body, idempotency_key: _Key = None
) -> SubmittedOut:
    """Put workloads into the queue; a key that is known gives the workloads it made before."""
    documents = with_request_key(body, idempotency_key)
    refuse_contradictions(documents, many=isinstance(body, list))
    refuse_other_teams(caller, {document.team for document in documents})
    workloads = parts.submit(documents, f"token:{caller.id}")
    return SubmittedOut(workloads=[WorkloadOut.of(workload) for workload in workloads])
