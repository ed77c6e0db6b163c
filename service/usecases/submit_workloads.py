"""Puts workloads into the queue, all or none, once per idempotency key."""

from __future__ import annotations

import json
from difflib import get_close_matches
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from ingest.machines import accelerator_models, known_model
from service.domain.records import AuditEntry
from service.domain.workloads import Workload, WorkloadState
from service.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime
    from uuid import UUID

    from service.documents.workload import WorkloadDocument
    from service.store.store import Store


class UnknownAccelerator(InputError):
    """No machine type has an accelerator of that name."""

    code = "unknown-accelerator"


def submit(
    documents: Sequence[WorkloadDocument],
    *,
    store: Store,
    clock: Callable[[], datetime],
    new_id: Callable[[], UUID],
    actor: str,
) -> list[Workload]:
    """Store what is new and give back, in the same order, the workload of each document.

    Raises:
        UnknownAccelerator: When a model is asked for that no machine type has.
        ConflictError: When an idempotency key came before with another body.
    """
    unknown = [sentence for document in documents for sentence in _unknown_models(document)]
    if unknown:
        raise UnknownAccelerator("\n".join(unknown))
    at = clock()
    new = [_workload(document, new_id(), at) for document in documents]
    if not new:
        return []
    with store.work() as work:
        stored = work.workloads.add_all(new)
        ids = {workload.id for workload in new}
        for workload in stored:
            if workload.id in ids:
                detail = {"name": workload.name, "team": workload.team}
                subject = f"workload {workload.id}"
                work.audit.add(AuditEntry(at, actor, "workload.submit", subject, detail))
    return stored


def _workload(document: WorkloadDocument, workload_id: UUID, at: datetime) -> Workload:
    body: dict[str, Any] = document.model_dump(mode="json", by_alias=True)
    return Workload(
        id=workload_id,
        name=document.name,
        team=document.team,
        project=document.project,
        user=document.user,
        state=WorkloadState.QUEUED,
        submitted_at=at,
        idempotency_key=document.idempotency_key,
        body_sha256=sha256(json.dumps(body, sort_keys=True).encode()).hexdigest(),
        document=body,
    )


def _unknown_models(document: WorkloadDocument) -> Iterator[str]:
    wanted = [one.model for one in document.accelerators]
    if document.work.reference_model is not None:
        wanted.append(document.work.reference_model)
    for model in dict.fromkeys(wanted):
        if not known_model(model):
            close = get_close_matches(model.upper(), accelerator_models(), n=1)
            hint = f"did you mean {close[0]}? " if close else ""
            yield (
                f"workload {document.name}: accelerator {model} is not known; {hint}"
                f"accepted are {', '.join(accelerator_models())}"
            )
