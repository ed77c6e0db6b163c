"""A capacity file written from what the clouds say."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from ingest.capacity import (
    CapacityBlockFact,
    CapacityFacts,
    CommitmentFact,
    CommitmentKind,
    Market,
    QuotaFact,
    QuotaUnit,
    ReservationFact,
    Scope,
)
from ingest.port import TransientSourceError
from ingest.settings import AwsAccountSettings, FilesSettings
from service.documents.capacity import CapacityDocument
from service.documents.yaml_file import DocumentError, parse_document
from service.usecases.fetch_capacity import Asked, NothingToAsk, ask_capacity, fetch_capacity
from tests.conftest import NOW

DAY = date(2026, 11, 21)


def at(month: int, year: int = 2026) -> datetime:
    """The first of a month."""
    return datetime(year, month, 1, tzinfo=UTC)


def asked(*regions: str, source: str = "aws", **facts: Sequence[object]) -> Asked:
    """A source of AWS that found some facts."""
    found = CapacityFacts(**{name: tuple(some) for name, some in facts.items()})  # type: ignore[arg-type]
    return Asked(source, "aws", frozenset(regions or ("us-east-1",)), found)


def quota(limit: int, *families: str, unit: QuotaUnit = QuotaUnit.VCPU) -> QuotaFact:
    """A quota on demand in us-east-1."""
    return QuotaFact(
        id="L-1",
        title="Running On-Demand P instances",
        provider="aws",
        region="us-east-1",
        market=Market.ON_DEMAND,
        unit=unit,
        limit=limit,
        families=families,
    )


PLAN = CommitmentFact(
    id="sp-1",
    provider="aws",
    kind=CommitmentKind.SPEND,
    product="Savings Plan Compute",
    start=at(1),
    end=at(1, 2027),
    scope=Scope(family="p5"),
    currency="USD",
    hourly_rate=Decimal("12.500000000000"),
    payment_option="No Upfront",
    state="active",
)
RESERVED = CommitmentFact(
    id="0123",
    provider="aws",
    kind=CommitmentKind.USAGE,
    product="Reserved Instance",
    start=at(1),
    end=at(1, 2027),
    scope=Scope(region="us-east-1", machine_type="p4d.24xlarge"),
    currency="CNY",
    hourly_rate=Decimal(70),
    machines=4,
)
HELD = ReservationFact("cr-1", "aws", "us-east-1", "use1-az4", "p5.48xlarge", 2, at(9))
BLOCK = CapacityBlockFact(
    id="cb-1",
    provider="aws",
    region="us-east-1",
    zone="use1-az4",
    machine_type="p5.48xlarge",
    machines=2,
    start=at(11),
    end=at(12),
    currency="USD",
)


def fetch(*sources: Asked, before: CapacityDocument | None = None) -> tuple[str, CapacityDocument]:
    """Write the file and read it again."""
    text = fetch_capacity(sources, before, day=DAY, currency="USD").text
    return text, parse_document(text, "c.yaml", CapacityDocument)


def document(text: str) -> CapacityDocument:
    """The version before."""
    head = "version: 1\neffective_from: 2026-08-01\n"
    return parse_document(head + text, "before.yaml", CapacityDocument)


def test_the_whole_file() -> None:
    """384 vCPUs are 2 p5.48xlarge of 192; each entry says who told it."""
    found = asked(
        quotas=[quota(384, "p")],
        commitments=[PLAN, RESERVED],
        reservations=[HELD],
        capacity_blocks=[BLOCK],
    )

    text, capacity = fetch(found)

    assert text == (
        "# Found by comptroller capacity fetch; asked: aws.\n"
        "# 1 commitments of money an hour are kept; plans do not use them yet\n"
        "version: 1\n"
        "effective_from: 2026-11-21\n"
        "currency: USD\n"
        "\n"
        "quotas:\n"
        "  # aws: Running On-Demand P instances (L-1), 384 vcpus = 2 x p6-b300.48xlarge\n"
        "  - provider: aws\n"
        "    region: us-east-1\n"
        "    family: p\n"
        "    market: on_demand\n"
        "    vcpus: 384\n"
        "\n"
        "commitments:\n"
        "  # aws: Savings Plan Compute, money an hour, which plans do not use yet\n"
        "  - id: sp-1\n"
        "    provider: aws\n"
        "    kind: spend\n"
        "    product: Savings Plan Compute\n"
        "    family: p5\n"
        "    start: 2026-01-01T00:00:00Z\n"
        "    end: 2027-01-01T00:00:00Z\n"
        "    hourly_commitment: 12.5\n"
        "    payment_option: No Upfront\n"
        "    state: active\n"
        "  # aws: Reserved Instance, machines\n"
        "  - id: '0123'\n"
        "    provider: aws\n"
        "    kind: usage\n"
        "    product: Reserved Instance\n"
        "    region: us-east-1\n"
        "    machine_type: p4d.24xlarge\n"
        "    machines: 4\n"
        "    start: 2026-01-01T00:00:00Z\n"
        "    end: 2027-01-01T00:00:00Z\n"
        "    hourly_rate: 70\n"
        "    currency: CNY\n"
        "\n"
        "reservations:\n"
        "  # aws: reservation, until it is cancelled\n"
        "  - id: cr-1\n"
        "    provider: aws\n"
        "    region: us-east-1\n"
        "    zone: use1-az4\n"
        "    machine_type: p5.48xlarge\n"
        "    machines: 2\n"
        "    start: 2026-09-01T00:00:00Z\n"
        "    end: 9999-01-01T00:00:00Z\n"
        "\n"
        "capacity_blocks:\n"
        "  # aws: capacity block, price not told\n"
        "  - id: cb-1\n"
        "    provider: aws\n"
        "    region: us-east-1\n"
        "    zone: use1-az4\n"
        "    machine_type: p5.48xlarge\n"
        "    machines: 2\n"
        "    start: 2026-11-01T00:00:00Z\n"
        "    end: 2026-12-01T00:00:00Z\n"
    )
    assert capacity.committed[0].machines == 4


def test_order_of_what_is_found_does_not_matter() -> None:
    """Two quotas and two contracts, told in either order, are the same text."""
    quotas = [quota(384, "p4", "p3"), quota(96, "p5")]

    first, _ = fetch(asked(quotas=quotas, commitments=[PLAN, RESERVED]))
    second, _ = fetch(asked(quotas=quotas[::-1], commitments=[RESERVED, PLAN]))

    assert first == second
    assert "families: [p3, p4]" in first


def test_quotas_of_two_accounts_add_up() -> None:
    """384 and 96 vCPUs of the same families may both be used up: 480."""
    text, capacity = fetch(
        asked(quotas=[quota(384, "p")]), asked(source="aws-2", quotas=[quota(96, "p")])
    )

    assert [one.vcpus for one in capacity.quotas] == [480]
    assert "# aws-2: Running On-Demand P instances (L-1), 96 vcpus = 0 x" in text


@pytest.mark.parametrize(
    ("unit", "comment"),
    [
        (QuotaUnit.ACCELERATOR, "16 accelerators = 2 x"),
        (QuotaUnit.MACHINE, "16 machines\n"),
    ],
)
def test_quotas_of_other_units(unit: QuotaUnit, comment: str) -> None:
    """16 accelerators are 2 machines of 8; machines need no such help."""
    text, _ = fetch(asked(quotas=[quota(16, "p5", unit=unit)]))

    assert comment in text


def test_families_that_the_reference_lacks_are_not_translated() -> None:
    """64 vCPUs of nobody knows what."""
    text, _ = fetch(asked(quotas=[quota(64, "zz")]))

    assert "(L-1), 64 vcpus\n" in text


def test_what_no_source_speaks_of_is_kept() -> None:
    """A machine of one's own and another region stay; what AWS no longer has in its region goes."""
    before = document(
        "quotas:\n"
        "- {provider: owned, region: hall-1, machine_type: dgx, machines: 5}\n"
        "- {provider: AWS, region: eu-west-1, family: p5, machines: 3}\n"
        "- {provider: AWS, region: us-east-1, family: p5, machines: 7}\n"
        "commitments:\n"
        "- {id: old, provider: AWS, kind: spend, hourly_commitment: 1, start: 2026-01-01,"
        " end: 2027-01-01}\n"
    )

    text, capacity = fetch(asked(quotas=[quota(384, "p")]), before=before)

    assert [(one.provider, one.region, one.machines) for one in capacity.quotas] == [
        ("AWS", "eu-west-1", 3),
        ("aws", "us-east-1", None),
        ("owned", "hall-1", 5),
    ]
    assert capacity.commitments == ()
    assert text.count("# kept from the version before: no source speaks of it") == 2


def test_what_only_people_know_is_kept() -> None:
    """The owner and the price of a block come from the version before, the term from AWS."""
    before = document(
        "capacity_blocks:\n"
        "- {id: cb-1, provider: AWS, region: us-east-1, zone: z, machine_type: p5.48xlarge,"
        " machines: 1, start: 2026-11-01, end: 2026-11-02, price_upfront: 55896.96,"
        " owner: vision}\n"
    )

    _, capacity = fetch(asked(capacity_blocks=[BLOCK]), before=before)

    (block,) = capacity.capacity_blocks
    assert (block.price_upfront, block.owner) == (Decimal("55896.96"), "vision")
    assert (block.machines, block.end) == (2, at(12))


def test_kept_amounts_keep_their_currency() -> None:
    """A file in EUR becomes one in USD: what is kept of it says EUR."""
    before = document(
        "currency: EUR\ncommitments:\n- {id: own, provider: owned, region: hall-1,"
        " machine_type: dgx, machines: 1, start: 2026-01-01, end: 2027-01-01, hourly_rate: 9}\n"
    )

    _, capacity = fetch(asked(), before=before)

    (own,) = capacity.commitments
    assert (own.hourly_rate, own.currency) == (Decimal(9), "EUR")


def test_a_contract_that_cannot_be_an_entry_is_noted() -> None:
    """Machines of no region, or money of no amount, say nothing that a plan or a person can use."""
    nowhere = CommitmentFact(
        "ri", "aws", CommitmentKind.USAGE, "RI", at(1), at(2), Scope(), "USD", machines=1
    )
    nothing = CommitmentFact("sp", "aws", CommitmentKind.SPEND, "SP", at(1), at(2), Scope(), "USD")

    found = fetch_capacity([asked(commitments=[nowhere, nothing])], None, day=DAY, currency="USD")

    assert found.notes == tuple(
        f"commitment {name} is left out: its region, machine type or amount is not told"
        for name in ("ri", "sp")
    )


def test_contradictions_are_refused() -> None:
    """Two accounts cannot have a reservation of the same id."""
    with pytest.raises(DocumentError, match="'cr-1' is the id of another"):
        fetch(asked(reservations=[HELD]), asked(source="b", reservations=[HELD]))


def test_without_a_source_that_knows_there_is_nothing_to_ask() -> None:
    """Files know no quotas."""
    files = FilesSettings(type="files", name="bills", path="/nowhere")

    with pytest.raises(NothingToAsk, match="add one of type aws-account"):
        ask_capacity([files], clock=lambda: NOW)


def test_a_source_that_cannot_say_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody listens there: half a capacity would be taken for the whole."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "k")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    gone = AwsAccountSettings(
        type="aws-account", name="aws", regions=["us-east-1"], endpoint_url="http://127.0.0.1:9"
    )

    with pytest.raises(TransientSourceError, match="aws: asking AWS for capacity reservations"):
        ask_capacity([gone], clock=lambda: NOW)
