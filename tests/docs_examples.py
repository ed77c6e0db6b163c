"""What tests read in the documentation: pages, their headings, sections and examples."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
_EXAMPLE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading, and the line that it stands on (from 0)."""

    line: int
    level: int
    title: str

    @property
    def anchor(self) -> str:
        """What a link to it says after ``#``."""
        words = re.sub(r"[^\w\- ]", "", self.title.lower())
        return words.replace(" ", "-")


def page(name: str) -> str:
    """Return the text of a page below ``docs``."""
    return (DOCS / name).read_text(encoding="utf-8")


def headings(text: str) -> Iterator[Heading]:
    """Yield the headings of a page; a comment in an example is none."""
    for number, line in _prose(text):
        if found := re.match(r"(#{1,6}) (.+)", line):
            yield Heading(number, len(found[1]), found[2].strip())


def section(text: str, title: str) -> str:
    """Return a section with all below it, without its heading."""
    found = list(headings(text))
    begin = next((one for one in found if one.title == title), None)
    assert begin is not None, f"no heading {title!r} among {[one.title for one in found]}"
    below = (one.line for one in found if one.line > begin.line and one.level <= begin.level)
    lines = text.splitlines(keepends=True)
    return "".join(lines[begin.line + 1 : next(below, len(lines))])


def yaml_examples(text: str) -> list[str]:
    """Return the YAML blocks of a text, in order."""
    return re.findall(r"^```yaml\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def without_examples(text: str) -> str:
    """Return a text without its blocks of code."""
    return _EXAMPLE.sub("", text)


def code(text: str) -> str:
    """Return what stands in code style: blocks, and words within lines."""
    words = re.findall(r"`([^`\n]+)`", without_examples(text))
    return "\n".join([*_EXAMPLE.findall(text), *words])


def table_rows(text: str) -> list[list[str]]:
    """Return the cells of all rows of the tables in a text, without heads and rules."""
    rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in text.splitlines() if line[:1] == "|"]
    cells = [[cell.strip() for cell in row] for row in rows]
    rules = [number for number, row in enumerate(cells) if set("".join(row)) <= set("-:")]
    heads = {number - 1 for number in rules}
    return [row for number, row in enumerate(cells) if number not in heads | set(rules)]


def links(text: str) -> Iterator[str]:
    """Yield the targets of the links in a page; examples have none."""
    for _, line in _prose(text):
        yield from re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`]*`", "", line))


def _prose(text: str) -> Iterator[tuple[int, str]]:
    """Yield the numbered lines that are no part of an example."""
    inside = False
    for number, line in enumerate(text.splitlines()):
        if line.startswith("```"):
            inside = not inside
        elif not inside:
            yield number, line
