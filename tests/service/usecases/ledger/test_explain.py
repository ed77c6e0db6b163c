"""A statement line is explained in words, down to the record of the file that was loaded."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from service.bootstrap import Wiring
from service.domain.bookkeeping import LedgerBatch
from service.domain.disputes import Dispute, DisputeAnswer, Outcome
from service.domain.ledger import Account, AccountKind, Entry, Posting, Reason
from service.domain.periods import Period
from service.domain.records import DeliveryRecord
from service.errors import NotFoundError
from service.usecases.ledger.explain import explain_line
from service.usecases.ledger.explained import Explanation, ToldBefore
from service.usecases.ledger.line_rows import Depth
from service.usecases.ledger.statements import period_lines
from tests.service.closing import NOVEMBER, OCTOBER, Company, charge, of_november, usd
from tests.service.facts import HOUR_MS, Row, job, node, put, usage

LOAD = UUID(int=77)
SHA256 = "f" * 64
"""What the test facts' file id ``f`` begins with."""


@pytest.fixture
def company(wiring: Wiring, tmp_path: Path) -> Company:
    """A company with October's bills: 40 + 20 and 30 of its own, 10 to share, one load recorded."""
    found = Company.of(wiring, tmp_path)
    with wiring.store.work() as work:
        work.deliveries.add(
            DeliveryRecord(
                id=LOAD,
                source="test",
                kind="focus",
                dialect="focus-1.2",
                version=1,
                complete=True,
                files=(("bill.csv", SHA256),),
                periods=("2026-10",),
                rows=4,
                quarantined=0,
                loaded_at=datetime(2026, 11, 1, 6, tzinfo=UTC),
                seconds=1,
            )
        )
    load = {"x_LoadId": str(LOAD)}
    found.load(
        OCTOBER,
        charge("40", "111", ResourceName="web", ChargeDescription="m5.large", **load),
        charge("20", "111", ResourceId="i-2", **load),
        charge("30", "222"),
        charge("10", "333", **load),
    )
    return found


def explained(
    company: Company, period: Period, team: str, line: str, origin: str = "", **depth: int
) -> Explanation:
    """Explain the one line of a team of this kind, and of this origin period."""
    parts = company.parts
    wires: dict[str, Any] = {"lake": parts.lake, "engine": parts.engine, "store": parts.store}
    lines = period_lines(period, **wires).lines
    keys = (team, line, origin)
    [one] = [found for found in lines if (found.team, found.line, found.origin_period) == keys]
    return explain_line(one.id, period, **wires, depth=Depth(**depth))


def test_a_direct_line_drills_down_to_the_records_of_a_file(company: Company) -> None:
    """60 are cost lines of 40 and 20, records 1 and 2 of bill.csv, loaded on 1 November."""
    found = explained(company, OCTOBER, "vision", "direct")

    [row] = found.found.rows
    assert (found.amount, found.found.amount, found.head) == (usd("60"), usd("60"), None)
    assert (row.words, row.lines_in_all) == ("vision owns all of it: 60.00 USD", 2)
    assert (row.invoice_issuer, row.invoice, row.day.isoformat()) == ("AWS", "A-1", "2026-10-05")
    assert [(one.amount, one.resource, one.record_number) for one in row.cost_lines] == [
        (usd("40"), "web", 1),
        (usd("20"), "i-2", 2),
    ]
    first = row.cost_lines[0]
    assert (first.source, first.file, first.load) == ("test", "bill.csv", str(LOAD))
    assert first.loaded_at == datetime(2026, 11, 1, 6, tzinfo=UTC)
    assert first.description == "m5.large"


def test_lines_of_another_owner_with_the_same_properties_are_left_out(company: Company) -> None:
    """Account 222 is told apart by its tag: 30 are vision's and 5 nlp's, of one account."""
    company.apply(
        "version: 1\neffective_from: 2026-08-01\nteams: [{name: vision}, {name: nlp}]\n"
        "rules: [{match: {tag: {key: team}}, team_from_tag: team}]\n"
    )
    company.load(
        OCTOBER,
        charge("30", "222", Tags='{"team":"vision"}'),
        charge("5", "222", Tags='{"team":"nlp"}'),
    )

    found = explained(company, OCTOBER, "nlp", "direct")

    assert [one.amount for one in found.found.rows[0].cost_lines] == [usd("5")]


def test_a_line_without_a_recorded_load_says_so(company: Company) -> None:
    """The bill of account 222 has no load id: neither file nor moment are known."""
    [row] = explained(company, OCTOBER, "nlp", "direct").found.rows

    assert [(one.file, one.loaded_at, one.load) for one in row.cost_lines] == [(None, None, None)]


def test_a_shared_line_tells_part_and_whole(company: Company) -> None:
    """The gateway's 10 are shared evenly by two teams: 5 each."""
    [row] = explained(company, OCTOBER, "nlp", "shared").found.rows

    assert row.words == (
        "nlp is one of 2 teams that share pool gateway evenly: 1/2 of 10.00 USD = 5.00 USD"
    )
    assert (row.ratio, row.whole) == (Decimal("0.5"), usd("10"))


def by_use(company: Company) -> None:
    """Make 16 GPU-hours of 160 on the 5th all of October: vision held 9, nlp 3, nobody 4."""
    company.apply(
        "version: 1\neffective_from: 2026-08-01\n"
        "teams: [{name: vision}, {name: nlp}, {name: platform}]\n"
        "pools: [{name: a100, owner: platform, share: by_use}]\n"
        "rules: [{match: {pool: a100}, pool: a100}]\n"
    )
    lake = company.parts.lake
    held: list[Row] = [
        usage("host-i-1", 9, "j1"),
        usage("host-i-1", 3, "j2"),
        usage("host-i-1", 0, None, capacity_ms=4 * HOUR_MS),
    ]
    put(lake, "node", [node("i-1", "a100")])
    put(lake, "gpu_usage", held, period="2026-10-05")
    put(lake, "job_run", [job("j1", "vision"), job("j2", "nlp")], period="2026-10-01")
    company.load(OCTOBER, charge("160", "111", ResourceId="i-1"))


def test_gpu_hours_are_counted_again_from_the_facts(company: Company) -> None:
    """Vision held 9 of 16 GPU-hours: 90 of 160; 4 were idle: 40 for the pool's owner."""
    by_use(company)

    words = [
        explained(company, OCTOBER, *line).found.rows[0].words
        for line in (("vision", "shared"), ("platform", "idle"))
    ]

    assert words == [
        "vision held 9 of 16 GPU-hours of pool a100: 9/16 of 160.00 USD = 90.00 USD",
        (
            "nobody held 4 of 16 GPU-hours of pool a100, which platform owns: 1/4 of 160.00 USD ="
            " 40.00 USD"
        ),
    ]


def test_a_closed_line_is_explained_from_what_it_was_closed_on(company: Company) -> None:
    """The bill comes again with 45 instead of 40 + 20, and use with other hours: 60 stay 60."""
    closed = company.closer().close(OCTOBER, approver="cli:ada")
    company.load(OCTOBER, charge("45", "111"), charge("30", "222"))

    found = explained(company, OCTOBER, "vision", "direct")

    assert (found.amount, found.head) == (usd("60"), closed.head)
    assert [one.amount for one in found.found.rows[0].cost_lines] == [usd("40"), usd("20")]


def test_a_restatement_tells_what_was_said_before_and_what_is_now(company: Company) -> None:
    """October was closed with 60; November tells 7 more, December 3 more of 70."""
    company.closer().close(OCTOBER, approver="cli:ada")
    rest = (charge("30", "222"), charge("10", "333"))
    company.load(NOVEMBER, of_november("1", "111"))
    company.load(OCTOBER, charge("67", "111"), *rest)
    november = explained(company, NOVEMBER, "vision", "direct", "2026-10")
    company.closer().close(NOVEMBER, approver="cli:ada")
    company.load(NOVEMBER.next, charge("2", "222"))
    company.load(OCTOBER, charge("70", "111"), *rest)

    december = explained(company, NOVEMBER.next, "vision", "direct", "2026-10")
    again = explained(company, NOVEMBER, "vision", "direct", "2026-10")

    first = ToldBefore("2026-10", usd("60"))
    assert (november.amount, november.found.amount, november.told) == (
        usd("7"),
        usd("67"),
        (first,),
    )
    assert (december.amount, december.found.amount) == (usd("3"), usd("70"))
    assert december.told == (first, ToldBefore("2026-11", usd("7")))
    assert (again.amount, again.found, again.told) == (
        november.amount,
        november.found,
        november.told,
    )


def test_a_line_whose_bill_was_withdrawn_has_no_rows_any_more(company: Company) -> None:
    """The gateway's 10 are not billed any more: vision's 5 of it go back."""
    company.closer().close(OCTOBER, approver="cli:ada")
    company.load(NOVEMBER, of_november("1", "111"))
    company.load(OCTOBER, charge("60", "111"), charge("30", "222"))

    found = explained(company, NOVEMBER, "vision", "shared", "2026-10")

    assert (found.amount, found.found.rows, found.found.amount) == (usd("-5"), (), usd("0"))
    assert found.line.reason == "withdrawn bill"


def test_an_adjustment_tells_who_moved_it_and_why(company: Company) -> None:
    """Ada moved 5 from vision to nlp, as dispute 9 asked."""
    company.post(OCTOBER)
    vision, nlp = (Account(AccountKind.TEAM, name) for name in ("vision", "nlp"))
    entry = Entry("2026-10", "2026-10", nlp, vision, Reason.ADJUSTMENT)
    at = datetime(2026, 12, 20, 7, tzinfo=UTC)
    batch = LedgerBatch(UUID(int=8), "2026-10", None, at, "cli:ada", "dispute 9")
    dispute = Dispute(UUID(int=9), "2026-10", "0" * 16, "vision", at, "bob", "not our gateway")
    answer = DisputeAnswer(UUID(int=10), dispute.id, at, "cli:ada", Outcome.ACCEPTED, "", batch.id)
    with company.parts.store.work() as work:
        work.ledger.add(batch, [Posting(entry, usd("5"))])
        work.disputes.open(dispute)
        work.disputes.answer(answer)

    gave = explained(company, OCTOBER, "vision", "adjustment")
    took = explained(company, OCTOBER, "nlp", "adjustment")

    assert [(one.amount, one.other) for one in (*gave.moved, *took.moved)] == [
        (usd("-5"), "team:nlp"),
        (usd("5"), "team:vision"),
    ]
    one = took.moved[0]
    assert (one.at, one.actor) == (at, "cli:ada")
    assert (one.reason, one.comment) == ("dispute 9", "not our gateway")
    assert (took.run, took.found.rows) == (None, ())


def test_only_the_largest_rows_and_the_dearest_lines_are_told(company: Company) -> None:
    """Of rows of 9 (as 8 + 1) and 4 on two days only the first line of the first is told."""
    second_day: dict[str, Any] = {
        "ChargePeriodStart": datetime(2026, 10, 6, tzinfo=UTC),
        "ChargePeriodEnd": datetime(2026, 10, 7, tzinfo=UTC),
    }
    company.load(
        OCTOBER,
        charge("4", "111"),
        charge("8", "111", **second_day),
        charge("1", "111", **second_day),
    )

    found = explained(company, OCTOBER, "vision", "direct", rows=1, cost_lines=1).found

    assert (found.rows_in_all, found.amount, len(found.rows)) == (2, usd("13"), 1)
    assert [one.amount for one in found.rows[0].cost_lines] == [usd("8")]
    assert found.rows[0].lines_in_all == 2


def test_an_unknown_line_is_refused_with_where_ids_stand(company: Company) -> None:
    """The sentence names the command that writes them."""
    parts = company.parts

    with pytest.raises(NotFoundError, match=r"have no line abc; .* column line_id of the files"):
        explain_line("abc", OCTOBER, lake=parts.lake, engine=parts.engine, store=parts.store)


def test_another_cost_than_effective_is_told_as_it_is_charged(company: Company) -> None:
    """By list prices vision pays 90 for what cost it 60; what has no price is told as effective."""
    text = (company.folder / "policy.yaml").read_text()
    company.apply(f"{text}\nchargeback: {{cost: list}}\n")
    company.load(
        OCTOBER,
        charge("60", "111", ListCost=Decimal(90)),
        charge("30", "222", ListCost=None),
    )

    priced = explained(company, OCTOBER, "vision", "direct")
    without = explained(company, OCTOBER, "nlp", "direct")

    assert (priced.cost, priced.amount, priced.found.amount) == ("list", usd("90"), usd("90"))
    assert (without.cost, without.amount) == ("effective", usd("30"))
