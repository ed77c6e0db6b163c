"""Shared cost that follows fixed shares, other cost or a driver, and cost that is passed on."""

from collections import defaultdict
from decimal import Decimal

import pytest

from service.documents.policy import PolicyDocument
from service.documents.yaml_file import parse_document
from service.domain.periods import Period
from service.usecases.allocate import Allocation, allocate
from service.usecases.charge_owners import Reader
from service.usecases.stale_periods import READS
from tests.service.facts import Row, job, line, node, put, usage
from warehouse.lake import Lake
from warehouse.port import Engine

HEAD = """
version: 1
effective_from: 2026-08-01
teams: [{name: vision}, {name: nlp}, {name: ops}, {name: legal}]
rules:
  - {match: {service: Network}, pool: net}
  - {match: {service: Support}, pool: support}
  - {match: {service: Gateway}, pool: gateway}
  - {match: {pool: a100}, pool: a100}
  - {match: {tag: {key: team}}, team_from_tag: team}
"""
NET = "{name: net, owner: ops, share: fixed, shares: {nlp: 1, legal: 1}}"
SUPPORT = "{name: support, owner: ops, share: proportional}"
GATEWAY = "{name: gateway, owner: ops, share: by_driver, driver: tokens}"
A100 = "{name: a100, owner: ops, share: by_use}"


class Sharing:
    """Allocates October by the rules above and more of a policy."""

    def __init__(self, lake: Lake, engine: Engine) -> None:
        """Take the lake of the test."""
        self.lake, self.engine = lake, engine

    def __call__(self, pools: list[str], lines: list[Row], more: str = "") -> Allocation:
        """Allocate ``lines``; pools that no test asks for come last."""
        known = (NET, SUPPORT, GATEWAY, A100)
        names = [pool.split(",")[0] for pool in pools]
        rest = [pool for pool in known if pool.split(",")[0] not in names]
        listed = "".join(f"\n  - {pool}" for pool in (*pools, *rest))
        put(self.lake, "cost_line", lines)
        text = f"{HEAD}pools:{listed}\n{more}"
        policy = parse_document(text, "policy.yaml", PolicyDocument).policy()
        return allocate(Period("2026-10"), policy, Reader(self.engine, self.lake.view(READS)))


@pytest.fixture
def share(lake: Lake, engine: Engine) -> Sharing:
    """Return what allocates the lines of a test."""
    return Sharing(lake, engine)


def of(team: str, effective: str, **columns: object) -> Row:
    """Return a line that is a team's own."""
    return line(effective, Tags=f'{{"team": "{team}"}}', **columns)


def told(found: Allocation) -> dict[tuple[str, str, str], str]:
    """Return the effective cost by team, line and method, exact."""
    sums: defaultdict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for row in found.rows.to_pylist():
        sums[row["team"], row["line"], row["method_id"]] += row["effective_cost"]
    return {key: format(amount.normalize(), "f") for key, amount in sorted(sums.items())}


def test_a_proportional_pool_follows_own_cost_and_the_pools_before_it(share: Sharing) -> None:
    """Net gives 5 to nlp and 5 to legal; support of 9 then follows 30 : 5 + 5 : 5, as 6, 2, 1."""
    lines = [of("vision", "30"), of("nlp", "5"), line("10", ServiceName="Network")]

    found = share([NET, SUPPORT], [*lines, line("9", ServiceName="Support")])

    assert told(found) == {
        ("vision", "direct", "direct.v1"): "30",
        ("nlp", "direct", "direct.v1"): "5",
        ("nlp", "shared", "fixed.v1"): "5",
        ("legal", "shared", "fixed.v1"): "5",
        ("vision", "shared", "proportional.v1"): "6",
        ("nlp", "shared", "proportional.v1"): "2",
        ("legal", "shared", "proportional.v1"): "1",
    }


def test_a_proportional_pool_does_not_see_pools_after_it(share: Sharing) -> None:
    """Support stands first: 7 follow 30 : 5, whatever net gives to nlp and legal."""
    lines = [of("vision", "30"), of("nlp", "5"), line("10", ServiceName="Network")]

    found = told(share([SUPPORT, NET], [*lines, line("7", ServiceName="Support")]))

    assert found["vision", "shared", "proportional.v1"] == "6"
    assert found["nlp", "shared", "proportional.v1"] == "1"
    assert ("legal", "shared", "proportional.v1") not in found


def test_idle_time_and_unused_commitments_are_no_base(share: Sharing) -> None:
    """Ops bears 50 idle and 20 unused, nlp uses 10: the support fee of 3 is nlp's."""
    put(share.lake, "node", [node("i-1", "a100")])
    unused = {"CommitmentDiscountStatus": "Unused"}
    lines = [of("nlp", "10"), of("ops", "20", **unused), line("50", ResourceId="i-1")]

    found = told(share([A100, SUPPORT], [*lines, line("3", ServiceName="Support")]))

    assert found["nlp", "shared", "proportional.v1"] == "3"
    assert found["ops", "idle", "by-use-no-signal.v1"] == "50"
    assert found["ops", "unused_commitment", "unused-commitment.v1"] == "20"


def test_each_currency_is_shared_by_what_teams_bear_in_it(share: Sharing) -> None:
    """Vision bears dollars only and has the dollars' fee; of euros nobody bears any: ops pays 2."""
    fee = {"ServiceName": "Support"}

    found = share(
        [SUPPORT], [of("vision", "9"), line("1", **fee), line("2", **fee, BillingCurrency="EUR")]
    )

    assert told(found) == {
        ("vision", "direct", "direct.v1"): "9",
        ("vision", "shared", "proportional.v1"): "1",
        ("ops", "shared", "proportional-no-base.v1"): "2",
    }
    assert [(one.column, one.rows) for one in found.findings] == [
        ("policy.pools (proportional-no-base.v1)", 1)
    ]


@pytest.mark.parametrize(
    ("driver", "vision", "nlp"),
    [("gpu_hours", "9", "3"), ("tokens", "4", "8"), ("requests", "6", "6")],
)
def test_a_pool_follows_what_was_measured_of_each_team(
    share: Sharing, driver: str, vision: str, nlp: str
) -> None:
    """12 by 3 : 1 GPU-hours, 100 : 200 tokens in and out, or 5 : 5 requests of the charge's day."""
    put(share.lake, "job_run", [job("j1", "vision"), job("j2", "nlp")])
    samples = [
        usage("h", 3, "j1", tokens_in=60, tokens_out=40, requests=5),
        usage("h", 1, "j2", tokens_out=200, requests=5),
        usage("h", 9, "j1", day=6, tokens_in=999, requests=99),
    ]
    put(share.lake, "gpu_usage", samples, period="2026-10-05")

    pool = f"{{name: gateway, owner: ops, share: by_driver, driver: {driver}}}"
    found = share([pool], [line("12", ServiceName="Gateway")])

    assert told(found) == {
        ("nlp", "shared", "by-driver.v1"): nlp,
        ("vision", "shared", "by-driver.v1"): vision,
    }


def test_reserved_gpus_are_a_driver_that_the_policy_knows(share: Sharing) -> None:
    """Vision has 3 GPUs reserved and nlp 1: 8 are 6 and 2."""
    h100 = "{name: h100, owner: ops, share: by_reservation, capacity_gpus: 9, reservations: "
    driven = "{name: gateway, owner: ops, share: by_driver, driver: gpus_reserved}"

    found = share([h100 + "{vision: 3, nlp: 1}}", driven], [line("8", ServiceName="Gateway")])

    assert told(found) == {
        ("nlp", "shared", "by-driver.v1"): "2",
        ("vision", "shared", "by-driver.v1"): "6",
    }


def test_what_nothing_measures_is_the_owners_and_is_said(share: Sharing) -> None:
    """No token was counted: 12 are on the shared line of ops, one origin is told."""
    found = share([GATEWAY], [line("12", ServiceName="Gateway")])

    assert told(found) == {("ops", "shared", "by-driver-no-signal.v1"): "12"}
    assert [(one.column, one.rows) for one in found.findings] == [
        ("policy.pools (by-driver-no-signal.v1)", 1)
    ]


def test_the_whole_cost_of_a_team_is_passed_on(share: Sharing) -> None:
    """Ops bears 8 direct and 4 idle; vision 30 and nlp 10 take 3 : 1 of these 12: 9 and 3."""
    put(share.lake, "node", [node("i-1", "a100")])
    lines = [of("ops", "8"), of("vision", "30"), of("nlp", "10"), line("4", ResourceId="i-1")]

    found = share([A100], lines, "distribute: [{team: ops, share: proportional}]")

    assert told(found) == {
        ("ops", "direct", "direct.v1"): "8",
        ("ops", "idle", "by-use-no-signal.v1"): "4",
        ("ops", "distributed", "distribute-proportional.v1"): "-12",
        ("vision", "direct", "direct.v1"): "30",
        ("vision", "shared", "distribute-proportional.v1"): "9",
        ("nlp", "direct", "direct.v1"): "10",
        ("nlp", "shared", "distribute-proportional.v1"): "3",
    }
    (total,) = found.totals
    assert total.allocations.effective_cost == 52


def test_what_is_passed_on_keeps_its_origin_and_names_who_passed_it_on(share: Sharing) -> None:
    """An invoice's 8 on ops become -8, 6 and 2: ratios of 1 - 1 + 0.75 + 0.25, one line counted."""
    lines = [of("ops", "8", InvoiceId="in-1", SkuId="a"), of("vision", "30")]

    found = share([], lines, "distribute: [{team: ops, share: fixed, shares: {vision: 3, nlp: 1}}]")

    rows = [row for row in found.rows.to_pylist() if row["invoice"] == "in-1"]
    assert {row["sku"] for row in rows} == {"a"}
    assert sorted((row["distributed_from"] or "", row["allocated_ratio"]) for row in rows) == [
        ("", Decimal(1)),
        ("ops", Decimal(-1)),
        ("ops", Decimal("0.25")),
        ("ops", Decimal("0.75")),
    ]
    assert sum(row["cost_lines"] or 0 for row in rows) == 1


def test_cost_is_passed_on_in_the_order_of_the_policy(share: Sharing) -> None:
    """Ops gives 6 evenly: 3 each to legal and nlp; legal then gives its 1 + 3 to vision."""
    lines = [of("ops", "6"), of("legal", "1"), of("vision", "5")]

    more = "distribute:\n- {team: ops, share: evenly, teams: [nlp, legal]}\n"
    more += "- {team: legal, share: proportional, teams: [vision]}"
    found = share([], lines, more)

    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in found.rows.to_pylist():
        sums[row["team"]] += row["effective_cost"]
    assert sums == {"ops": 0, "legal": 0, "nlp": 3, "vision": 9}


def test_a_team_keeps_what_nobody_can_receive(share: Sharing) -> None:
    """Nobody bears euros beside ops: its 2 stay, the 3 dollars go to vision, and that is said."""
    lines = [of("ops", "3"), of("ops", "2", BillingCurrency="EUR"), of("vision", "1")]

    found = share([], lines, "distribute: [{team: ops, share: proportional}]")

    kept = [row for row in found.rows.to_pylist() if row["currency"] == "EUR"]
    assert [(row["team"], row["line"], row["effective_cost"]) for row in kept] == [
        ("ops", "direct", 2)
    ]
    assert [(one.column, one.rows) for one in found.findings] == [("policy.distribute", 1)]


def test_the_order_of_facts_changes_nothing(share: Sharing) -> None:
    """The same lines the other way round give the same rows in the same order."""
    lines = [
        of(team, f"{number}.000000000007", InvoiceId=f"in-{number % 3}")
        for number, team in enumerate(("ops", "vision", "nlp", "legal") * 4)
    ]
    lines += [line("1.000000000001", ServiceName=name) for name in ("Support", "Network") * 3]
    more = "distribute: [{team: ops, share: proportional}, {team: legal, share: evenly}]"

    first = share([NET, SUPPORT], lines, more).rows
    second = share([NET, SUPPORT], lines[::-1], more).rows

    assert first.equals(second)
