"""Writes journal entries for a general ledger as CSV."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from service.domain.money import minor_digits
from service.exports.csv_file import csv_bytes
from service.exports.files import put, safe_name
from service.exports.journal import journal_lines, postings_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from service.domain.closing import PeriodState
    from service.domain.ledger import AccountKind, Posting
    from service.domain.money import Money
    from service.domain.periods import Period
    from service.exports.columns import Value
    from service.exports.journal import JournalLine

COLUMNS = (
    *("journal", "line", "date", "gl_account", "account_kind", "account_name"),
    *("debit", "credit", "currency"),
    *("origin_period", "reason", "invoice_issuer", "invoice", "state", "head"),
)


@dataclass(frozen=True, slots=True)
class Journal:
    """The postings of a period, and the number of the general ledger for each kind of account.

    With a ``team`` only what that team bears is written; ``head`` is the hash of the close.
    """

    period: Period
    state: PeriodState
    postings: tuple[Posting, ...]
    gl_accounts: Mapping[AccountKind, str]
    head: str | None = None
    team: str | None = None

    @property
    def name(self) -> str:
        """What its entries are filed under."""
        return str(self.period) if self.team is None else f"{self.period} {self.team}"


def write_journal(journal: Journal, folder: Path) -> Path:
    """Write the journal to ``folder`` and return the file.

    Raises:
        InputError: When a kind of account has no number, or the folder takes no file.
    """
    team = "" if journal.team is None else f"-{safe_name(journal.team)}"
    return put(folder / f"journal-{journal.period}{team}.csv", journal_csv(journal))


def journal_csv(journal: Journal) -> bytes:
    """Write one row for each line of the journal, dated on the period's last day."""
    postings = journal.postings
    if journal.team is not None:
        postings = postings_of(journal.team, postings)
    return csv_bytes(COLUMNS, _rows(journal, journal_lines(postings, journal.gl_accounts)))


def _rows(journal: Journal, lines: tuple[JournalLine, ...]) -> Iterator[tuple[Value, ...]]:
    last_day = (journal.period.next.first_day - timedelta(days=1)).isoformat()
    for number, line in enumerate(lines, start=1):
        key = line.key
        yield (
            *(journal.name, number, last_day, line.gl_account),
            *(key.account.kind.value, key.account.name),
            *(*_sides(line.amount), key.currency),
            *(key.origin_period, key.reason, key.invoice_issuer, key.invoice),
            *(journal.state.value, journal.head),
        )


def _sides(amount: Money) -> tuple[Value, Value]:
    """Return the debit and the credit, in whole coins."""
    places = minor_digits(amount.currency)
    return (amount.text(places), None) if amount.pico > 0 else (None, (-amount).text(places))
