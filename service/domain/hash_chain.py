"""The hash of a close over its lines and postings, chained to the close before it.

Another program can recompute every hash from the stored rows; how is written in
``docs/decisions/0027-postings-are-deltas.md``, and it never changes for a close once made.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from service.domain.money import SCALE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from service.domain.ledger import Posting
    from service.domain.money import Money
    from service.domain.statements import StatementLine

GENESIS = "0" * 64
"""The head before the first close."""

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def lines_digest(lines: Iterable[StatementLine]) -> str:
    """Return the SHA-256 over statement lines in hex, whatever their order."""
    return _digest(_line_record(line) for line in lines)


def postings_digest(postings: Iterable[Posting]) -> str:
    """Return the SHA-256 over postings in hex, whatever their order."""
    return _digest(_posting_record(posting) for posting in postings)


def head(
    previous_head: str, header: Mapping[str, object], lines_sha256: str, postings_sha256: str
) -> str:
    """Return the hash that stands for a close and, by the head before it, for all earlier ones."""
    parts = (previous_head, _ENCODER.encode(header), lines_sha256, postings_sha256)
    return hashlib.sha256("".join(f"{part}\n" for part in parts).encode()).hexdigest()


def _line_record(line: StatementLine) -> list[object]:
    return [
        line.id,
        line.team,
        line.line,
        line.pool,
        line.provider,
        line.account,
        line.service,
        line.charge_category,
        line.commitment,
        line.method_id,
        line.currency,
        line.origin_period,
        line.reason,
        _exact(line.billed),
        _exact(line.effective),
        _exact(line.contracted),
        _exact(line.list),
        _exact(line.charged),
        line.cost_lines,
    ]


def _posting_record(posting: Posting) -> list[object]:
    entry = posting.entry
    return [
        entry.period,
        entry.origin_period,
        entry.debit.kind,
        entry.debit.name,
        entry.credit.kind,
        entry.credit.name,
        entry.reason,
        entry.invoice_issuer,
        entry.invoice,
        _exact(posting.amount),
        posting.amount.currency,
    ]


def _digest(records: Iterable[list[object]]) -> str:
    """Hash records one a line, sorted by their bytes."""
    hashed = hashlib.sha256()
    for encoded in sorted(_ENCODER.encode(record).encode() for record in records):
        hashed.update(encoded + b"\n")
    return hashed.hexdigest()


def _exact(amount: Money | None) -> str | None:
    return None if amount is None else amount.text(SCALE)
