"""The page about the lake's tables has each table as the code has it."""

from collections.abc import Mapping

import pytest

from tests.docs_examples import page, section, table_rows
from warehouse.tables import TABLES, TableSpec

SEEN = {
    "by team": "rows of its teams",
    "nothing": "nothing",
    "everything": "everything",
}
"""What the page says of a table's scope."""


def rendered(spec: TableSpec, meanings: Mapping[str, str]) -> str:
    """Return the Markdown of a table, with the meanings that people wrote."""
    head = "| column | type | unit, meaning |\n|---|---|---|\n"
    rows = (
        f"| `{name}` | `{kind.sql}` | {meanings.get(name, '')} |\n"
        for name, kind in spec.columns.items()
    )
    return head + "".join(rows)


@pytest.fixture(scope="module")
def tables() -> str:
    """The part of the page about the lake."""
    return section(page("formats.md"), "Tables of the lake")


@pytest.mark.parametrize("spec", TABLES.values(), ids=lambda spec: spec.name)
def test_every_column_stands_in_the_page_with_type_and_meaning(
    spec: TableSpec, tables: str
) -> None:
    """Same columns, same order, same types; the third cell is a person's and never empty."""
    part = section(tables, f"Table `{spec.name}`")
    meanings = {row[0].strip("`"): row[2] for row in table_rows(part)}

    expected = rendered(spec, meanings)

    assert expected in part, f"docs/formats.md, Table `{spec.name}` should read:\n{expected}"
    assert [name for name in spec.columns if not meanings[name]] == []


@pytest.mark.parametrize("spec", TABLES.values(), ids=lambda spec: spec.name)
def test_the_page_tells_partitions_and_what_teams_see(spec: TableSpec, tables: str) -> None:
    """Partition columns in order, and the scope in words."""
    part = section(tables, f"Table `{spec.name}`")

    partitions = ", ".join(f"`{name}`" for name in spec.partition)
    assert f"Partitions: {partitions}. A team sees {SEEN[spec.scope]}." in part
