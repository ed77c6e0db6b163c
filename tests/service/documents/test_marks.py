"""Reading YAML and JSON as plain data, with the line of each value."""

import pytest

from service.documents.marks import Problem, read_json, read_yaml


def test_every_value_knows_its_line() -> None:
    """The second name stands on line 5; what is not there has the line of what is around it."""
    document = read_yaml("version: 1\nteams:\n  - name: vision\n  -\n    name: nlp\n")

    assert document.data == {"version": 1, "teams": [{"name": "vision"}, {"name": "nlp"}]}
    assert document.line(("teams", 1, "name")) == 5
    assert document.line(("teams", 1, "title")) == 5
    assert document.line(("rules",)) == 1


def test_json_knows_its_lines_too() -> None:
    """Indented by tabs, with a letter of two halves and a number as JSON has it."""
    document = read_json('{\n\t"a": "\\ud83d\\ude00",\n\t"b": [1e2]\n}')

    assert document.data == {"a": "\U0001f600", "b": [100.0]}
    assert document.line(("b", 0)) == 3


def test_an_empty_document_is_an_empty_mapping() -> None:
    """Nothing was said, so nothing is set."""
    assert read_yaml("").data == {}


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: 1\na: 2", 2, "the key 'a' comes twice; the first is on line 1"),
        ("b:\n  c: 1\n  d: 2\n  c: 3", 4, "'c' comes twice; the first is on line 2"),
        ("a: &x 1\nb: *x", 2, r"aliases \(\*name\) are not accepted"),
        ("a: [1", 1, "is no valid YAML: expected ',' or ']'"),
        ("a: 1\n---\nb: 2", 2, "is no valid YAML: but found another document"),
        ("a: !!python/object:os.system x", 1, "could not determine a constructor"),
        ("a: \x00", 1, "is no valid YAML: unacceptable character"),
        ("a: 2026-13-45", 1, "'2026-13-45': month must be in 1..12; put text in quotes"),
        ("? [1]\n: 2", 1, "a key must be a plain word"),
        ("1: 2", 1, "the key 1 must be in quotes"),
        ("\ta: 1", 1, "cannot start any token"),
        ("[" * 10_000, 1, "is nested too deeply to be read"),
    ],
)
def test_what_is_no_plain_yaml_is_refused_with_its_line(text: str, line: int, message: str) -> None:
    """Repeated keys, aliases, tags of one's own and broken text are not guessed at."""
    with pytest.raises(Problem, match=message) as caught:
        read_yaml(text)

    assert caught.value.line == line


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ('{\n"a": }', 2, "is no valid JSON: Expecting value"),
        ('{"a": NaN}', 1, "NaN is no number"),
        ('{"a": 1,\n"a": 2}', 2, "'a' comes twice"),
        ("[" * 10_000, 1, "is nested too deeply to be read"),
    ],
)
def test_what_is_no_json_is_refused_with_its_line(text: str, line: int, message: str) -> None:
    """The same for JSON; NaN is none of its numbers."""
    with pytest.raises(Problem, match=message) as caught:
        read_json(text)

    assert caught.value.line == line
