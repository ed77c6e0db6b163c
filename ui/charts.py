"""The charts of the pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt

from ui.formatting import words
from ui.tables import PARTS

if TYPE_CHECKING:
    from collections.abc import Sequence

_COLOURS = ("#2456c7", "#7aa5f2", "#f0a429", "#c96f2b", "#5f8f6b", "#9aa5b1")
_BAR_PX = 30


def cost_by_team(rows: Sequence[dict[str, str | float]], currency: str) -> alt.Chart:
    """Return a bar per team, made of the parts of its effective cost, the largest on top."""
    parts = [words(part) for part in PARTS]
    title = f"Effective cost ({currency})"
    chart: alt.Chart = (
        alt.Chart(alt.InlineData(values=list(rows)))
        .mark_bar(height={"band": 0.72})
        .encode(
            x=alt.X("sum(amount):Q", title=title, axis=alt.Axis(format="~s")),
            y=alt.Y("team:N", sort="-x", title=None, axis=alt.Axis(labelLimit=220)),
            color=alt.Color(
                "part:N",
                title=None,
                scale=alt.Scale(domain=parts, range=_COLOURS),
                legend=alt.Legend(orient="top"),
            ),
            order=alt.Order("place:Q"),
            tooltip=[
                alt.Tooltip("team:N", title="Team"),
                alt.Tooltip("part:N", title="Part"),
                alt.Tooltip("amount:Q", title=currency, format=",.2f"),
            ],
        )
        .properties(height=alt.Step(_BAR_PX))
    )
    return chart
