"""The hash of a close: another program computes the same from rows, and any change shows."""

import hashlib
import json
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.hash_chain import GENESIS, head, lines_digest, postings_digest
from service.domain.ledger import Account, AccountKind, Entry, Posting, Reason
from tests.service.books import COMPANIES, LAWS, Item, line, lines_of, usd

OWED = Posting(
    Entry(
        "2026-10",
        "2026-10",
        Account(AccountKind.COST),
        Account(AccountKind.PAYABLE, "AWS"),
        Reason.BILL,
        "AWS",
        "INV-1",
    ),
    usd("10"),
)
BORNE = Posting(
    Entry(
        "2026-10",
        "2026-10",
        Account(AccountKind.TEAM, 'Zoë "Q"'),
        Account(AccountKind.COST),
        Reason.CHARGEBACK,
    ),
    usd("10.000000000001"),
)
LINE = line("vision", "direct", "10", contracted="12.5", charged="11")


def test_a_posting_is_an_array_of_texts_on_a_line_of_its_own() -> None:
    """Sorted by bytes; the amount has twelve decimals, text is written as it is, in UTF-8."""
    rows = (
        '["2026-10","2026-10","cost","","payable","AWS","bill","AWS","INV-1",'
        '"10.000000000000","USD"]\n'
        '["2026-10","2026-10","team","Zoë \\"Q\\"","cost","","chargeback","","",'
        '"10.000000000001","USD"]\n'
    )

    assert postings_digest([BORNE, OWED]) == hashlib.sha256(rows.encode()).hexdigest()


def test_a_line_is_an_array_with_null_for_an_unknown_cost() -> None:
    """Id, eleven texts, the reason, four costs, what is charged and the count of cost lines."""
    row = (
        f'["{LINE.id}","vision","direct","","AWS","111","EC2","Usage","","direct.v1","USD","","",'
        '"10.000000000000","10.000000000000","12.500000000000",null,"11.000000000000",1]\n'
    )

    assert lines_digest([LINE]) == hashlib.sha256(row.encode()).hexdigest()


def test_nothing_has_the_digest_of_nothing() -> None:
    """A period without lines and postings can be closed too."""
    empty = hashlib.sha256(b"").hexdigest()

    assert lines_digest([]) == postings_digest([]) == empty


def test_a_head_is_four_lines() -> None:
    """The head before, the header with sorted keys, and both digests."""
    header = '{"a":null,"b":{"x":1,"y":"ü"}}'
    text = f"{GENESIS}\n{header}\nL\nP\n"

    found = head(GENESIS, {"b": {"y": "ü", "x": 1}, "a": None}, "L", "P")

    assert found == hashlib.sha256(text.encode()).hexdigest()
    assert json.loads(header)["b"]["y"] == "ü"


@pytest.mark.parametrize(
    "name",
    [
        "id",
        "team",
        "line",
        "pool",
        "provider",
        "account",
        "service",
        "charge_category",
        "commitment",
        "method_id",
        "currency",
        "origin_period",
        "reason",
    ],
)
def test_every_text_of_a_line_counts(name: str) -> None:
    """One letter more in any column gives another digest."""
    altered = replace(LINE, **{name: getattr(LINE, name) + "x"})

    assert lines_digest([altered]) != lines_digest([LINE])


@pytest.mark.parametrize(
    "name", ["billed", "effective", "contracted", "list", "charged", "cost_lines"]
)
def test_every_figure_of_a_line_counts(name: str) -> None:
    """A trillionth or a cost line more gives another digest; so does 0 for unknown."""
    figures: dict[str, Any] = {
        "billed": usd("10.000000000001"),
        "effective": usd("10.000000000001"),
        "contracted": usd("12.499999999999"),
        "list": usd("0"),
        "charged": usd("11.000000000001"),
        "cost_lines": 2,
    }

    altered = replace(LINE, **{name: figures[name]})

    assert lines_digest([altered]) != lines_digest([LINE])


@LAWS
@given(COMPANIES, st.randoms(use_true_random=False))
def test_the_order_of_lines_does_not_change_the_digest(items: list[Item], chance: Random) -> None:
    """Rows come from a database in any order."""
    lines = lines_of(items)
    expected = lines_digest(lines)

    chance.shuffle(lines)

    assert lines_digest(lines) == expected


def test_two_postings_that_cancel_out_are_seen() -> None:
    """A superuser adds 5 to one posting and takes 5 from another of the same entry."""
    first, second = OWED, replace(OWED, amount=usd("20"))
    altered = [replace(OWED, amount=usd("15")), replace(OWED, amount=usd("15"))]

    assert postings_digest(altered) != postings_digest([first, second])
