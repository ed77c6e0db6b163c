"""The API as the user commands ask it, where settings name one and a token for it."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from service.api.schemas.costs import CostsOut
from service.api.schemas.plans import PlanOut
from service.api.schemas.problems import Problem
from service.api.schemas.workloads import SubmittedOut, WorkloadOut
from service.errors import (
    ComptrollerError,
    ConflictError,
    InputError,
    NotAllowedError,
    NotAuthenticatedError,
    NotFoundError,
    UnavailableError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from service.api.schemas.problems import Fault
    from service.documents.workload import WorkloadDocument
    from service.domain.periods import Period

MOST_WORKLOADS = 10_000
"""Workloads in one request."""

MOST_BYTES = 15 * 2**20
"""Size of one request; a little less than the API takes."""

_KINDS: dict[int, type[ComptrollerError]] = {
    kind.status: kind
    for kind in (
        InputError,
        ConflictError,
        NotFoundError,
        NotAllowedError,
        NotAuthenticatedError,
        UnavailableError,
    )
}
_Answer = TypeVar("_Answer", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Remote:
    """The verbs of the API; ``http`` knows its address and shows the token."""

    http: httpx.Client
    most_workloads: int = MOST_WORKLOADS

    def costs(self, period: Period, by: str) -> CostsOut:
        """Return the costs of a period, as far as the token may see them."""
        request = self.http.build_request(
            "GET", "/v1/costs", params={"period": str(period), "by": by}
        )
        return self._ask(request, CostsOut)

    def latest_plan(self) -> PlanOut:
        """Return the newest plan, as far as the token may see it."""
        return self._ask(self.http.build_request("GET", "/v1/plans/latest"), PlanOut)

    def submit(self, documents: Sequence[WorkloadDocument]) -> list[WorkloadOut]:
        """Submit workloads in as few lists as the API takes; each is taken whole or not at all.

        Raises:
            ComptrollerError: As the API refuses; the sentence says how many were taken before.
        """
        taken: list[WorkloadOut] = []
        for batch in _batches(documents, self.most_workloads):
            request = self.http.build_request(
                "POST",
                "/v1/workloads",
                content=f"[{','.join(batch)}]",
                headers={"Content-Type": "application/json"},
            )
            try:
                taken += self._ask(request, SubmittedOut, before=len(taken)).workloads
            except ComptrollerError as error:
                if not taken:
                    raise
                raise type(error)(
                    f"the first {len(taken)} of {len(documents)} workloads are in the queue;"
                    f" the next failed: {error}"
                ) from error
        return taken

    def _ask(self, request: httpx.Request, form: type[_Answer], before: int = 0) -> _Answer:
        """Return the answer; ``before`` workloads of the file went with earlier requests."""
        address = str(self.http.base_url).rstrip("/")
        try:
            answer = self.http.send(request)
        except httpx.RequestError as error:
            reason = str(error) or type(error).__name__
            raise UnavailableError(
                f"the API at {address} (api_url) does not answer: {reason}"
            ) from error
        try:
            if answer.is_success:
                return form.model_validate_json(answer.content)
            problem = Problem.model_validate_json(answer.content)
        except ValidationError as error:
            raise UnavailableError(
                f"what answers at {address} (api_url) with HTTP {answer.status_code} is no"
                " Comptroller API of this version"
            ) from error
        raise _refusal(problem, address, before)


def _refusal(problem: Problem, address: str, before: int) -> ComptrollerError:
    """Return the refusal as this host would have made it, with the API's status and code."""
    sentence = "\n".join(_sentence(fault, before) for fault in problem.errors) or problem.detail
    if problem.status == HTTPStatus.UNAUTHORIZED:
        sentence += f" (api_token, at {address})"
    elif problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        sentence += f" (the API at {address})"
    base = _KINDS.get(problem.status, ComptrollerError)
    kept = {"status": problem.status, "code": problem.code}
    kind: type[ComptrollerError] = type(base.__name__, (base,), kept)
    return kind(sentence)


def _sentence(fault: Fault, before: int) -> str:
    """Name the place as a file's: ``/1/nodes`` of the first list is ``workloads[2].nodes``."""
    first, *path = fault.field.removeprefix("/").split("/")
    place = fault.field
    if fault.where == "body" and first.isdecimal():
        steps = (f"[{int(step) + 1}]" if step.isdecimal() else f".{step}" for step in path)
        place = f"workloads[{before + int(first) + 1}]{''.join(steps)}"
    return f"{place}: {fault.detail}" if place else fault.detail


def _batches(documents: Sequence[WorkloadDocument], most: int) -> Iterator[list[str]]:
    """Yield the documents as JSON, in lists that the API takes."""
    batch: list[str] = []
    size_bytes = 0
    for document in documents:
        text = document.model_dump_json(by_alias=True, exclude_unset=True)
        more_bytes = len(text.encode()) + 1
        if batch and (len(batch) == most or size_bytes + more_bytes > MOST_BYTES):
            yield batch
            batch, size_bytes = [], 0
        batch.append(text)
        size_bytes += more_bytes
    yield batch
