"""Batches of postings, and what they sum to."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from service.domain.bookkeeping import LedgerBatch
from service.domain.ledger import Account, AccountKind, Entry, Posting
from service.domain.money import Money
from service.errors import InputError
from service.store.models import LedgerBatchRow, LedgerPostingRow
from service.store.repositories.bulk import insert_all
from service.store.repositories.closed import told_when_closed

_POSTING = LedgerPostingRow
_ENTRY = (
    _POSTING.period,
    _POSTING.origin_period,
    _POSTING.debit_kind,
    _POSTING.debit_name,
    _POSTING.credit_kind,
    _POSTING.credit_name,
    _POSTING.reason,
    _POSTING.invoice_issuer,
    _POSTING.invoice,
)
_COLUMNS = ("batch_id", "number", *(column.key for column in _ENTRY), "amount", "currency")


class Ledger:
    """The postings of all periods; they are added and never changed."""

    def __init__(self, session: Session) -> None:
        """Read and write inside the session's transaction."""
        self._session = session

    def add(self, batch: LedgerBatch, postings: Iterable[Posting]) -> int:
        """Store a batch with its postings, in their order, for good, and count them.

        Raises:
            PeriodClosedError: When the batch's period is closed.
            InputError: When a posting stands in another period than the batch.
        """
        with told_when_closed(batch.period):
            self._session.add(
                LedgerBatchRow(
                    id=batch.id,
                    period=batch.period,
                    run_id=batch.run_id,
                    at=batch.at,
                    actor=batch.actor,
                    reason=batch.reason,
                )
            )
            self._session.flush()
            return insert_all(self._session, LedgerPostingRow, _COLUMNS, _rows(batch, postings))

    def sums(
        self, period: str | None = None, origin_period: str | None = None
    ) -> dict[tuple[Entry, str], Money]:
        """Sum what was posted by entry and currency, in the order of the entries.

        An entry and its mirror, which takes it back, are two sums, both above 0.

        Args:
            period: The period that postings stand in; ``None`` is every one.
            origin_period: The period whose cost they tell of; ``None`` is every one.
        """
        query = select(*_ENTRY, _POSTING.currency, func.sum(_POSTING.amount))
        if period is not None:
            query = query.where(_POSTING.period == period)
        if origin_period is not None:
            query = query.where(_POSTING.origin_period == origin_period)
        found = self._session.execute(query.group_by(*_ENTRY, _POSTING.currency))
        entry = _entries()
        sums = {(entry(row), row[-2]): Money.parse(row[-1], row[-2]) for row in found}
        return {key: sums[key] for key in sorted(sums)}

    def postings(self, period: str) -> tuple[Posting, ...]:
        """Give every posting that stands in ``period``, in the order in which they were made."""
        query = (
            select(*_ENTRY, _POSTING.amount, _POSTING.currency)
            .join(LedgerBatchRow, LedgerBatchRow.id == _POSTING.batch_id)
            .where(_POSTING.period == period)
            .order_by(LedgerBatchRow.at, LedgerBatchRow.id, _POSTING.number)
        )
        return self._postings(query)

    def of_batch(self, batch_id: UUID) -> tuple[Posting, ...]:
        """Give the postings of one batch in their order, such as those that adjust a dispute."""
        query = select(*_ENTRY, _POSTING.amount, _POSTING.currency).order_by(_POSTING.number)
        return self._postings(query.where(_POSTING.batch_id == batch_id))

    def batches(self, period: str) -> tuple[LedgerBatch, ...]:
        """Give the batches of ``period``, oldest first."""
        query = (
            select(LedgerBatchRow)
            .where(LedgerBatchRow.period == period)
            .order_by(LedgerBatchRow.at, LedgerBatchRow.id)
        )
        return tuple(
            LedgerBatch(row.id, row.period, row.run_id, row.at, row.actor, row.reason)
            for row in self._session.scalars(query)
        )

    def periods(self) -> tuple[str, ...]:
        """Give the periods that have postings, oldest first."""
        query = select(_POSTING.period).distinct().order_by(_POSTING.period)
        return tuple(self._session.scalars(query))

    def _postings(self, query: Select[*tuple[Any, ...]]) -> tuple[Posting, ...]:
        entry = _entries()
        return tuple(
            Posting(entry(row), Money.parse(row[-2], row[-1]))
            for row in self._session.execute(query)
        )


def _rows(batch: LedgerBatch, postings: Iterable[Posting]) -> Iterator[tuple[object, ...]]:
    for number, posting in enumerate(postings):
        entry = posting.entry
        if entry.period != batch.period:
            raise InputError(
                f"posting {number} stands in {entry.period}, its batch in {batch.period};"
                " accepted are postings of the batch's period"
            )
        yield (
            batch.id,
            number,
            entry.period,
            entry.origin_period,
            entry.debit.kind.value,
            entry.debit.name,
            entry.credit.kind.value,
            entry.credit.name,
            entry.reason,
            entry.invoice_issuer,
            entry.invoice,
            posting.amount.decimal,
            posting.amount.currency,
        )


def _entries() -> Callable[[Sequence[Any]], Entry]:
    """Read the entry that a row begins with; accounts repeat, so each is made once."""
    account = cache(lambda kind, name: Account(AccountKind(kind), name))

    def read(row: Sequence[Any]) -> Entry:
        period, origin, debit_kind, debit, credit_kind, credit, reason, issuer, invoice = row[:9]
        return Entry(
            period,
            origin,
            account(debit_kind, debit),
            account(credit_kind, credit),
            reason,
            issuer,
            invoice,
        )

    return read
