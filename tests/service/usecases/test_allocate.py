"""Allocating a period in memory, over a real lake."""

from collections import defaultdict
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest

from service.documents.policy import PolicyDocument
from service.documents.yaml_file import parse_document
from service.domain.periods import Period
from service.usecases.allocate import Allocation, allocate
from service.usecases.charge_owners import Reader
from service.usecases.stale_periods import READS
from tests.service.facts import HOUR_MS, Row, at, job, line, node, put, usage
from warehouse.lake import Lake
from warehouse.port import Engine

OCTOBER = Period("2026-10")
POLICY = """
version: 1
effective_from: 2026-08-01
teams: [{name: vision}, {name: nlp}, {name: platform}]
pools:
  - {name: a100, owner: platform, share: by_use}
  - {name: h100, owner: platform, share: by_reservation, capacity_gpus: 4, reservations: {nlp: 3}}
  - {name: gateway, owner: platform, share: evenly, teams: [vision, nlp]}
rules:
  - match: {pool: a100}
    pool: a100
  - match: {resource: "h100-*"}
    pool: h100
  - match: {service: Gateway}
    pool: gateway
  - match: {namespace: "nlp-*"}
    team: nlp
  - match: {tag: {key: team}}
    team_from_tag: team
    aliases: {cv: vision}
  - match: {account: "222"}
    team: platform
commitments:
  - {commitment: "sp-vision-*", owner: vision}
  - {commitment: "cr-*", owner: nlp}
"""


@pytest.fixture
def reader(lake: Lake, engine: Engine) -> "Allocating":
    """Return what allocates the facts that a test puts into the lake."""
    return Allocating(lake, engine)


class Allocating:
    """Puts facts into a lake and allocates October by the policy above."""

    def __init__(self, lake: Lake, engine: Engine) -> None:
        """Take the lake of the test."""
        self.lake, self.engine = lake, engine

    def __call__(self, lines: list[Row], **facts: list[Row]) -> Allocation:
        """Allocate ``lines`` and the rows of other tables."""
        put(self.lake, "cost_line", lines)
        for table, rows in facts.items():
            put(self.lake, table, rows, period="2026-10-05" if table == "gpu_usage" else "2026-10")
        policy = parse_document(POLICY, "policy.yaml", PolicyDocument).policy()
        return allocate(OCTOBER, policy, Reader(self.engine, self.lake.view(READS)))


def costs(found: Allocation) -> dict[tuple[str, str], str]:
    """Return the effective cost by team and line, exact."""
    sums: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in found.rows.to_pylist():
        sums[row["team"], row["line"]] += row["effective_cost"]
    return {key: format(amount.normalize(), "f") for key, amount in sums.items()}


def test_without_a_policy_everything_is_unallocated(lake: Lake, engine: Engine) -> None:
    """1.25 and 2.5 of two accounts stay with nobody: 3.75."""
    put(lake, "cost_line", [line("1.25"), line("2.5", SubAccountId="222")])

    found = allocate(OCTOBER, None, Reader(engine, lake.view(READS)))

    assert costs(found) == {("unallocated", "unallocated"): "3.75"}
    assert set(found.rows["method_id"].to_pylist()) == {"unallocated.v1"}
    assert found.findings == ()


def test_lines_with_one_owner_go_to_it_and_the_rest_to_nobody(reader: Allocating) -> None:
    """By tag 1 + alias 2 to vision, by namespace 4 and account 8; tag xyz, broken tags: 16 + 32."""
    found = reader(
        [
            line("1", Tags='{"team": "vision"}'),
            line("2", Tags='{"team": "cv"}'),
            line("4", Tags='{"k8s-namespace": "nlp-prod", "team": "vision"}'),
            line("8", SubAccountId="222"),
            line("16", Tags='{"team": "xyz"}'),
            line("32", Tags="{broken"),
        ]
    )

    assert costs(found) == {
        ("vision", "direct"): "3",
        ("nlp", "direct"): "4",
        ("platform", "direct"): "8",
        ("unallocated", "unallocated"): "48",
    }


def test_a_pool_by_use_follows_the_jobs_within_the_charges_own_day(reader: Allocating) -> None:
    """160 for 16 GPU-hours on the 5th: vision 9 -> 90, nlp 3 -> 30, 4 idle -> 40 for platform."""
    found = reader(
        [line("160", ResourceId="i-1")],
        node=[node("i-1", "a100")],
        gpu_usage=[
            usage("host-i-1", 9, "j1"),
            usage("host-i-1", 3, "j2", namespace="nlp-dev"),
            usage("host-i-1", 0, None, capacity_ms=4 * HOUR_MS),
            usage("host-i-1", 5, "j1", day=6),
            usage("elsewhere", 7, "j1"),
        ],
        job_run=[job("j1", "vision")],
    )

    assert costs(found) == {
        ("vision", "shared"): "90",
        ("nlp", "shared"): "30",
        ("platform", "idle"): "40",
    }
    assert found.rows["allocated_ratio"].to_pylist() == [
        Decimal("0.1875"),
        Decimal("0.25"),
        Decimal("0.5625"),
    ]
    assert [row["cost_lines"] for row in found.rows.to_pylist()].count(None) == 2


def test_a_gpu_is_found_by_its_own_id_where_the_host_is_not_known(reader: Allocating) -> None:
    """GPU-2 is listed with machine i-1, so its 2 hours weigh although its host has another name."""
    found = reader(
        [line("10", ResourceId="i-1")],
        node=[node("i-1", "a100", gpu_uuids='["GPU-1", "GPU-2"]')],
        gpu_usage=[usage("alias", 2, "j1", gpu_uuid="GPU-2")],
        job_run=[job("j1", "vision")],
    )

    assert costs(found) == {("vision", "shared"): "10"}


def test_a_gpu_hour_counts_once_however_many_jobs_held_it(reader: Allocating) -> None:
    """Two jobs held half an hour each of one GPU: capacity is 1 hour, nothing idle, 5 + 5."""
    half = HOUR_MS // 2
    found = reader(
        [line("10", ResourceId="i-1")],
        node=[node("i-1", "a100")],
        gpu_usage=[
            usage("host-i-1", 1, name, gpu_uuid="GPU-1", allocated_ms=half) for name in ("j1", "j2")
        ],
        job_run=[job("j1", "vision"), job("j2", "nlp")],
    )

    assert costs(found) == {("vision", "shared"): "5", ("nlp", "shared"): "5"}


def test_a_job_is_its_newest_attempts_team(reader: Allocating) -> None:
    """Job j1 was moved from nlp to vision on its second attempt."""
    found = reader(
        [line("10", ResourceId="i-1")],
        node=[node("i-1", "a100")],
        gpu_usage=[usage("host-i-1", 1, "j1")],
        job_run=[job("j1", "nlp"), job("j1", "vision", attempt=2), job("j1", None)],
    )

    assert costs(found) == {("vision", "shared"): "10"}


def test_overlapping_machine_facts_never_double_a_cost_line(reader: Allocating) -> None:
    """Three facts say where i-1 was; the newest that began before the charge holds: 10, not 30."""
    found = reader(
        [line("10", ResourceId="i-1")],
        node=[
            node("i-1", "other"),
            node("i-1", "other", valid_from=at(2), valid_to=at(1)),
            node("i-1", "a100", valid_from=at(3)),
        ],
        gpu_usage=[usage("host-i-1", 1, "j1")],
        job_run=[job("j1", "vision")],
    )

    assert costs(found) == {("vision", "shared"): "10"}


def test_a_machine_that_came_during_the_charge_is_found_and_one_that_came_later_is_not(
    reader: Allocating,
) -> None:
    """A daily line of the 5th meets i-1, there from noon on, and not i-2, there from the 6th on."""
    found = reader(
        [line("10", ResourceId="i-1"), line("7", ResourceId="i-2")],
        node=[node("i-1", "a100", valid_from=at(5, 12)), node("i-2", "a100", valid_from=at(6))],
    )

    assert costs(found) == {("platform", "idle"): "10", ("unallocated", "unallocated"): "7"}


def test_without_a_signal_the_owner_pays_and_it_is_said(reader: Allocating) -> None:
    """No sample of the day: 10 are idle of the owner, by a method of its own, and a finding."""
    found = reader([line("10", ResourceId="i-1")], node=[node("i-1", "a100")])

    assert costs(found) == {("platform", "idle"): "10"}
    assert found.rows["method_id"].to_pylist() == ["by-use-no-signal.v1"]
    assert [(one.column, one.rows) for one in found.findings] == [("gpu_usage.capacity_ms", 1)]


def test_more_use_than_capacity_leaves_no_idle_time_and_is_said(reader: Allocating) -> None:
    """3 hours held of 2 that were there: idle is 0, not -1; one day of one pool is told."""
    found = reader(
        [line("10", ResourceId="i-1")],
        node=[node("i-1", "a100")],
        gpu_usage=[usage("host-i-1", 3, "j1", capacity_ms=2 * HOUR_MS)],
        job_run=[job("j1", "vision")],
    )

    assert costs(found) == {("vision", "shared"): "10"}
    assert [(one.rule.split(":")[0], one.rows) for one in found.findings] == [("pool a100", 1)]


def test_reservations_and_even_shares_split_by_the_policy_alone(reader: Allocating) -> None:
    """100 on h100: nlp 3 of 4 -> 75, idle 25; 0.01 evenly: 0.005 each."""
    found = reader([line("100", ResourceId="h100-7"), line("0.01", ServiceName="Gateway")])

    assert costs(found) == {
        ("nlp", "shared"): "75.005",
        ("platform", "idle"): "25",
        ("vision", "shared"): "0.005",
    }


def test_a_charge_of_several_days_is_shared_by_the_use_of_all_of_them(reader: Allocating) -> None:
    """A line of the whole month sees 1 hour of vision on the 5th and 3 of nlp on the 6th."""
    month = {"ChargePeriodStart": at(1), "ChargePeriodEnd": at(1, month=11)}
    found = reader(
        [line("8", ResourceId="i-1", **month)],
        node=[node("i-1", "a100")],
        gpu_usage=[usage("host-i-1", 1, "j1"), usage("host-i-1", 3, "j2", day=6)],
        job_run=[job("j1", "vision"), job("j2", "nlp")],
    )

    assert costs(found) == {("vision", "shared"): "2", ("nlp", "shared"): "6"}
    assert set(found.rows["charge_days"].to_pylist()) == {31}
    assert set(found.rows["charge_day"].to_pylist()) == {date(2026, 10, 1)}


def test_a_charge_without_a_period_of_its_own_has_that_of_its_bill(reader: Allocating) -> None:
    """No ChargePeriod and no BillingPeriod: the first day of the period, for one day."""
    nothing = {"ChargePeriodStart": None, "ChargePeriodEnd": None}
    bill = {"BillingPeriodStart": at(1), "BillingPeriodEnd": at(1, month=11)}

    found = reader([line("1", **nothing), line("2", **nothing, **bill)])

    rows = found.rows.to_pylist()
    assert {(row["effective_cost"], row["charge_day"].day, row["charge_days"]) for row in rows} == {
        (Decimal(1), 1, 1),
        (Decimal(2), 1, 31),
    }


def test_all_four_costs_add_up_per_currency_to_the_last_digit(reader: Allocating) -> None:
    """Thirds of a trillionth, a credit, zeros and two currencies: every sum is equal."""
    odd = {"BilledCost": Decimal("-7.000000000001"), "ListCost": Decimal(0)}
    found = reader(
        [
            line("0.000000000001", ResourceId="i-1", **odd),
            line("-10.000000000001", ResourceId="i-1", BillingCurrency="EUR"),
            line("3.333333333333", ServiceName="Gateway", BillingCurrency="EUR"),
            line("5", Tags='{"team": "nlp"}'),
        ],
        node=[node("i-1", "a100")],
        gpu_usage=[usage("host-i-1", 1, name) for name in ("j1", "j2", "j3")],
        job_run=[job("j1", "vision"), job("j2", "nlp"), job("j3", "platform")],
    )

    euro, dollar = found.totals
    assert (euro.currency, dollar.currency) == ("EUR", "USD")
    assert euro.bills == euro.allocations
    assert dollar.bills == dollar.allocations
    assert euro.bills.effective_cost == Decimal("-6.666666666668")
    assert dollar.bills.billed_cost == Decimal("-2.000000000001")
    assert euro.difference.billed_cost == 0


def test_a_cost_that_is_not_known_stays_unknown_and_is_counted(reader: Allocating) -> None:
    """One of two contracted costs is missing: the sum is the other, and one line is told."""
    found = reader(
        [line("1", ContractedCost=None), line("2", ServiceName="Gateway", ContractedCost=None)]
    )

    assert found.rows["contracted_cost"].to_pylist() == [None, None, None]
    assert [(one.column, one.rows) for one in found.findings] == [("ContractedCost", 2)]


def test_the_same_facts_give_the_same_rows_in_the_same_order(reader: Allocating) -> None:
    """The lines come the other way round, and the rows are equal."""
    lines = [line(str(cost), SkuId=f"sku-{cost}", Tags='{"team": "nlp"}') for cost in range(50)]

    first = reader(lines).rows
    second = reader(lines[::-1]).rows

    assert isinstance(first, pa.Table)
    assert first.equals(second)


def test_bills_of_other_periods_are_left_alone(reader: Allocating) -> None:
    """November's 100 is not October's."""
    put(reader.lake, "cost_line", [line("100")], period="2026-11")

    found = reader([line("1")])

    assert costs(found) == {("unallocated", "unallocated"): "1"}


def test_what_is_unused_of_a_commitment_is_a_line_of_its_owner(reader: Allocating) -> None:
    """1 of a plan that is vision's, 2 of a reservation of nlp's, 4 by the rule of account 222.

    The 8 that nobody owns stay unallocated, and 16 that were used are the workload's.
    """
    unused = {"CommitmentDiscountStatus": "Unused"}
    tag = {"Tags": '{"team": "nlp"}'}
    found = reader(
        [
            line("1", CommitmentDiscountId="sp-vision-1", **unused, **tag),
            line("2", CapacityReservationId="cr-1", CapacityReservationStatus="Unused"),
            line("4", CommitmentDiscountId="sp-2", **unused, SubAccountId="222"),
            line("8", CommitmentDiscountId="sp-2", **unused),
            line("16", CommitmentDiscountId="sp-vision-1", CommitmentDiscountStatus="Used", **tag),
        ]
    )

    assert costs(found) == {
        ("vision", "unused_commitment"): "1",
        ("nlp", "unused_commitment"): "2",
        ("platform", "unused_commitment"): "4",
        ("unallocated", "unallocated"): "8",
        ("nlp", "direct"): "16",
    }
    methods = {(row["line"], row["method_id"]) for row in found.rows.to_pylist()}
    assert ("unused_commitment", "unused-commitment.v1") in methods


def test_a_reservation_without_a_machine_is_unused_though_a_discount_pays_for_it(
    reader: Allocating,
) -> None:
    """The plan sp-9 was used for it, but no machine ran: 5 are nlp's, who owns cr-1."""
    covered = {"CommitmentDiscountId": "sp-9", "CommitmentDiscountStatus": "Used"}
    empty = {"CapacityReservationId": "cr-1", "CapacityReservationStatus": "Unused"}

    found = reader([line("5", **covered, **empty)])

    assert costs(found) == {("nlp", "unused_commitment"): "5"}
    (row,) = found.rows.to_pylist()
    assert (row["commitment"], row["commitment_status"]) == ("sp-9", "Unused")


def test_an_origin_keeps_invoice_commitment_and_accelerator(reader: Allocating) -> None:
    """Four lines of 1 differ in one of these each, so they are four origins, shared or not."""
    lines = [
        line("1", ServiceName=service, **more)
        for service in ("EC2", "Gateway")
        for more in (
            {"InvoiceIssuerName": "AWS Europe"},
            {"InvoiceId": "in-1"},
            {"CommitmentDiscountId": "sp-1"},
            {"x_AcceleratorModel": "H100"},
        )
    ]

    found = reader(lines)

    names = ("invoice_issuer", "invoice", "commitment", "accelerator_model")
    told = [tuple(row[name] for name in names) for row in found.rows.to_pylist()]
    kinds = {
        ("AWS Europe", None, None, None),
        (None, "in-1", None, None),
        (None, None, "sp-1", None),
        (None, None, None, "H100"),
    }
    assert {one: told.count(one) for one in told} == dict.fromkeys(kinds, 3)


def test_lines_whose_list_cost_is_known_are_summed_apart(reader: Allocating) -> None:
    """10 with a list cost of 12 and 5 without one: savings of 2 stand beside 5 of unknown ones."""
    found = reader([line("10", ListCost=Decimal(12)), line("5", ListCost=None)])

    told = {(row["effective_cost"], row["list_cost"]) for row in found.rows.to_pylist()}
    assert told == {(10, 12), (5, None)}
