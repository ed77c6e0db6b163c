"""Figures and tables, put on the page in one way everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from streamlit.delta_generator import DeltaGenerator

    from ui.tables import Figure

_ABREAST = 5

COSTS = (
    *("Effective", "Billed", "Direct", "Shared", "Idle"),
    *("Unused commitment", "Distributed", "Unallocated"),
)


def figures(rows: Sequence[Figure]) -> None:
    """Put figures side by side, five in a row."""
    for start in range(0, len(rows), _ABREAST):
        columns = st.columns(_ABREAST)
        for column, figure in zip(columns, rows[start : start + _ABREAST], strict=False):
            column.metric(figure.label, figure.value, help=figure.meaning, border=True)


def table(
    rows: Sequence[Mapping[str, object]],
    money: Sequence[str] = (),
    into: DeltaGenerator | None = None,
) -> None:
    """Put a table on the page, or ``into`` a part of it, with ``money`` columns to the cent."""
    config = {name: st.column_config.NumberColumn(format="%,.2f") for name in money}
    (into or st).dataframe(rows, hide_index=True, column_config=config, height="content")
