"""Files of workloads: the four shapes, the lines in errors, all or nothing."""

from pathlib import Path

import pytest

from service.documents.workload_file import load_workloads, parse_workloads
from service.documents.yaml_file import DocumentError

ONE = """\
name: {name}
team: research
run: {{image: i}}
kind: training
accelerators: [{{model: H100, count_per_node: 8}}]
work: {{duration_hours: 4}}
"""


def one(name: str) -> str:
    """A workload as a YAML document."""
    return ONE.format(name=name)


def as_item(name: str) -> str:
    """A workload as an item of a list."""
    return "- " + one(name).replace("\n", "\n  ").rstrip() + "\n"


@pytest.mark.parametrize(
    "text",
    [
        one("a") + "---\n" + one("b"),
        "# two of them\n---\n" + one("a") + "--- # next\n" + one("b") + "---\n",
        as_item("a") + as_item("b"),
        "workloads:\n" + as_item("a") + as_item("b"),
        as_item("a") + "---\n" + one("b"),
    ],
)
def test_one_file_holds_workloads_in_any_of_its_shapes(text: str) -> None:
    """Documents, a list, a key ``workloads`` and a mixture give the same two workloads."""
    found = parse_workloads(text, "w.yaml")

    assert [workload.name for workload in found] == ["a", "b"]


def test_errors_of_every_document_come_together_with_their_lines() -> None:
    """The names stand on lines 1 and 8 of the file; both are named and nothing is taken."""
    text = one("A") + "---\n" + one("B")

    with pytest.raises(DocumentError) as refusal:
        parse_workloads(text, "w.yaml")

    first, second = refusal.value.problems
    assert first.startswith("w.yaml:1: workloads[1].name: 'A'")
    assert second.startswith("w.yaml:8: workloads[2].name: 'B'")


@pytest.mark.parametrize(
    ("given", "taken", "sentence"),
    [
        (
            "count_per_node: 8",
            "count_per_node: 0",
            (
                "w.yaml:5: workloads[1].accelerators[1].count_per_node: 0 should be greater than "
                "or equal to 1"
            ),
        ),
        (
            "[{model: H100, count_per_node: 8}]",
            "[]",
            "w.yaml:5: workloads[1].accelerators: must have at least one entry",
        ),
        (
            "image: i",
            'image: "i\\0"',
            "w.yaml:3: workloads[1].run.image: 'i\\x00' must be text without the character NUL",
        ),
        (
            "image: i",
            'image: i, command: ["\\0"]',
            "w.yaml:3: workloads[1].run.command: must be text without the character NUL",
        ),
        (
            "image: i",
            'image: i, environment: {A: "\\0"}',
            "w.yaml:3: workloads[1].run.environment: must be text without the character NUL",
        ),
    ],
)
def test_one_mistake_is_one_sentence(given: str, taken: str, sentence: str) -> None:
    """A wrong entry does not also make its list too short, and NUL cannot be stored."""
    with pytest.raises(DocumentError) as refusal:
        parse_workloads(one("a").replace(given, taken), "w.yaml")

    assert refusal.value.problems == (sentence,)


def test_lines_below_a_workloads_key_are_those_of_the_file() -> None:
    """The second workload's name stands on line 8."""
    text = "workloads:\n" + as_item("a") + as_item("B")

    with pytest.raises(DocumentError, match=r"w\.yaml:8: workloads\[2\]\.name"):
        parse_workloads(text, "w.yaml")


@pytest.mark.parametrize("text", ["", "# nothing\n---\n", "[]", "workloads: []\n"])
def test_a_file_without_a_workload_is_refused(text: str) -> None:
    """An empty file is more likely a mistake than a wish."""
    with pytest.raises(DocumentError, match="there is no workload in it"):
        parse_workloads(text, "w.yaml")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("workloads: 3\n", "w.yaml:1: workloads: must be a list"),
        ("workloads: []\nversion: 1\n", "w.yaml:2: version: is no known key beside workloads"),
        ("a: b: c\n", "w.yaml:1: is no valid YAML"),
        ("just text\n", "w.yaml:1: workloads[1]: 'just text' must be a mapping"),
        (
            (one("a") + "idempotency_key: k\n---\n") * 2,
            "w.yaml:15: workloads[2].idempotency_key: is the key of workload 1 of this file too",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(text: str, sentence: str) -> None:
    """The sentence begins with file and line."""
    with pytest.raises(DocumentError) as refusal:
        parse_workloads(text, "w.yaml")

    assert str(refusal.value).startswith(sentence)


def test_a_file_is_read_from_disk(tmp_path: Path) -> None:
    """The name in errors is the file's; what is there is read."""
    path = tmp_path / "w.yaml"
    path.write_text(one("a"), encoding="utf-8")

    assert [workload.name for workload in load_workloads(path)] == ["a"]
