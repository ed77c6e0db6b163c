"""Instances and plans as files: they come back as they were, and every fault has a sentence."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator

from optimizer import (
    BadFile,
    Instance,
    cheapest_first,
    read_claim,
    read_instance,
    read_plan,
    solve,
    write_instance,
    write_plan,
)
from tests.optimizer.weeks import instances

DOCS = Path(__file__).parents[2] / "docs"
Change = Callable[[dict[str, Any]], object]


def instance_document() -> dict[str, Any]:
    """A small valid instance: prices as a list and as a number."""
    return {
        "version": 1,
        "slots": 3,
        "slot_minutes": 60,
        "offers": [{"id": "o", "price": [4, 5, 6], "capacity": 2}],
        "jobs": [
            {
                "id": "j", "release": 0, "due": 3, "gang": 1, "unplaced_cost": 50,
                "options": [{"offer": "o", "slots": 2, "fixed_cost": 7}],
            }
        ],
    }  # fmt: skip


def plan_document() -> dict[str, Any]:
    """A valid plan of that instance: 4 + 5 + 7 = 16."""
    return {
        "version": 1, "status": "optimal", "cost": 16, "bound": 16, "gap": 0,
        "placements": [{"job": "j", "offer": "o", "start": 0}], "unplaced": [],
    }  # fmt: skip


def schema(name: str) -> Draft202012Validator:
    """A published schema, itself checked."""
    document = json.loads((DOCS / f"{name}.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(document)
    return Draft202012Validator(document)


def test_one_number_stands_for_every_slot() -> None:
    """Capacity 2 in 3 slots is (2, 2, 2); a list is taken as it is; fixed_cost may be left out."""
    document = instance_document()
    del document["jobs"][0]["options"][0]["fixed_cost"]

    week = read_instance(json.dumps(document))

    assert week.offers[0].capacity == (2, 2, 2)
    assert week.offers[0].price == (4, 5, 6)
    assert week.jobs[0].options[0].fixed_cost == 0


@settings(deadline=None)
@given(instances())
def test_what_is_written_comes_back_and_keeps_the_schema(
    tmp_path_factory: pytest.TempPathFactory, week: Instance
) -> None:
    """Writing and reading an instance and its plan change nothing."""
    folder = tmp_path_factory.mktemp("files")
    plan = cheapest_first(week)

    write_instance(week, folder / "instance.json")
    write_plan(plan, folder / "plan.json")

    assert read_instance(folder / "instance.json") == week
    assert read_plan(folder / "plan.json") == plan
    assert read_claim(folder / "plan.json") == (plan.claim, [])
    for name in ("instance", "plan"):
        schema(name).validate(json.loads((folder / f"{name}.json").read_text(encoding="utf-8")))


OF_INSTANCES: dict[str, tuple[Change, str]] = {
    "version": (
        lambda d: d.update(version=2),
        "instance: version: 1 is accepted, not 2",
    ),
    "missing": (lambda d: d.pop("slots"), "instance: slots is missing"),
    "unknown": (
        lambda d: d.update(solts=3),
        (
            "instance: solts is not a known field; accepted are version, slots, slot_minutes, "
            "offers, jobs"
        ),
    ),
    "reserved": (
        lambda d: d.update(quotas=[]),
        "instance: quotas is reserved for a later version",
    ),
    "reserved of a job": (
        lambda d: d["jobs"][0].update({"class": "strict"}),
        "instance: jobs[0]: class is reserved for a later version",
    ),
    "reserved of an option": (
        lambda d: d["jobs"][0]["options"][0].update(segments=[]),
        "instance: jobs[0].options[0]: segments is reserved for a later version",
    ),
    "no list": (
        lambda d: d.update(offers={}),
        "instance: offers: a list is accepted, not an object",
    ),
    "no object": (
        lambda d: d.update(jobs=[[]]),
        "instance: jobs[0]: an object is accepted, not a list",
    ),
    "fraction": (
        lambda d: d["offers"][0].update(price=1.5),
        "instance: offers[0].price: an integer is accepted, not 1.5",
    ),
    "whole float": (
        lambda d: d["jobs"][0].update(gang=1.0),
        "instance: jobs[0].gang: an integer is accepted, not 1.0",
    ),
    "truth value": (
        lambda d: d["offers"][0].update(capacity=True),
        "instance: offers[0].capacity: an integer is accepted, not true",
    ),
    "text": (
        lambda d: d["offers"][0].update(price=[4, "5", 6]),
        "instance: offers[0].price[1]: an integer is accepted, not the text '5'",
    ),
    "null": (
        lambda d: d["jobs"][0].update(id=None),
        "instance: jobs[0].id: a text of at least one character is accepted, not null",
    ),
    "huge": (
        lambda d: d["jobs"][0].update(due=10**31),
        "instance: jobs[0].due: an integer of at most 30 digits is accepted",
    ),
    "short list": (
        lambda d: d["offers"][0].update(price=[4, 5]),
        "instance: offers[0].price: one integer or a list of 3 is accepted, not a list of 2",
    ),
    "slots": (
        lambda d: d.update(slots=0),
        "instance: slots: an integer from 1 to 200000 is accepted, not 0",
    ),
    "negative": (
        lambda d: d["jobs"][0].update(release=-1),
        "instance: jobs[0]: job j: release must be an integer from 0 to 1000000000, not -1",
    ),
    "two options": (
        lambda d: d["jobs"][0]["options"].append({"offer": "o", "slots": 1}),
        "instance: jobs[0]: job j has more than one option for offer o; one is accepted",
    ),
    "offer twice": (
        lambda d: d["offers"].append(d["offers"][0]),
        "instance: offers[1].id: offer id o is used twice",
    ),
    "unknown offer": (
        lambda d: d["jobs"][0]["options"][0].update(offer="p"),
        "instance: jobs[0].options[0].offer: job j: offer p is not among the offers",
    ),
}


@pytest.mark.parametrize("name", OF_INSTANCES)
def test_a_fault_in_an_instance_is_named_with_its_json_path(name: str) -> None:
    """The sentence has the file, the path and what is accepted."""
    change, sentence = OF_INSTANCES[name]
    document = instance_document()
    change(document)

    with pytest.raises(BadFile) as refusal:
        read_instance(json.dumps(document))

    assert str(refusal.value) == sentence


OF_PLANS: dict[str, tuple[Change, list[str]]] = {
    "missing": (lambda d: d.pop("gap"), ["gap is missing"]),
    "unknown": (
        lambda d: d.update(note=1),
        [("note is not a known field; accepted are version, status, cost, bound, gap, "
         "placements, unplaced")],
    ),
    "reserved": (
        lambda d: d["placements"][0].update(option="x"),
        ["placements[0]: option is reserved for a later version"],
    ),
    "several": (
        lambda d: d.update(version=3, cost="16", unplaced=["j", 7], gap="0"),
        ["version: 1 is accepted, not 3", "cost: an integer is accepted, not the text '16'",
         "gap: a number is accepted, not the text '0'",
         "unplaced[1]: a text of at least one character is accepted, not 7"],
    ),
    "half a letter": (
        lambda d: d.update(unplaced=["\ud800"]),
        [r"unplaced[0]: a text without halves of letters is accepted, not the text '\ud800'"],
    ),
    "no list": (
        lambda d: d.update(placements=None), ["placements: a list is accepted, not null"]
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", OF_PLANS)
def test_every_fault_in_the_form_of_a_plan_is_listed(name: str) -> None:
    """Reading goes on behind a fault, so that all of them come at once."""
    change, sentences = OF_PLANS[name]
    document = plan_document()
    change(document)

    _, faults = read_claim(json.dumps(document))

    assert faults == sentences
    with pytest.raises(BadFile, match="plan: "):
        read_plan(json.dumps(document))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"status": "best"}, "plan: status: optimal or feasible is accepted, not best"),
        ({"bound": 15}, "plan: status optimal contradicts cost 16 and bound 15"),
    ],
)
def test_a_plan_that_contradicts_itself_is_not_read(
    changes: dict[str, object], sentence: str
) -> None:
    """What this library reads back is what it could have written."""
    with pytest.raises(BadFile) as refusal:
        read_plan(json.dumps({**plan_document(), **changes}))

    assert str(refusal.value) == sentence


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "not JSON: Expecting property name enclosed in double quotes at line 1, column 2"),
        ('{"slots": NaN}', "not usable JSON: NaN is not a number that JSON knows"),
        ('{"a": 1, "a": 2}', "not usable JSON: field a stands twice in one object"),
        (r'{"\udfff": 1}', "not usable JSON: a field's name holds half a letter"),
        ("[" * 100_000, "not usable JSON: it is nested too deeply"),
        ("[]", "an object is accepted, not a list"),
    ],
)
def test_text_that_is_no_usable_json_is_refused(text: str, sentence: str) -> None:
    """NaN, doubles and depth are refused as clearly as a missing brace."""
    with pytest.raises(BadFile) as refusal:
        read_instance(text)

    assert str(refusal.value) == f"instance: {sentence}"


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A missing file and bytes that are not UTF-8 are told apart."""
    (tmp_path / "latin.json").write_bytes(b'{"id": "\xe9"}')

    with pytest.raises(BadFile, match=r"none\.json: cannot be read: No such file or directory"):
        read_instance(tmp_path / "none.json")
    with pytest.raises(BadFile, match=r"latin\.json: byte 8 is not UTF-8; JSON in UTF-8"):
        read_instance(tmp_path / "latin.json")


def test_a_byte_order_mark_is_not_a_fault(tmp_path: Path) -> None:
    """Editors on Windows write one; the JSON behind it counts."""
    path = tmp_path / "bom.json"
    path.write_text(json.dumps(instance_document()), encoding="utf-8-sig")

    assert read_instance(path).jobs[0].id == "j"


@pytest.mark.parametrize("name", sorted(OF_INSTANCES.keys() - {"slots", "two options", "huge"}))
def test_the_schema_refuses_what_it_can_say(name: str) -> None:
    """Form is the schema's; doubles, lengths and unknown offers are the reader's alone."""
    change, _ = OF_INSTANCES[name]
    document = instance_document()
    change(document)
    beyond_schemas = {"offer twice", "unknown offer", "short list", "whole float"}

    assert schema("instance").is_valid(document) == (name in beyond_schemas)


def test_the_example_of_the_documentation_is_solved_as_it_says() -> None:
    """3 x 11.25 + 0.50 for w1 and 30 for w2, which is left out: 64.25."""
    page = (DOCS / "optimizer.md").read_text(encoding="utf-8")
    instance, plan = re.findall(r"```json\n(.*?)```", page, re.DOTALL)

    schema("instance").validate(json.loads(instance))
    schema("plan").validate(json.loads(plan))
    assert solve(read_instance(instance), time_limit_s=10).plan == read_plan(plan)


def test_the_examples_of_these_tests_keep_the_schemas() -> None:
    """Both documents, unchanged, are valid."""
    schema("instance").validate(instance_document())
    schema("plan").validate(plan_document())
