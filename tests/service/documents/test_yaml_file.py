"""Documents: every problem at once, each with file, line, field and what is accepted."""

from pathlib import Path

import pytest
from pydantic import BaseModel, RootModel

from service.documents.base import Amount, Count, Document, Moment
from service.documents.yaml_file import DocumentError, load_document, parse_document


class Shelf(Document):
    """A part of the form below."""

    name: str
    size: Count = 1


class Store(Document):
    """A form with every kind of field."""

    version: int
    shelves: tuple[Shelf, ...] = ()
    spare: Shelf | None = None
    price: Amount | None = None
    opened: Moment | None = None
    ratio: float = 1.0


class Shelves(RootModel[list[Shelf]]):
    """A form that is a list."""


class Loose(BaseModel):
    """A model without rules across its fields."""

    name: str


def problems(text: str, model: type[BaseModel] = Store) -> list[str]:
    """Return the sentences with which ``text`` is refused."""
    with pytest.raises(DocumentError) as caught:
        parse_document(text, "store.yaml", model)
    assert str(caught.value) == "\n".join(caught.value.problems)
    return list(caught.value.problems)


def test_all_problems_are_told_in_the_order_of_their_lines() -> None:
    """Four mistakes are four sentences, not one after the other."""
    text = "version: one\nshelves:\n  - nam: a\n    size: -1\nprice: 1.0000000000001\n"

    assert problems(text) == [
        "store.yaml:1: version: 'one' must be a whole number",
        (
            "store.yaml:3: shelves[1].nam: is no known key; did you mean 'name'?"
            " (accepted: name, size)"
        ),
        "store.yaml:3: shelves[1].name: is missing",
        "store.yaml:4: shelves[1].size: -1 should be greater than or equal to 0",
        (
            "store.yaml:5: price: 1.0000000000001: decimal input should have"
            " no more than 12 decimal places"
        ),
    ]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("version: 1.5", "version: 1.5 must be a whole number"),
        ("spare: 3", "spare: 3 must be a mapping of keys to values"),
        ("spare: {name: no}", "spare.name: false must be text; put it in quotes"),
        (
            "spare: {name: a, sice: 1}",
            "spare.sice: is no known key; did you mean 'size'? (accepted: name, size)",
        ),
        ("spare: {name: a, size: on}", "spare.size: true must be a number"),
        ("shelves: {}", "shelves: must be a list"),
        (
            "opened: yesterday",
            "opened: 'yesterday' must be a moment with its zone, as 2026-08-01T00:00:00Z",
        ),
        ("opened: 2026-08-01 10:00:00", "opened: must have a zone, as 2026-08-01T00:00:00Z"),
        (
            "zzz: 1",
            "zzz: is no known key (accepted: opened, price, ratio, shelves, spare, version)",
        ),
    ],
)
def test_each_kind_of_mistake_says_what_is_accepted(line: str, sentence: str) -> None:
    """Second line, the field's place, the value, and what would do."""
    text = line if line.startswith("version") else f"version: 1\n{line}"

    assert problems(text) == [f"store.yaml:{text.count(chr(10)) + 1}: {sentence}"]


def test_moments_are_kept_in_utc_and_a_day_is_its_first_moment() -> None:
    """12:00 at +02:00 is 10:00 in UTC; a plain day is midnight."""
    noon = parse_document("version: 1\nopened: 2026-08-01T12:00:00+02:00", "a.yaml", Store)
    day = parse_document("version: 1\nopened: 2026-08-01", "a.yaml", Store)

    assert str(noon.opened) == "2026-08-01 10:00:00+00:00"
    assert str(day.opened) == "2026-08-01 00:00:00+00:00"


def test_a_form_may_be_a_list_at_the_top() -> None:
    """The unknown key of the second shelf is found through the list."""
    assert problems("- name: a\n- name: b\n  colour: red", Shelves) == [
        "store.yaml:3: [2].colour: is no known key (accepted: name, size)"
    ]


def test_a_document_that_is_no_mapping_is_refused_as_a_whole() -> None:
    """A list where keys are expected has no field to name."""
    assert problems("[1]") == ["store.yaml:1: must be a mapping of keys to values"]


def test_models_without_rules_of_their_own_are_read_too() -> None:
    """Any Pydantic model will do."""
    assert parse_document("name: a", "a.yaml", Loose) == Loose(name="a")


def test_files_are_read_by_their_ending(tmp_path: Path) -> None:
    """The same text is YAML or JSON; a mark at the beginning is no part of it."""
    for name in ("a.yaml", "a.json"):
        (tmp_path / name).write_text('\ufeff{"version": 1}')
        assert load_document(tmp_path / name, Store).version == 1


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A missing file, a folder, broken YAML and text in another encoding."""
    (tmp_path / "latin.yaml").write_bytes(b"version: 1\n# caf\xe9\n")
    (tmp_path / "broken.json").write_text('{"version": 1,\n}')

    for name, message in {
        "gone.yaml": r"gone\.yaml: cannot be read: No such file",
        ".": "cannot be read: Is a directory",
        "latin.yaml": r"^latin\.yaml:2: is not UTF-8 text; save it as UTF-8$",
        "broken.json": r"^broken\.json:2: is no valid JSON",
    }.items():
        with pytest.raises(DocumentError, match=message):
            load_document(tmp_path / name, Store)
