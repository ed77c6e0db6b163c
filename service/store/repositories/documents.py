"""Applied policies and capacities."""

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.domain.records import DocumentVersion
from service.store.models.documents import DocumentRow


class Documents:
    """The versions of one kind of document."""

    def __init__(self, session: Session, table: type[DocumentRow]) -> None:
        """Read and write ``table`` inside the session's transaction."""
        self._session, self._table = session, table

    def add(self, document: DocumentVersion) -> None:
        """Store a version for good."""
        self._session.add(
            self._table(
                version=document.version,
                effective_from=document.effective_from,
                sha256=document.sha256,
                text=document.text,
                applied_at=document.applied_at,
                applied_by=document.applied_by,
            )
        )
        self._session.flush()

    def all(self) -> list[DocumentVersion]:
        """Give every version, oldest first."""
        rows = self._session.scalars(select(self._table).order_by(self._table.version))
        return [_document(row) for row in rows]

    def latest(self) -> DocumentVersion | None:
        """Give the version that was stored last."""
        query = select(self._table).order_by(self._table.version.desc()).limit(1)
        return _found(self._session.scalar(query))

    def version(self, number: int) -> DocumentVersion | None:
        """Give one version."""
        return _found(self._session.get(self._table, number))

    def in_effect(self, day: date) -> DocumentVersion | None:
        """Give the version that holds on ``day``; of two from the same day the later stored."""
        query = (
            select(self._table)
            .where(self._table.effective_from <= day)
            .order_by(self._table.effective_from.desc(), self._table.version.desc())
            .limit(1)
        )
        return _found(self._session.scalar(query))


def _found(row: DocumentRow | None) -> DocumentVersion | None:
    return None if row is None else _document(row)


def _document(row: DocumentRow) -> DocumentVersion:
    return DocumentVersion(
        version=row.version,
        effective_from=row.effective_from,
        sha256=row.sha256,
        text=row.text,
        applied_at=row.applied_at,
        applied_by=row.applied_by,
    )
