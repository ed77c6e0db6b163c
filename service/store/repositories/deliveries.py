"""What was loaded."""

from collections.abc import Collection
from dataclasses import asdict, fields
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.domain.records import DeliveryRecord, Finding, Restatement
from service.store.models import (
    DeliveryAmountRow,
    DeliveryFileRow,
    DeliveryRestatementRow,
    DeliveryRow,
)


class Deliveries:
    """The record of every load."""

    def __init__(self, session: Session) -> None:
        """Read and write inside the session's transaction."""
        self._session = session

    def add(self, delivery: DeliveryRecord) -> None:
        """Store the record of a load for good."""
        self._session.add(_row(delivery))
        self._session.flush()
        self._session.add_all(
            DeliveryFileRow(delivery_id=delivery.id, position=position, name=name, sha256=sha256)
            for position, (name, sha256) in enumerate(delivery.files)
        )
        self._session.add_all(
            DeliveryAmountRow(
                delivery_id=delivery.id,
                currency=currency,
                quarantined_cost=delivery.quarantined_cost.get(currency),
                rounding=delivery.rounding.get(currency),
            )
            for currency in sorted({*delivery.quarantined_cost, *delivery.rounding})
        )
        self._session.add_all(
            DeliveryRestatementRow(delivery_id=delivery.id, position=position, **asdict(change))
            for position, change in enumerate(delivery.restated)
        )
        self._session.flush()

    def by_id(self, load_id: UUID) -> DeliveryRecord | None:
        """Give the record of one load."""
        row = self._session.get(DeliveryRow, load_id)
        return None if row is None else self._records([row])[0]

    def latest(self, n: int = 1, source: str | None = None) -> list[DeliveryRecord]:
        """Give the last ``n`` loads (of one source), newest first."""
        query = select(DeliveryRow).order_by(DeliveryRow.loaded_at.desc(), DeliveryRow.id).limit(n)
        if source is not None:
            query = query.where(DeliveryRow.source == source)
        return self._records(list(self._session.scalars(query)))

    def recorded(self, load_ids: Collection[UUID]) -> frozenset[UUID]:
        """Say which of these loads have their record."""
        query = select(DeliveryRow.id).where(DeliveryRow.id.in_(load_ids))
        return frozenset(self._session.scalars(query))

    def _records(self, rows: list[DeliveryRow]) -> list[DeliveryRecord]:
        ids = [row.id for row in rows]
        files = self._session.scalars(
            select(DeliveryFileRow)
            .where(DeliveryFileRow.delivery_id.in_(ids))
            .order_by(DeliveryFileRow.position)
        ).all()
        amounts = self._session.scalars(
            select(DeliveryAmountRow).where(DeliveryAmountRow.delivery_id.in_(ids))
        ).all()
        changes = self._session.scalars(
            select(DeliveryRestatementRow)
            .where(DeliveryRestatementRow.delivery_id.in_(ids))
            .order_by(DeliveryRestatementRow.position)
        ).all()
        return [
            _record(
                row,
                tuple((file.name, file.sha256) for file in files if file.delivery_id == row.id),
                [amount for amount in amounts if amount.delivery_id == row.id],
                tuple(_restatement(one) for one in changes if one.delivery_id == row.id),
            )
            for row in rows
        ]


def _row(delivery: DeliveryRecord) -> DeliveryRow:
    return DeliveryRow(
        id=delivery.id,
        source=delivery.source,
        kind=delivery.kind,
        dialect=delivery.dialect,
        version=delivery.version,
        complete=delivery.complete,
        periods=list(delivery.periods),
        rows=delivery.rows,
        quarantined=delivery.quarantined,
        findings=[_finding_json(finding) for finding in delivery.findings],
        loaded_at=delivery.loaded_at,
        seconds=delivery.seconds,
        mark=delivery.mark,
    )


def _record(
    row: DeliveryRow,
    files: tuple[tuple[str, str], ...],
    amounts: list[DeliveryAmountRow],
    restated: tuple[Restatement, ...],
) -> DeliveryRecord:
    return DeliveryRecord(
        id=row.id,
        source=row.source,
        kind=row.kind,
        dialect=row.dialect,
        version=row.version,
        complete=row.complete,
        files=files,
        periods=tuple(row.periods),
        rows=row.rows,
        quarantined=row.quarantined,
        loaded_at=row.loaded_at,
        seconds=row.seconds,
        quarantined_cost=_known({amount.currency: amount.quarantined_cost for amount in amounts}),
        rounding=_known({amount.currency: amount.rounding for amount in amounts}),
        findings=tuple(Finding(**finding) for finding in row.findings),
        mark=row.mark,
        restated=restated,
    )


def _restatement(row: DeliveryRestatementRow) -> Restatement:
    return Restatement(**{one.name: getattr(row, one.name) for one in fields(Restatement)})


def _known(amounts: dict[str, Decimal | None]) -> dict[str, Decimal]:
    return {currency: amount for currency, amount in amounts.items() if amount is not None}


def _finding_json(finding: Finding) -> dict[str, Any]:
    return {"rule": finding.rule, "column": finding.column, "rows": finding.rows}
