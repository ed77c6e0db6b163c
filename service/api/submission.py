"""What a request to submit says as a whole: its key, and rules across fields."""

from collections.abc import Sequence

from fastapi.exceptions import RequestValidationError

from service.documents.workload import WorkloadDocument
from service.documents.workload_file import WorkloadFile

Body = WorkloadDocument | list[WorkloadDocument]


def with_request_key(body: Body, key: str | None) -> tuple[WorkloadDocument, ...]:
    """Return the workloads of ``body``; ``key`` becomes theirs where they have none.

    In a list each workload gets the key with its place, so the request as a whole can be repeated.
    """
    if isinstance(body, WorkloadDocument):
        return (_keyed(body, key),)
    places = range(1, len(body) + 1)
    keys = [None if key is None else f"{key}/{place}" for place in places]
    return tuple(_keyed(document, own) for document, own in zip(body, keys, strict=True))


def refuse_contradictions(documents: Sequence[WorkloadDocument], *, many: bool) -> None:
    """Refuse workloads whose fields, or keys, contradict each other.

    Raises:
        RequestValidationError: With the place and the sentence of every contradiction; ``many``
            says that the body was a list, so that places have an index.
    """
    whole = WorkloadFile.model_construct(workloads=tuple(documents))
    places = [
        (("body", "many", *loc[1:]) if many else ("body", "one", *loc[2:]), text)
        for loc, text in whole.contradictions()
    ]
    if places:
        raise RequestValidationError(
            [{"type": "contradiction", "loc": loc, "msg": t, "input": None} for loc, t in places]
        )


def _keyed(document: WorkloadDocument, key: str | None) -> WorkloadDocument:
    if key is None or document.idempotency_key is not None:
        return document
    return document.model_copy(update={"idempotency_key": key})
