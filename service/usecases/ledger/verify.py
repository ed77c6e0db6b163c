"""Proves closed periods anew: chain, stored lines and postings, files of the lake, each figure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from service.domain.closing import METHOD, chain_faults, content_faults, unproven
from service.domain.ledger import delta
from service.domain.periods import Period
from service.domain.policy import CostBasis
from service.domain.reporting import rate_faults
from service.domain.restating import adjustment_lines
from service.usecases.allocate import allocate
from service.usecases.charge_owners import Reader
from service.usecases.ledger.books import Books, read_books, rests_on
from service.usecases.ledger.reporting import rates_of_header
from service.usecases.ledger.wanted import Correction, correction
from service.usecases.stale_periods import ALLOCATION
from service.usecases.stored_documents import fingerprint, policy_of
from warehouse.port import View
from warehouse.seal import broken, strayed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from service.domain.closing import PeriodClose
    from service.domain.statements import StatementLine
    from service.store.store import Store
    from warehouse.lake import Lake
    from warehouse.port import Engine


@dataclass(frozen=True, slots=True)
class Verified:
    """What verification found of one period.

    ``faults`` are what is not as it was closed; ``unproven`` is what this version cannot compute
    again, because it was made by another method.
    """

    period: str
    head: str
    faults: tuple[str, ...]
    unproven: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verification:
    """All closed periods in the order of their closes, and what is wrong with their chain."""

    periods: tuple[Verified, ...]
    chain: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing is other than it was closed."""
        return not self.chain and not any(one.faults for one in self.periods)

    @property
    def unproven(self) -> tuple[str, ...]:
        """The periods of which this version cannot compute everything again."""
        return tuple(one.period for one in self.periods if one.unproven)


def verify_closes(
    *, lake: Lake, engine: Engine, store: Store, heads: tuple[str, ...] = ()
) -> Verification:
    """Recompute every closed period from the facts that it was closed on.

    Args:
        lake: The lake.
        engine: What answers questions over it.
        store: The store.
        heads: Hashes that were published: whoever altered a close later cannot have them.
    """
    with store.work() as work:
        closes = work.closes.all()
    verifier = _Verifier(lake, engine, store)
    found = tuple(verifier.verified(close, closes[:n]) for n, close in enumerate(closes))
    return Verification(found, chain_faults(closes, heads))


@dataclass(frozen=True, slots=True)
class _Verifier:
    lake: Lake
    engine: Engine
    store: Store

    def verified(self, close: PeriodClose, earlier: Sequence[PeriodClose]) -> Verified:
        """Return what is to be said of a close."""
        return Verified(
            close.period,
            close.head,
            tuple(self.faults(close, earlier)),
            unproven(close, earlier, ALLOCATION.method),
        )

    def faults(self, close: PeriodClose, earlier: Sequence[PeriodClose]) -> Iterator[str]:
        """Yield what is not as it was closed.

        A fault of one kind hides none of another, but that from other facts nothing is computed.
        """
        try:
            files = tuple(broken(self.lake, close.files))
            yield from files
            yield from self._policy_faults(close)
            with self.store.work() as work:
                lines = work.statements.of(close.period)
                postings = work.ledger.postings(close.period)
                rates = rates_of_header(close, work)
            yield from content_faults(close, lines, postings)
            yield from rate_faults(close.period, close.rates, rates)
            wanted = rests_on({close.period, *close.restated})
            yield from strayed(self.lake, close.snapshots, wanted, close.files)
            if not files:
                reader = Reader(self.engine, View(dict(close.snapshots)))
                yield from self._allocated(close, earlier, reader)
                if close.method == METHOD:
                    yield from self._told(close, earlier, lines, reader)
        except Exception as problem:  # noqa: BLE001 -- whatever nonsense was put there is a fault
            [why, *_] = str(problem).splitlines() or [type(problem).__name__]
            yield f"{close.period} cannot be computed again: {why}"

    def _policy_faults(self, close: PeriodClose) -> Iterator[str]:
        """Yield whether the policy is the one that was applied, also where it decides nothing."""
        if close.policy_version is None:
            return
        with self.store.work() as work:
            stored = work.policies.version(close.policy_version)
        if stored is None or fingerprint(stored.text) != close.policy_sha256:
            yield f"version {close.policy_version} of the policy is not the text that was applied"

    def _allocated(
        self, close: PeriodClose, earlier: Sequence[PeriodClose], reader: Reader
    ) -> Iterator[str]:
        """Yield which allocations, of the period and of those it corrects, come out otherwise.

        What was allocated by another method than that of now is left out.
        """
        if close.allocation_method != ALLOCATION.method:
            return
        if not self._same_rows(Period(close.period), close.allocation_run, reader):
            yield f"the allocation of {close.period} is not what its facts and its policy give"
        for one in _corrected_by(close, earlier):
            known = one.allocation_method == ALLOCATION.method
            run = UUID(close.restated[one.period])
            if known and not self._same_rows(Period(one.period), run, reader):
                yield (
                    f"the allocation of {one.period} that {close.period} corrects it by is not"
                    " what its facts and its policy give"
                )

    def _same_rows(self, period: Period, run: UUID, reader: Reader) -> bool:
        """Say whether a run holds what the facts and the policy of its period give."""
        policy = policy_of(self.store, period)
        allocation = allocate(period, policy.policy if policy else None, reader)
        question: dict[str, object] = {"run": str(run), "period": str(period)}
        stored = reader.ask("allocated_rows", question)
        return bool(allocation.rows.equals(stored.cast(allocation.rows.schema)))

    def _told(
        self,
        close: PeriodClose,
        earlier: Sequence[PeriodClose],
        lines: tuple[StatementLine, ...],
        reader: Reader,
    ) -> Iterator[str]:
        """Yield where lines and postings are not what the sealed allocations give."""
        period = Period(close.period)
        books = read_books(close.allocation_run, period, reader, CostBasis(close.cost))
        wanted = self._corrected(close, earlier, books, reader)
        with self.store.work() as work:
            posted = work.ledger.sums(period=close.period)
        again = (*wanted.lines, *adjustment_lines(posted))
        if tuple(sorted(again, key=lambda one: one.id)) != lines:
            yield f"the statements of {period} are not what its allocation gives"
        if delta(wanted.sums, posted):
            yield f"the postings of {period} are not what its bills and lines give"

    def _corrected(
        self, close: PeriodClose, earlier: Sequence[PeriodClose], books: Books, reader: Reader
    ) -> Correction:
        """Return lines and sums of a period with its corrections of earlier ones."""
        lines, sums = books.lines, books.wanted()
        with self.store.work() as work:
            for one in _corrected_by(close, earlier):
                run, period = UUID(close.restated[one.period]), Period(close.period)
                found = correction(one, run, period, earlier, reader, work)
                lines += found.lines
                sums |= found.sums
        return Correction(lines, sums)


def _corrected_by(close: PeriodClose, earlier: Sequence[PeriodClose]) -> list[PeriodClose]:
    return [one for one in earlier if one.period in close.restated]
