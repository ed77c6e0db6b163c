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
    """What the page shows can be applied; amounts are exact, and terms end before their end."""
    (example,) = yaml_examples(section(page("formats.md"), "The capacity file"))

    capacity = parse_document(example, "example.yaml", CapacityDocument)

    (commitment,), (block,) = capacity.commitments, capacity.capacity_blocks
    assert commitment.hourly_rate == Decimal("31.464")
    assert block.price_upfront == Decimal("55896.96")
    assert commitment.holds(datetime(2026, 8, 1, tzinfo=UTC))
    assert not commitment.holds(datetime(2027, 8, 1, tzinfo=UTC))
    assert [quota.market for quota in capacity.quotas] == ["on_demand", "spot"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            f"quotas:\n- {{{PLACE}, machines: 1}}",
            "4: quotas[1]: needs machine_type or family, one of them",
        ),
        (
            f"quotas:\n- {{{PLACE}, machine_type: a, family: b, machines: 1}}",
            "4: quotas[1]: needs machine_type or family, one of them",
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
            f"capacity_blocks:\n- {{id: a, {TERM}, start: 2026-08-01, end: 2026-08-02}}",
            "4: capacity_blocks[1].price_upfront: is missing",
        ),
    ],
)
def test_what_cannot_be_is_told_with_its_line(text: str, problem: str) -> None:
    """Quotas of two subjects or of none, said twice; terms that end before they begin."""
    with pytest.raises(DocumentError) as caught:
        parse_document(HEAD + text, "c.yaml", CapacityDocument)

    assert caught.value.problems == (f"c.yaml:{problem}",)
