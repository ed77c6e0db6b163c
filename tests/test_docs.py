"""The documentation keeps up with the code, and its links lead somewhere."""

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import pytest
from pydantic import BaseModel
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption
from typer.main import get_group

import service
from ingest.forms import FORMS, Form
from ingest.port import Kind
from service.cli.main import app
from service.cli.source_reference import reference
from service.config import Settings
from service.documents.capacity import CapacityDocument
from service.documents.policy import PolicyDocument
from service.errors import ComptrollerError
from tests.docs_examples import (
    DOCS,
    ROOT,
    code,
    headings,
    links,
    page,
    section,
    table_rows,
    without_examples,
)
from ui.pages import PAGES

PAGES_OF_DOCS = sorted(
    [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *DOCS.rglob("*.md")]
)
QUESTIONS = sorted((ROOT / "warehouse" / "sql" / "ask").glob("*.sql"))
Command = TyperCommand | TyperGroup
DEVELOPERS_PATH = re.compile(r"(?<![\w.:])/(home|Users|work|root|tmp)/\w")
"""Absolute paths that only one machine has; ``/root`` alone is every machine's."""


def name_of(path: Path) -> str:
    """Return how a page is called within the project."""
    return str(path.relative_to(ROOT))


def commands(command: Command, path: str = "comptroller") -> Iterator[tuple[str, Command]]:
    """Yield every command and group below ``command`` with the words that call it."""
    yield path, command
    for name, below in command.commands.items() if isinstance(command, TyperGroup) else ():
        assert isinstance(below, Command)
        yield from commands(below, f"{path} {name}")


COMMANDS = dict(commands(get_group(app)))


def written(command: Command) -> list[str]:
    """Return how the options and arguments of a command are written in the page."""
    return [
        parameter.opts[0]
        if isinstance(parameter, TyperOption)
        else (isinstance(parameter, TyperArgument) and parameter.metavar)
        or str(parameter.name).upper()
        for parameter in command.params
    ]


def subclasses(kind: type[ComptrollerError]) -> Iterator[type[ComptrollerError]]:
    """Yield a class and all below it."""
    yield kind
    for below in kind.__subclasses__():
        yield from subclasses(below)


def field_names(model: type[BaseModel]) -> Iterator[str]:
    """Yield every field of a form and of the forms in it."""
    for name, field in model.model_fields.items():
        yield name
        for inner in re.findall(r"\w+", str(field.annotation)):
            found = getattr(import_module(model.__module__), inner, None)
            if isinstance(found, type) and issubclass(found, BaseModel):
                yield from field_names(found)


def test_the_settings_of_every_type_of_source_are_in_the_page() -> None:
    """The page ends with what ``comptroller sources types`` prints."""
    assert page("sources.md").rstrip().endswith(reference())


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "comptroller"])
def test_every_command_has_a_section_with_exactly_its_options(name: str) -> None:
    """Options and arguments in the page are those of the command, and in the same order."""
    text = page("cli.md")
    level = next(one.level for one in headings(text) if one.title == f"`{name}`")
    own = section(text, f"`{name}`").split(f"\n{'#' * (level + 1)} ")[0]

    documented = [row[0].strip("`") for row in table_rows(own)]

    assert documented == written(COMMANDS[name])


def test_no_command_is_documented_that_does_not_exist() -> None:
    """Each heading in code style is a command."""
    titles = [one.title.strip("`") for one in headings(page("cli.md")) if one.title[0] == "`"]

    assert sorted(titles) == sorted(set(COMMANDS) - {"comptroller"})


def test_the_options_of_every_command_are_in_the_page() -> None:
    """``--debug`` and ``--version`` stand before any command."""
    for option in written(COMMANDS["comptroller"]):
        assert f"| `{option}` |" in page("cli.md")


def test_exit_codes_that_help_texts_name_are_in_the_page() -> None:
    """A command whose help speaks of exit codes stands in the page's table of them."""
    codes = section(page("cli.md"), "Exit codes")
    speaking = [
        name
        for name, one in COMMANDS.items()
        if re.search(r"\bexit", one.help or "", re.IGNORECASE)
    ]

    missing = [name for name in speaking if f"`{name.removeprefix('comptroller ')}`" not in codes]

    assert missing == []


def test_commands_in_the_documentation_exist() -> None:
    """What a page calls ``comptroller ...`` can be called."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in PAGES_OF_DOCS)

    called = set(re.findall(r"(?<![/\w])comptroller ([a-z][a-z-]+)(?![\w-]*[.:/])", code(text)))

    assert called - {name.split()[1] for name in COMMANDS if " " in name} == set()


def test_every_setting_has_a_row() -> None:
    """One row with the setting's name and its variable."""
    for name in Settings.model_fields:
        assert f"| `{name}` | `COMPTROLLER_{name.upper()}` |" in page("configuration.md")


def test_variables_in_the_documentation_exist() -> None:
    """``COMPTROLLER_...`` is a setting, or what the tests look at."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in PAGES_OF_DOCS)
    named = set(re.findall(r"COMPTROLLER_([A-Z0-9_]+[A-Z0-9])(?:__[A-Z]+)?", text))

    known = {name.upper() for name in Settings.model_fields}

    assert {name.partition("__")[0] for name in named} - known <= {
        "TEST_DATABASE_URL",
        "SHARED_DATA",
    }


@pytest.mark.parametrize(
    ("model", "title"),
    [(PolicyDocument, "The policy file"), (CapacityDocument, "The capacity file")],
)
def test_every_field_of_a_form_stands_in_its_section(model: type[BaseModel], title: str) -> None:
    """By its name, in the prose or tables around the example."""
    prose = without_examples(section(page("formats.md"), title))

    missing = [name for name in field_names(model) if not re.search(rf"\b{name}\b", prose)]

    assert missing == []


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.kind)
def test_the_columns_of_a_delivered_file_stand_in_the_page(form: Form) -> None:
    """Those that are needed and the others; of FOCUS the others are the standard's own."""
    text = page("loading.md")
    title = next(one.title for one in headings(text) if one.title.endswith(f": `{form.kind}`"))

    rows = table_rows(section(text, title))
    named = {row[1]: set[str]() for row in rows}
    for row in rows:
        named[row[1]] |= set(re.findall(r"\w+", re.sub(r"\(.*?\)", "", row[0])))

    assert named["yes"] == set(form.needed)
    assert named["no"] == set(form.others) or form.kind is Kind.FOCUS


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda path: path.stem)
def test_every_question_says_what_it_answers(question: Path) -> None:
    """The first line of a question is a comment that ends its sentence within the header."""
    lines = question.read_text(encoding="utf-8").splitlines()
    header = [line[3:] for line in lines[: next(i for i, x in enumerate(lines) if x[:2] != "--")]]
    told = [line for line in header if not line.startswith(("$", "input ", "periods ", "with "))]

    assert told
    assert told[0][0].isupper()
    assert told[-1].endswith(".")


def test_every_error_code_is_explained_with_its_status() -> None:
    """One row for each pair of code and status, and no row for what does not exist."""
    for module in walk_packages(service.__path__, "service."):
        import_module(module.name)
    ours = [kind for kind in subclasses(ComptrollerError) if kind.__module__[:8] == "service."]

    documented = {(row[0].strip("`"), row[1]) for row in table_rows(page("errors.md")) if row[2:]}

    assert documented == {(kind.code, str(int(kind.status))) for kind in ours}


def test_every_page_of_the_dashboard_is_named() -> None:
    """By its title, where the dashboard is told of."""
    told = section(page("api.md"), "The dashboard")

    assert [one.title for one in PAGES if f"*{one.title}*" not in told] == []


@pytest.mark.parametrize("source", PAGES_OF_DOCS, ids=name_of)
def test_links_lead_to_files_and_headings_that_exist(source: Path) -> None:
    """A relative link names a file beside the page, and a heading in it."""
    broken = [
        link
        for link in links(source.read_text(encoding="utf-8"))
        if not re.match(r"https?:|mailto:", link) and not _leads_somewhere(source, link)
    ]

    assert broken == []


def _leads_somewhere(source: Path, link: str) -> bool:
    place, _, anchor = link.partition("#")
    target = (source.parent / place).resolve() if place else source
    if not target.exists() or not anchor:
        return target.exists()
    return anchor in {one.anchor for one in headings(target.read_text(encoding="utf-8"))}


def test_every_page_is_in_the_index() -> None:
    """``docs/README.md`` links each page and schema, that of the decisions each decision."""
    for folder in (DOCS, DOCS / "decisions"):
        index = set(links((folder / "README.md").read_text(encoding="utf-8")))
        found = {path.name for path in folder.iterdir() if path.is_file()} - {"README.md"}
        assert found - index == set()


@pytest.mark.parametrize("source", PAGES_OF_DOCS, ids=name_of)
def test_no_page_names_a_place_of_one_machine(source: Path) -> None:
    """Readers have other folders than whoever wrote the page."""
    found = DEVELOPERS_PATH.findall(source.read_text(encoding="utf-8"))

    assert found == []


def test_decisions_have_one_layout() -> None:
    """Number and title, status, and the same three headings."""
    for path in sorted((DOCS / "decisions").glob("[0-9]*.md")):
        text = path.read_text(encoding="utf-8")
        titles = [one.title for one in headings(text)]
        assert titles[0].startswith(f"{path.name[:4]} · ")
        assert "\nStatus: accepted" in text
        assert titles[1:] == ["What a newcomer would do", "What we do", "What follows"]
