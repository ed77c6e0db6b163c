"""How findings are shown: broken rules first, columns that nobody keeps in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from service.domain.records import Finding

NOT_KEPT = "column is not kept"
"""The rule of a column that the lake has no place for; a provider's own form has many of them."""

_FEW = 5


def finding_cells(found: Iterable[Finding], *, every: bool = False) -> list[tuple[str, str, str]]:
    """Return column, rule and rows of each finding, the most frequent first.

    More than a few columns that are not kept share a line, unless ``every`` one is to be named.
    """
    ordered = sorted(found, key=lambda one: (one.rule == NOT_KEPT, -one.rows, one.column))
    rules = [one for one in ordered if one.rule != NOT_KEPT]
    columns = [one for one in ordered if one.rule == NOT_KEPT]
    cells = [(one.column, one.rule, f"{one.rows:,}") for one in rules]
    if every or len(columns) <= _FEW:
        return cells + [(one.column, one.rule, f"{one.rows:,}") for one in columns]
    some = ", ".join(one.column for one in columns[:_FEW])
    more = f"{some} and {len(columns) - _FEW} more"
    return [*cells, (more, "columns are not kept", f"{columns[0].rows:,}")]
