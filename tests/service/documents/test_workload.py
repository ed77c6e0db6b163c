"""The workload form: its documented example, its fields in the page, its cross-field rules."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import jsonschema
import pytest
import yaml
from pydantic import BaseModel

from service.documents.workload import WorkloadDocument, json_schema
from service.documents.workload_file import parse_workloads
from service.documents.yaml_file import DocumentError
from tests.docs_examples import page, section, yaml_examples

SECTION = section(page("formats.md"), "The workload file")

SMALL: dict[str, Any] = {
    "name": "a",
    "team": "research",
    "run": {"image": "i"},
    "kind": "training",
    "accelerators": [{"model": "H100", "count_per_node": 8}],
    "work": {"duration_hours": 4},
}


def example() -> str:
    """The YAML of the page."""
    (only,) = yaml_examples(SECTION)
    return only


def written(**changes: object) -> str:
    """The smallest workload with some fields set, as JSON."""
    return json.dumps(SMALL | changes)


def field_names(model: type[BaseModel]) -> Iterator[str]:
    """Every field of a form and of the forms in it, as it is written in a file."""
    for name, field in model.model_fields.items():
        yield field.alias or name
        inner = [field.annotation, *getattr(field.annotation, "__args__", ())]
        for one in inner:
            if isinstance(one, type) and issubclass(one, BaseModel):
                yield from field_names(one)


def test_the_example_of_the_page_is_a_workload_with_every_field_set() -> None:
    """Two nodes of eight H100 for 640 accelerator-hours, 40 hours; no field is left out."""
    (workload,) = parse_workloads(example(), "example.yaml")

    assert workload.work.accelerator_hours == Decimal(640)
    assert workload.sla.sla_class == "target"
    assert workload.deadline is not None
    assert workload.deadline.isoformat() == "2026-11-25T07:00:00+00:00"
    assert set(yaml.safe_load(example())) == set(WorkloadDocument.model_fields)


def test_every_field_stands_in_the_page() -> None:
    """The table of the page has each field by its name."""
    names = field_names(WorkloadDocument)

    missing = [name for name in names if not re.search(rf"\b{name}`", SECTION)]

    assert missing == ["run", "accelerators", "work", "checkpoint", "sla", "data", "spending_caps"]


def test_every_field_has_a_description() -> None:
    """The JSON Schema explains itself to editors and to the API's page."""
    schema = json_schema()
    parts = [schema, *schema["$defs"].values()]

    assert all("description" in one for part in parts for one in part["properties"].values())


def test_the_example_fits_the_json_schema() -> None:
    """An editor that knows the schema accepts what the product accepts."""
    document = json.loads(parse_workloads(example(), "e.yaml")[0].model_dump_json(by_alias=True))

    jsonschema.validate(document, json_schema())


def test_the_documented_schema_is_the_forms_own() -> None:
    """``docs/workload.schema.json`` is what ``json_schema()`` gives."""
    documented = json.loads(page("workload.schema.json"))

    assert documented == json_schema()


def test_a_form_survives_being_stored() -> None:
    """What is written as JSON reads back equal, decimals and moments included."""
    (workload,) = parse_workloads(example(), "example.yaml")

    again = WorkloadDocument.model_validate(workload.model_dump(mode="json", by_alias=True))

    assert again == workload


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": "A b"}, "w.json:1: workloads[1].name: 'A b'"),
        ({"work": {}}, "work: needs accelerator_hours (with reference_model) or duration_hours"),
        (
            {"work": {"duration_hours": 1, "accelerator_hours": 2, "reference_model": "H100"}},
            "work: needs accelerator_hours (with reference_model) or duration_hours, one of them",
        ),
        ({"work": {"accelerator_hours": 2}}, "work: needs reference_model"),
        (
            {"work": {"duration_hours": 1, "reference_model": "H100"}},
            "work.reference_model: goes with accelerator_hours only",
        ),
        ({"work": {"duration_hours": 0}}, "duration_hours: 0 should be greater than 0"),
        ({"nodes": True}, "nodes: true must be a number"),
        ({"sla": {"class": "strict"}}, "sla.class: class strict needs a deadline"),
        (
            {"sla": {"class": "target"}, "deadline": "2026-12-01T00:00:00Z"},
            "sla: class target needs probability",
        ),
        (
            {"sla": {"class": "best_effort", "probability": 0.5}},
            "sla.probability: goes with class target only, not with best_effort",
        ),
        (
            {"deadline": "2026-12-01T00:00:00Z", "earliest_start": "2026-12-01T02:00:00+02:00"},
            "deadline: must come after earliest_start",
        ),
        ({"deadline": "2026-12-01T00:00:00"}, "deadline: '2026-12-01T00:00:00' must have a zone"),
        (
            {"checkpoint": {"interval_minutes": 5, "save_minutes": 5}},
            "checkpoint.save_minutes: must be less than interval_minutes",
        ),
        (
            {"accelerators": [{"model": "L4", "count_per_node": 1}] * 2},
            "accelerators[2].model: 'L4' comes twice",
        ),
        ({"accelerators": []}, "accelerators"),
        ({"residency": ["Germany"]}, "residency"),
        ({"nodse": 2}, "nodse: is no known key; did you mean 'nodes'?"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(
    changes: dict[str, object], sentence: str
) -> None:
    """Every refusal names file, line and field, and says what is accepted."""
    with pytest.raises(DocumentError) as refusal:
        parse_workloads(written(**changes), "w.json")

    assert sentence in str(refusal.value)
