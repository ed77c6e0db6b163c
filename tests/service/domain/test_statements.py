"""Lines of statements: an id that stays, and the costs that are known."""

import hashlib

import pytest

from service.domain.policy import CostBasis
from service.domain.statements import LineKey, StatementLine
from tests.service.books import line, usd

KEY = LineKey("vision", "shared", "a100", "AWS", "111", "EC2", "Usage", "", "by-use.v1", "USD")


def of(billed: str, contracted: str | None) -> StatementLine:
    """Return the line of ``KEY`` with a list cost of 20 and an effective cost of 12."""
    return StatementLine.of(
        KEY,
        billed=usd(billed),
        effective=usd("12"),
        contracted=None if contracted is None else usd(contracted),
        list=usd("20"),
        charged=usd("12"),
        cost_lines=3,
    )


def test_the_id_is_the_hash_of_what_is_summed() -> None:
    """The first 16 digits of the SHA-256 of a JSON array of eleven texts."""
    array = '["vision","shared","a100","AWS","111","EC2","Usage","","by-use.v1","USD",""]'

    assert KEY.id == hashlib.sha256(array.encode()).hexdigest()[:16]


def test_the_id_stays_when_amounts_change() -> None:
    """Another night, another bill, the same line; another team is another line."""
    assert of("1", None).id == of("2", "3").id == KEY.id
    assert line("nlp", "direct", "1").id != line("ads", "direct", "1").id


def test_a_line_knows_its_key() -> None:
    """Made of a key, it gives the same key back."""
    assert of("1", None).key == KEY


@pytest.mark.parametrize(
    ("basis", "amount"),
    [("effective", "12"), ("billed", "10"), ("contracted", "15"), ("list", "20")],
)
def test_the_basis_names_one_of_the_costs(basis: str, amount: str) -> None:
    """Billed 10, effective 12, contracted 15 and list 20."""
    assert of("10", "15").cost(CostBasis(basis)) == usd(amount)


def test_an_unknown_cost_stays_unknown() -> None:
    """No contracted cost is not a contracted cost of 0."""
    assert of("10", None).cost(CostBasis.CONTRACTED) is None
