"""The work-list of cost without an owner adds up, and its rules do what it says they would."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from service.bootstrap import Wiring
from service.documents.rule_text import rule_text
from service.domain.money import Money, sum_money
from service.domain.periods import Period
from service.errors import NotFoundError
from service.usecases.allocate import allocate
from service.usecases.apply_policy import borne_by_team
from service.usecases.charge_owners import Reader
from service.usecases.stale_periods import READS
from service.usecases.stored_documents import policy_of
from service.usecases.unowned import WorkItem, WorkList, list_unowned
from tests.service.closing import OCTOBER, Company, usd
from tests.service.facts import job, line, node, put, usage

POLICY = """
version: 1
effective_from: 2026-08-01
teams: [{name: vision}, {name: nlp}, {name: platform}]
namespace_tags: [ns]
pools:
  - {name: a100, owner: platform, share: by_use}
  - {name: gateway, owner: platform, share: evenly, teams: [vision, nlp]}
rules:
  - {match: {account: "111", service: EC2}, team: vision}
  - {match: {account: "222", service: Gateway}, pool: gateway}
  - {match: {service: GPU}, pool: a100}
  - {match: {service: Fees}, unallocated: true}
"""


@pytest.fixture
def company(wiring: Wiring, tmp_path: Path) -> Company:
    """A company whose policy owns EC2 of account 111 and the gateway of account 222."""
    found = Company.of(wiring, tmp_path)
    found.apply(POLICY)
    return found


def load(company: Company) -> None:
    """October: 600 + 100 with an owner, and 217 without one, of which 40 are use of a pool."""
    lake = company.parts.lake
    rows = [
        line("600", SubAccountId="111"),
        line("60", SubAccountId="111", ServiceName="S3"),
        line("20", SubAccountId="111", ServiceName="S3", Tags=json.dumps({"owner": "nlq-x nlp"})),
        line("100", SubAccountId="222", ServiceName="Gateway"),
        line("5", SubAccountId="222", ServiceName="S3"),
        line("80", SubAccountId="999"),
        line("-3", SubAccountId="998"),
        line("12", SubAccountId="payer", Tags='["no", "tags"]'),
        line("3", SubAccountId="payer", Tags="no json"),
        line("160", SubAccountId="payer", ServiceName="GPU", ResourceId="i-1"),
    ]
    put(lake, "cost_line", rows)
    put(lake, "node", [node("i-1", "a100")])
    put(lake, "job_run", [job("j-1", "vision"), job("j-2", None)])
    held = [usage("host-i-1", 12, "j-1"), usage("host-i-1", 4, "j-2")]
    put(lake, "gpu_usage", held, period="2026-10-05")


def listed(company: Company, limit: int = 20, period: Period = OCTOBER) -> WorkList:
    """Return the work-list."""
    parts = company.parts
    return list_unowned(period, limit, lake=parts.lake, engine=parts.engine, store=parts.store)


def told(one: WorkItem) -> tuple[str, str, str, list[tuple[str, str]]]:
    """Return what a part is by, its cost, and what its rule would move."""
    moves = [(effect.team, effect.difference.text()) for effect in one.effects]
    return one.group.look.name, one.group.look.value, one.group.cost.text(), moves


def test_the_largest_come_first_each_with_what_its_rule_would_move(company: Company) -> None:
    """Alone, the account's rule takes the 20 of the tag as well; of EC2 12 + 3 - 3 are left."""
    load(company)

    found = listed(company)

    assert [told(one) for one in found.items] == [
        ("account", "999", "80.00", []),
        ("account", "111", "60.00", [("vision", "80.00")]),
        ("use of pool", "a100", "40.00", []),
        ("tag", "nlq-x nlp", "20.00", [("nlp", "20.00")]),
        ("service", "EC2", "12.00", []),
        ("service", "S3", "5.00", []),
    ]


def test_the_parts_and_the_rest_are_all_that_nobody_owns(company: Company) -> None:
    """80 + 60 + 40 + 20 + 12 + 5 = 217; behind the two largest 77 are left."""
    load(company)

    whole, two = listed(company), listed(company, limit=2)

    costs = [one.group.cost for one in whole.items]
    assert whole.totals["USD"].cost == sum_money(costs, "USD") + whole.rest["USD"].cost
    assert whole.totals["USD"].cost == usd("217")
    assert (two.rest["USD"].cost, len(two.items)) == (usd("77"), 2)
    assert two.rest["USD"].cost_lines + sum(one.group.cost_lines for one in two.items) == (
        whole.totals["USD"].cost_lines
    )


def test_the_rules_are_what_the_work_list_says_they_are(company: Company) -> None:
    """Pasted behind the others, those that name an owner move what was said in all."""
    load(company)
    found = listed(company)
    rules = [rule_text(one.rule) for one in found.items if one.rule and one.is_guessed]

    before = _borne(company)
    company.apply(POLICY + "".join(f"  - {rule}\n" for rule in rules))
    after = _borne(company)

    gone = before["unallocated", "USD"] - after["unallocated", "USD"]
    assert gone == usd("80")
    assert [one.group.look.value for one in listed(company).items] == ["999", "a100", "EC2", "222"]


def test_cost_that_is_left_without_an_owner_on_purpose_is_moved_by_no_later_rule(
    company: Company,
) -> None:
    """Rule 4 leaves fees to nobody, before a rule for vision's account could take them."""
    put(
        company.parts.lake,
        "cost_line",
        [line("9", SubAccountId="111"), line("4", SubAccountId="111", ServiceName="Fees")],
    )

    [item] = listed(company).items

    assert (item.is_guessed, item.effects) == (True, ())
    assert told(item)[:3] == ("account", "111", "4.00")


def test_machines_and_namespaces_tell_owners_too(company: Company) -> None:
    """Bills of a machine of pool a100 belong to the pool; namespace n is mostly vision's."""
    put(
        company.parts.lake,
        "cost_line",
        [
            line("9", SubAccountId="111", Tags=json.dumps({"ns": "n"})),
            line("4", SubAccountId="777", Tags=json.dumps({"ns": "n", "size": 3})),
            line("6", SubAccountId="777", ResourceId="i-1"),
        ],
    )
    put(company.parts.lake, "node", [node("i-1", "a100")])

    found = listed(company).items

    assert [told(one) for one in found] == [
        ("pool", "a100", "6.00", [("platform", "6.00")]),
        ("namespace", "n", "4.00", [("vision", "4.00")]),
    ]


def test_without_a_policy_nothing_has_an_owner_and_nobody_is_guessed(wiring: Wiring) -> None:
    """One part for each account; the shares are 75 % and 25 %; yen stand apart."""
    put(
        wiring.lake,
        "cost_line",
        [
            line("75", SubAccountId="111", Tags=json.dumps({"team": "vision"})),
            line("25", SubAccountId="222"),
            line("7", SubAccountId="222", BillingCurrency="JPY"),
        ],
    )

    found = list_unowned(OCTOBER, 9, lake=wiring.lake, engine=wiring.engine, store=wiring.store)

    assert found.policy_version is None
    assert [(one.group.look.value, one.group.cost, one.share_percent) for one in found.items] == [
        ("222", Money.parse("7", "JPY"), Decimal(100)),
        ("111", usd("75"), Decimal(75)),
        ("222", usd("25"), Decimal(25)),
    ]
    assert [one.is_guessed for one in found.items] == [False, False, False]


def test_a_company_that_owns_everything_has_nothing_to_do(company: Company) -> None:
    """No part, and nothing in all."""
    put(company.parts.lake, "cost_line", [line("9", SubAccountId="111")])

    found = listed(company)

    assert (found.items, found.totals, found.rest) == ((), {}, {})


def test_a_period_without_bills_is_refused(company: Company) -> None:
    """There is nothing to tell of."""
    with pytest.raises(NotFoundError, match="no bill of 2026-11 was loaded"):
        listed(company, period=OCTOBER.next)


def _borne(company: Company) -> dict[tuple[str, str], Money]:
    parts = company.parts
    stored = policy_of(parts.store, OCTOBER)
    reader = Reader(parts.engine, parts.lake.view(READS))
    return borne_by_team(allocate(OCTOBER, stored.policy if stored else None, reader).rows)
