"""Rates of months and rulings of disputes."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from service.domain.bookkeeping import LedgerBatch, MonthRate
from service.domain.disputes import Dispute, DisputeAnswer, Outcome

NOW = datetime(2026, 11, 21, 2, 30, tzinfo=UTC)
EURO = MonthRate("2026-10", "EUR", "USD", Decimal("1.08"), "ECB", NOW, "cli:ann")
DISPUTE = Dispute(UUID(int=1), "2026-10", "aa", "vision", NOW, "ann", "not ours")


def answer(number: int, outcome: Outcome) -> DisputeAnswer:
    """An answer to the dispute."""
    return DisputeAnswer(UUID(int=number), DISPUTE.id, NOW, "cli:bob", outcome, "because")


@pytest.mark.parametrize("rate", ["0", "-1.08", "NaN", "Infinity", "1.0800000000001", "1e30"])
def test_a_rate_is_a_positive_number_with_up_to_12_decimals(rate: str) -> None:
    """Zero, negatives, no numbers, a thirteenth decimal and 31 digits are refused."""
    with pytest.raises(ValueError, match=r"is no (rate|amount) of .*; accepted are"):
        replace(EURO, rate=Decimal(rate))


def test_a_rate_keeps_its_twelfth_decimal() -> None:
    """A trillionth is a rate."""
    assert replace(EURO, rate=Decimal("0.000000000001")).rate == Decimal("1e-12")


def test_a_rate_joins_two_currencies() -> None:
    """A dollar is worth a dollar; there is nothing to store."""
    with pytest.raises(ValueError, match="not USD with itself"):
        replace(EURO, from_currency="USD")


def test_a_dispute_is_open_until_it_is_ruled() -> None:
    """No answer and a comment leave it open; refused, then accepted after all, is accepted."""
    refused, accepted = answer(3, Outcome.REFUSED), answer(4, Outcome.ACCEPTED)
    comment = answer(5, Outcome.COMMENT)

    rulings = [
        replace(DISPUTE, answers=answers).ruling
        for answers in ((), (comment,), (refused,), (refused, accepted, comment))
    ]

    assert rulings == [None, None, refused, accepted]


def test_a_batch_of_a_person_has_no_run() -> None:
    """The run is ``None`` where a person posts."""
    batch = LedgerBatch(UUID(int=1), "2026-10", None, NOW, "cli:ann", "adjusts dispute 1")

    assert batch.run_id is None
