"""Values of the ledger that tests of the store start from."""

from datetime import timedelta
from uuid import UUID

from service.domain.bookkeeping import LedgerBatch
from service.domain.closing import PeriodClose
from service.domain.ledger import Account, AccountKind, Entry, Posting
from service.domain.money import Money
from service.domain.records import AllocationRun
from service.domain.statements import StatementLine
from service.store.store import UnitOfWork
from tests.service.store.values import NOW

RUN = UUID(int=77)
OCTOBER, NOVEMBER = "2026-10", "2026-11"
COST = Account(AccountKind.COST, "")
PAYABLE = Account(AccountKind.PAYABLE, "AWS")
PREPAID = Account(AccountKind.PREPAID, "unattributed")
VISION = Account(AccountKind.TEAM, "vision")
NLP = Account(AccountKind.TEAM, "nlp")
GENESIS = "0" * 64


def usd(amount: str) -> Money:
    """An amount of US dollars."""
    return Money.parse(amount, "USD")


def entry(debit: Account, credit: Account, period: str = OCTOBER, invoice: str = "") -> Entry:
    """An entry of ``period`` about its own cost."""
    return Entry(period, period, debit, credit, "bill", "AWS" if invoice else "", invoice)


BILL = Posting(entry(COST, PAYABLE, invoice="INV-1"), usd("100.000000000001"))
SHARE = Posting(entry(VISION, COST), usd("60"))
REST = Posting(entry(NLP, COST), usd("40.000000000001"))


def batch(number: int, period: str = OCTOBER) -> LedgerBatch:
    """A batch with the id ``number``; a higher number is made later."""
    at = NOW + timedelta(minutes=number)
    return LedgerBatch(UUID(int=number), period, None, at, "cli:ann", "nightly")


def line(number: int, team: str = "vision") -> StatementLine:
    """A line with the id ``number`` in hex digits."""
    return StatementLine(
        id=f"{number:016x}",
        team=team,
        line="direct",
        pool="",
        provider="AWS",
        account="111",
        service='EC2 = \u00fcber, "quoted" {1,2} \\ NULL',
        charge_category="Usage",
        commitment="",
        method_id="direct.v1",
        currency="USD",
        origin_period="",
        reason="",
        billed=usd("-12345678901234567890123456.123456789012"),
        effective=usd("0.000000000001"),
        contracted=None,
        list=usd("3"),
        charged=usd("2.000000000001"),
        cost_lines=9,
    )


def allocation_run(work: UnitOfWork, period: str = OCTOBER) -> None:
    """Store the allocation run that closes refer to."""
    work.allocations.add(AllocationRun(RUN, period, None, NOW, {}, None, (), 0))


def close(period: str = OCTOBER, previous: str = GENESIS, head: str = "a" * 64) -> PeriodClose:
    """A close of ``period`` that follows ``previous``."""
    return PeriodClose(
        period=period,
        at=NOW,
        approver="cli:ann",
        policy_version=None,
        policy_sha256="d" * 64,
        allocation_method="allocation 1",
        allocation_run=RUN,
        snapshots={"cost_line": 9_007_199_254_740_993, "node": None},
        restated={"2026-08": "00000000-0000-0000-0000-000000000008"},
        files={"/cost_line/data/a.parquet": "ab" * 32},
        cost="effective",
        rates={"EUR/USD": "1.08"},
        method="statement 1",
        lines_sha256="b" * 64,
        postings_sha256="c" * 64,
        previous_head=previous,
        head=head,
        reason="the credit of INV-9 comes next month",
    )


def closed(work: UnitOfWork, *lines: StatementLine) -> PeriodClose:
    """Close October with ``lines`` and three postings."""
    allocation_run(work)
    work.ledger.add(batch(1), [BILL, SHARE, REST])
    work.statements.add(OCTOBER, lines)
    made = close()
    work.closes.add(made)
    return made
