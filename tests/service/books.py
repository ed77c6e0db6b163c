"""Random companies for the ledger's laws: what was billed, and what teams bear of it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from hypothesis import settings
from hypothesis import strategies as st

from service.domain.ledger import Charge
from service.domain.money import Money, split
from service.domain.policy import CostBasis
from service.domain.statements import LineKey, StatementLine

LAWS = settings(deadline=None, max_examples=40)
"""How laws are tried on companies: drawing one takes a while on a busy machine."""

TEAMS = ("ads", "nlp", "platform", "vision")


def usd(text: str) -> Money:
    """Return an amount of US dollars."""
    return Money.parse(text, "USD")


def euro(text: str) -> Money:
    """Return an amount of euros."""
    return Money.parse(text, "EUR")


def charge(
    billed: str, effective: str | None = None, commitment: str = "", invoice: str = "INV-1"
) -> Charge:
    """Return a charge of AWS in US dollars; its two costs are the same if only one is given."""
    cost = usd(billed if effective is None else effective)
    return Charge("AWS", invoice, commitment, usd(billed), cost)


def line(
    team: str,
    kind: str,
    effective: str,
    *,
    pool: str = "",
    service: str = "EC2",
    method_id: str = "direct.v1",
    cost_lines: int = 1,
    origin_period: str = "",
    reason: str = "",
    contracted: str | None = None,
    list_: str | None = None,
    charged: str | None = None,
) -> StatementLine:
    """Return a line in US dollars whose billed cost, and what it charges, is its effective cost."""
    key = LineKey(
        team, kind, pool, "AWS", "111", service, "Usage", "", method_id, "USD", origin_period
    )
    return StatementLine.of(
        key,
        billed=usd(effective),
        effective=usd(effective),
        contracted=None if contracted is None else usd(contracted),
        list=None if list_ is None else usd(list_),
        charged=usd(effective if charged is None else charged),
        cost_lines=cost_lines,
        reason=reason,
    )


@dataclass(frozen=True, slots=True)
class Item:
    """Cost lines of one kind: where they are billed, and who shares them by which weights."""

    charge: Charge
    kind: str
    pool: str
    weights: tuple[int, ...]
    list: Money | None
    cost_lines: int

    def lines(self, basis: CostBasis) -> Iterable[StatementLine]:
        """Divide all costs by the weights, as an allocation does, and charge one of them."""
        weights = {str(number): weight for number, weight in enumerate(self.weights)}
        billed, effective = (
            split(self.charge.billed, weights),
            split(self.charge.effective, weights),
        )
        list_ = split(self.list, weights) if self.list is not None else {}
        charged = {CostBasis.BILLED: billed, CostBasis.LIST: list_}.get(basis)
        for number, team in enumerate(TEAMS):
            yield StatementLine.of(
                self._key(team),
                billed=billed[str(number)],
                effective=effective[str(number)],
                contracted=None,
                list=list_.get(str(number)),
                charged=(charged or effective)[str(number)],
                cost_lines=self.cost_lines if number == 0 else 0,
            )

    def _key(self, team: str) -> LineKey:
        issuer, commitment = self.charge.invoice_issuer, self.charge.commitment
        currency = self.charge.billed.currency
        return LineKey(
            team, self.kind, self.pool, issuer, "1", "EC2", "Usage", commitment, "m.v1", currency
        )


PICO = st.integers(-(10**16), 10**16)
CHARGES = st.builds(
    lambda issuer, invoice, commitment, currency, billed, effective: Charge(
        issuer, invoice, commitment, Money(billed, currency), Money(effective, currency)
    ),
    st.sampled_from(["AWS", "Microsoft"]),
    st.sampled_from(["", "INV-1", "INV-2"]),
    st.sampled_from(["", "", "sp-1", "cr-2"]),
    st.sampled_from(["USD", "EUR"]),
    PICO,
    PICO,
)
WEIGHTS = st.tuples(*[st.integers(0, 9)] * len(TEAMS)).filter(any)
ITEMS = st.builds(
    lambda charge, way, weights, pico, count: Item(
        charge,
        way[0],
        way[1],
        weights,
        None if pico is None else Money(pico, charge.billed.currency),
        count,
    ),
    CHARGES,
    st.sampled_from(
        [
            ("direct", ""),
            ("unused_commitment", ""),
            ("unallocated", ""),
            ("unallocated", "a100"),
            ("shared", "a100"),
            ("idle", "a100"),
            ("shared", "h100"),
            ("distributed", ""),
        ]
    ),
    WEIGHTS,
    st.none() | PICO,
    st.integers(1, 5),
)
COMPANIES = st.lists(ITEMS, max_size=6)


def charges_of(items: Iterable[Item]) -> list[Charge]:
    """Return what the items are billed as."""
    return [item.charge for item in items]


def lines_of(items: Iterable[Item], basis: CostBasis = CostBasis.EFFECTIVE) -> list[StatementLine]:
    """Return the lines of all items, one for each key, which charge a cost where it is known."""
    found: dict[LineKey, StatementLine] = {}
    for item in items:
        for one in item.lines(basis):
            before = found.get(one.key)
            found[one.key] = one if before is None else _sum(before, one)
    return list(found.values())


def _sum(one: StatementLine, other: StatementLine) -> StatementLine:
    known = [amount for amount in (one.list, other.list) if amount is not None]
    return replace(
        one,
        billed=one.billed + other.billed,
        effective=one.effective + other.effective,
        list=sum(known[1:], known[0]) if known else None,
        charged=one.charged + other.charged,
        cost_lines=one.cost_lines + other.cost_lines,
    )
