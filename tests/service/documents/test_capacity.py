"""The capacity file: what it means, and what it may not say."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from service.documents.capacity import CapacityDocument
from service.documents.yaml_file import DocumentError, parse_document
from tests.docs_examples import page, section, yaml_examples

HEAD = "version: 1\neffective_from: 2026-08-01\n"
PLACE = "provider: AWS, region: us-east-1"
TERM = f"{PLACE}, machine_type: p5.48xlarge, machines: 4"


def test_the_example_of_the_documentation_is_a_capacity() -> None:
    """What the page shows can be applied; amounts are exact, a day is its first moment."""
    (example,) = yaml_examples(section(page("formats.md"), "The capacity file"))

    capacity = parse_document(example, "example.yaml", CapacityDocument)

    (commitment, plan), (block,) = capacity.commitments, capacity.capacity_blocks
    assert (plan.kind, plan.hourly_commitment) == ("spend", Decimal("12.5"))
    assert commitment.hourly_rate == Decimal("31.464")
    assert block.price_upfront == Decimal("55896.96")
    assert (commitment.start, commitment.end) == (
        datetime(2026, 8, 1, tzinfo=UTC),
        datetime(2027, 8, 1, tzinfo=UTC),
    )
    assert [(quota.market, quota.prefixes) for quota in capacity.quotas] == [
        ("on_demand", ()),
        ("spot", ("a2-ultragpu",)),
        ("on_demand", ("p4", "p3")),
    ]
    assert plan.start == commitment.start


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            f"quotas:\n- {{{PLACE}, machines: 1}}",
            "4: quotas[1]: needs machine_type, family or families, one of them",
        ),
        (
            f"quotas:\n- {{{PLACE}, machine_type: a, family: b, machines: 1}}",
            "4: quotas[1]: needs machine_type, family or families, one of them",
        ),
        (
            "quotas:" + f"\n- {{{PLACE}, family: p5, machines: 1}}" * 2,
            "5: quotas[2]: says again what an earlier quota says",
        ),
        (
            f"quotas:\n- {{{PLACE}, family: p5, machines: 1.5}}",
            "4: quotas[1].machines: 1.5 must be a whole number",
        ),
        (
            f"commitments:\n- {{id: a, {TERM}, start: 2026-08-01, end: 2026-08-01}}",
            "4: commitments[1].end: must come after start",
        ),
        (
            (
                f"reservations:\n- {{id: a, {TERM}, start: 2026-08-01, end: 2026-08-02}}\n"
                f"- {{id: a, {TERM}, start: 2026-08-01, end: 2026-08-02}}"
            ),
            "5: reservations[2].id: 'a' is the id of another of the reservations",
        ),
        (
            f"quotas:\n- {{{PLACE}, family: p5}}",
            "4: quotas[1]: needs machines, vcpus or accelerators, one of them",
        ),
        (
            f"quotas:\n- {{{PLACE}, families: [p4, p5], machines: 1, vcpus: 1}}",
            "4: quotas[1]: needs machines, vcpus or accelerators, one of them",
        ),
        (
            "commitments:\n- {id: a, provider: AWS, start: 2026-08-01, end: 2026-08-02}",
            "4: commitments[1].machine_type: is missing",
        ),
        (
            f"commitments:\n- {{id: a, {TERM}, family: p5, start: 2026-08-01, end: 2026-08-02}}",
            "4: commitments[1].family: has no place in a commitment of kind usage",
        ),
        (
            (
                "commitments:\n- {id: a, provider: AWS, kind: spend, start: 2026-08-01,"
                " end: 2026-08-02}"
            ),
            "4: commitments[1].hourly_commitment: is missing (kind spend)",
        ),
        (
            (
                "commitments:\n- {id: a, provider: AWS, kind: spend, hourly_commitment: 1,"
                " machines: 1, start: 2026-08-01, end: 2026-08-02}"
            ),
            "4: commitments[1].machines: has no place in a commitment of kind spend",
        ),
    ],
)
def test_what_cannot_be_is_told_with_its_line(text: str, problem: str) -> None:
    """Quotas of two subjects or sizes or of none; terms that end too soon; fields out of place."""
    with pytest.raises(DocumentError) as caught:
        parse_document(HEAD + text, "c.yaml", CapacityDocument)

    assert caught.value.problems[0] == f"c.yaml:{problem}"


def test_money_by_the_hour_is_no_machine() -> None:
    """Of a savings plan and a reservation of 4 machines, only the latter has machines to use."""
    text = (
        "commitments:\n"
        "- {id: sp, provider: AWS, kind: spend, hourly_commitment: 12.5, family: p5,"
        " start: 2026-08-01, end: 2027-08-01}\n"
        f"- {{id: ri, {TERM}, start: 2026-08-01, end: 2027-08-01}}\n"
        f"capacity_blocks:\n- {{id: cb, {TERM}, start: 2026-08-01, end: 2026-08-02}}"
    )

    capacity = parse_document(HEAD + text, "c.yaml", CapacityDocument)

    (term,), (plan,) = capacity.committed, capacity.spend_commitments
    assert (term.id, term.machines, term.region) == ("ri", 4, "us-east-1")
    assert (plan.id, plan.hourly_commitment) == ("sp", Decimal("12.5"))
    assert capacity.capacity_blocks[0].price_upfront is None
