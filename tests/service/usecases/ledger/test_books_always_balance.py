"""Whatever is billed, shared, corrected and closed: money in is money out, and closed is closed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.domain.ledger import AccountKind, balances_of
from service.domain.money import Money, money_sums
from service.domain.periods import Period
from service.exports.json_file import statement_json
from service.usecases.ledger.reconcile import reconcile_period
from service.usecases.ledger.statements import period_lines, statements_of
from tests.service.facts import HOUR_MS, Row, at, job, line, node, put, usage
from tests.service.fresh_company import fresh_company

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from decimal import Decimal

    from service.domain.ledger import Posting, Sums
    from service.domain.statements import StatementLine
    from tests.conftest import Server
    from tests.service.closing import Company

AUGUST, SEPTEMBER, OCTOBER = MONTHS = [Period(f"2026-{month:02}") for month in (8, 9, 10)]
CLEARING = {AccountKind.COST, AccountKind.POOL, AccountKind.RESTATEMENT}
Key = TypeVar("Key")
POLICY = """
version: 1
effective_from: {since}
teams: [{{name: vision}}, {{name: nlp}}, {{name: ops}}]
pools:
  - {{name: a100, owner: ops, share: by_use}}
  - {{name: rack, owner: ops, share: by_reservation, capacity_gpus: 8, reservations: {{nlp: 3}}}}
  - {{name: gateway, owner: {owner}, share: evenly, teams: [vision, nlp, ops]}}
  - {{name: support, owner: ops, share: fixed, shares: {{vision: 1, nlp: {weight}}}}}
  - {{name: network, owner: ops, share: proportional}}
  - {{name: storage, owner: ops, share: by_driver, driver: gpu_hours}}
rules:
  - {{match: {{account: a100}}, pool: a100}}
  - {{match: {{account: rack}}, pool: rack}}
  - {{match: {{account: gateway}}, pool: gateway}}
  - {{match: {{account: support}}, pool: support}}
  - {{match: {{account: network}}, pool: network}}
  - {{match: {{account: storage}}, pool: storage}}
  - {{match: {{account: "111"}}, team: vision}}
  - {{match: {{account: "222"}}, team: {owner}}}
commitments: [{{commitment: sp-1, owner: ops}}]
{distribute}
chargeback: {{cost: {basis}}}
"""
BILLS = st.fixed_dictionaries(
    {
        "BillingCurrency": st.sampled_from(["USD", "EUR"]),
        "InvoiceIssuerName": st.sampled_from(["AWS", "Google"]),
        "InvoiceId": st.sampled_from([None, "I-1", "I-2"]),
    }
)
PICO = st.integers(-(10**16), 10**16)
POLICIES = st.fixed_dictionaries(
    {
        "owner": st.sampled_from(["vision", "nlp", "ops"]),
        "weight": st.integers(0, 5),
        "distribute": st.sampled_from(["", "distribute: [{team: ops, share: evenly}]"]),
        "basis": st.sampled_from(["effective", "billed", "contracted", "list"]),
    }
)


def amount(pico: int) -> Decimal:
    """Return trillionths as a column of a bill has them."""
    return Money(pico, "USD").decimal


@st.composite
def charges(draw: st.DrawFn) -> Row:
    """Draw a charge or a credit of an account, on an invoice or none yet."""
    account = draw(
        st.sampled_from(
            ["a100", "rack", "gateway", "support", "network", "storage", "111", "222", "9"]
        )
    )
    # What is bought of machines is no credit here, so that what stays idle costs at least 0.
    pico = draw(st.integers(0, 10**16) if account in {"a100", "rack"} else PICO)
    return line(
        str(amount(pico)),
        SubAccountId=account,
        ContractedCost=draw(st.none() | PICO.map(amount)),
        ListCost=draw(st.none() | PICO.map(amount)),
        ChargeCategory="Usage" if pico >= 0 else "Credit",
        **draw(BILLS),
    )


@st.composite
def commitments(draw: st.DrawFn) -> Row:
    """Draw the purchase of a plan, or an hour of it that was used or not."""
    status = draw(st.sampled_from([None, "Used", "Unused"]))
    pico = draw(st.integers(0, 10**16))
    return line(
        str(amount(0 if status is None else pico)),
        BilledCost=amount(pico if status is None else 0),
        SubAccountId=draw(st.sampled_from(["111", "222", "9"])),
        CommitmentDiscountId=draw(st.sampled_from(["sp-1", "sp-2"])),
        CommitmentDiscountStatus=status,
        ChargeCategory="Usage" if status else "Purchase",
        **draw(BILLS),
    )


ROWS = st.lists(charges() | commitments(), min_size=2, max_size=10)
USE = st.lists(st.tuples(st.integers(0, 6), st.sampled_from([None, "j1", "j2"])), max_size=4)


@dataclass(frozen=True)
class Story:
    """Three months of bills, what they become later, and two policies."""

    bills: tuple[list[Row], list[Row], list[Row]]
    late: tuple[list[Row], list[Row], list[Row]]
    use: list[tuple[int, str | None]]
    policies: tuple[dict[str, Any], dict[str, Any]]


STORIES = st.builds(
    Story,
    st.tuples(ROWS, ROWS, ROWS),
    st.tuples(ROWS, ROWS, ROWS),
    USE,
    st.tuples(POLICIES, POLICIES),
)


@dataclass(frozen=True)
class Told:
    """What must never change of a closed month."""

    lines: tuple[StatementLine, ...]
    postings: tuple[Posting, ...]
    files: tuple[bytes, ...]


@pytest.mark.slow
@pytest.mark.timeout(900)
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(STORIES)
def test_the_books_hold_what_was_billed_and_closed_months_stay(
    server: Server, tmp_path_factory: pytest.TempPathFactory, story: Story
) -> None:
    """Three months, two of them closed and corrected afterwards: all sums agree at every step."""
    folder = tmp_path_factory.mktemp("books")
    with fresh_company(server, f"comptroller_{folder.name}", folder) as (company, _):
        machines(company, story.use)
        company.apply(POLICY.format(since="2026-08-01", **story.policies[0]))
        kept = [closed(company, AUGUST, {AUGUST: story.bills[0]})]
        company.apply(POLICY.format(since="2026-09-01", **story.policies[1]))
        # One charge of August is taken back, and others come late.
        bills = {AUGUST: story.bills[0][1:] + story.late[0], SEPTEMBER: story.bills[1]}
        kept.append(closed(company, SEPTEMBER, bills))
        bills = {AUGUST: story.late[1], SEPTEMBER: bills[SEPTEMBER] + story.late[2]}
        bills[OCTOBER] = story.bills[2]
        posted(company, OCTOBER, bills)

        for month, rows in bills.items():
            bill(company, month, rows[::-1])
        assert company.post(OCTOBER).postings == 0
        assert [told(company, AUGUST), told(company, SEPTEMBER)] == kept
        with company.parts.store.work() as work:
            heads = [close.head for close in work.closes.all()]
        assert company.verify(*heads).holds


def machines(company: Company, use: Sequence[tuple[int, str | None]]) -> None:
    """Give the pool a machine of 8 GPU-hours on the 5th of each month, and what used it."""
    lake = company.parts.lake
    put(lake, "node", [node("i-1", "a100", valid_from=at(1, month=1))], source="nodes")
    put(lake, "job_run", [job("j1", "vision"), job("j2", "nlp")], source="jobs")
    for month in MONTHS:
        hour = at(5, 3, month=month.first_day.month)
        rows = [usage("host-i-1", hours, holder, hour=hour) for hours, holder in use]
        rows.append(usage("host-i-1", 0, hour=hour, gpu_uuid="G", capacity_ms=8 * HOUR_MS))
        put(lake, "gpu_usage", rows, period=f"{month}-05", source="usage")


def bill(company: Company, month: Period, rows: Sequence[Row]) -> None:
    """Make these rows all that is billed in a month; they are charges of its 5th."""
    number = month.first_day.month
    days = {"ChargePeriodStart": at(5, month=number), "ChargePeriodEnd": at(6, month=number)}
    company.load(month, *({**row, **days} for row in rows))


def posted(company: Company, month: Period, bills: Mapping[Period, Sequence[Row]]) -> None:
    """Load all bills and post the month, which is open, twice."""
    for one, rows in bills.items():
        bill(company, one, rows)
    company.post(month)

    assert company.post(month).postings == 0
    agree(company, month, bills)


def closed(company: Company, month: Period, bills: Mapping[Period, Sequence[Row]]) -> Told:
    """Load all bills, post the month and close it; the books agree before and after."""
    posted(company, month, bills)
    company.closer().close(month, approver="cli:ada", reason="invoices will never be named")
    agree(company, month, bills)
    return told(company, month)


def told(company: Company, month: Period) -> Told:
    """Return what a closed month says, row by row and as files."""
    files = statements_of(month, company="c", clock=company.parts.clock, **lake_and_store(company))
    with company.parts.store.work() as work:
        lines, postings = work.statements.of(str(month)), work.ledger.postings(str(month))
    return Told(lines, postings, tuple(map(statement_json, files)))


def agree(company: Company, month: Period, bills: Mapping[Period, Sequence[Row]]) -> None:
    """Check that ledger and statements hold all ``bills``, to the last digit and each once."""
    wires = lake_and_store(company)
    assert reconcile_period(month, **wires).agrees
    with company.parts.store.work() as work:
        balances = balances_of(work.ledger.sums())
        sums = {one: work.ledger.sums(origin_period=str(one)) for one in bills}
    assert not any(total.pico for total in money_sums(balances.values()).values())
    assert not any(left.pico for (account, _), left in balances.items() if account.kind in CLEARING)
    lines = {one: period_lines(one, **wires).lines for one in bills}
    for origin, rows in bills.items():
        about = [
            line
            for one, told in lines.items()
            for line in told
            if (line.origin_period or str(one)) == str(origin)
        ]
        conserved(rows, about)
        # A late line that costs nothing moves no line of a statement.
        assert origin != month or sum(line.cost_lines for line in about) == len(rows)
        assert on_invoices(sums[origin]) == billed_on_invoices(rows)


def conserved(rows: Sequence[Row], lines: Sequence[StatementLine]) -> None:
    """Check that lines come to the bills, and that nothing idle costs less than nothing."""
    for column, field in (("BilledCost", "billed"), ("EffectiveCost", "effective")):
        found = nonzero((line.currency, getattr(line, field)) for line in lines)
        assert found == nonzero((str(row["BillingCurrency"]), cost(row, column)) for row in rows)
    idle = nonzero((line.currency, line.effective) for line in lines if line.line == "idle")
    assert all(amount.pico >= 0 for amount in idle.values())


def on_invoices(sums: Sums) -> dict[tuple[str, str, str], Money]:
    """Return what the ledger owes by issuer, invoice and currency."""
    return nonzero(
        ((entry.invoice_issuer, entry.invoice, currency), signed)
        for (entry, currency), amount in sums.items()
        for account, signed in ((entry.credit, amount), (entry.debit, -amount))
        if account.kind is AccountKind.PAYABLE
    )


def billed_on_invoices(rows: Sequence[Row]) -> dict[tuple[str, str, str], Money]:
    """Return what the bills say by issuer, invoice and currency."""
    return nonzero((bill_of(row), cost(row, "BilledCost")) for row in rows)


def bill_of(row: Row) -> tuple[str, str, str]:
    """Return the issuer, invoice and currency of a row."""
    return (
        str(row["InvoiceIssuerName"]),
        str(row["InvoiceId"] or ""),
        str(row["BillingCurrency"]),
    )


def cost(row: Row, column: str) -> Money:
    """Return a cost of a row."""
    return Money.parse(str(row[column]), str(row["BillingCurrency"]))


def nonzero(amounts: Iterable[tuple[Key, Money]]) -> dict[Key, Money]:
    """Add up by key; what comes to 0 is left out."""
    found: dict[Key, Money] = {}
    for key, amount in amounts:
        found[key] = found[key] + amount if key in found else amount
    return {key: total for key, total in found.items() if total.pico}


def lake_and_store(company: Company) -> dict[str, Any]:
    """Return the parts that reading needs."""
    return {name: company.wires()[name] for name in ("lake", "engine", "store")}
