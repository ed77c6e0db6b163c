"""Tables and amounts as the reports on a terminal show them."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from rich.console import Console
from rich.table import Table
from rich.text import Text

WIDEST = 160
"""Columns of text that a table may take."""

_RARE_COSTS = ("unused_commitment", "distributed")
_COSTS = ("effective_cost", "direct", "shared", "idle", *_RARE_COSTS, "unallocated", "billed_cost")


def plain_table(title: str, *columns: str, words: int = 1) -> Table:
    """Return a table without lines: the first ``words`` columns are words, the others numbers."""
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for index, column in enumerate(columns):
        table.add_column(column, justify="left" if index < words else "right", no_wrap=True)
    return table


def add_words(table: Table, *cells: str | None, style: str | None = None) -> None:
    """Add a row whose cells are shown as they stand: a bill may say ``[/b]`` in a name."""
    table.add_row(*(Text(cell or "") for cell in cells), style=style)


def print_table(table: Table, console: Console) -> None:
    """Print a table at the width that its numbers need; a cut number would be a wrong one."""
    usual = console.width
    console.width = max(usual, WIDEST)
    console.print(table, soft_wrap=True)
    console.width = usual


def cost_columns(rows: Sequence[Mapping[str, str | None]]) -> tuple[str, ...]:
    """Return the costs that a table of costs shows: rare ones only where one of them is not 0."""
    rare = {name for name in _RARE_COSTS if any(Decimal(str(row.get(name) or 0)) for row in rows)}
    return tuple(name for name in _COSTS if name in rare or name not in _RARE_COSTS)


def heading(cost: str) -> str:
    """Return what the column of a cost is called."""
    return "unused" if cost == "unused_commitment" else cost.removesuffix("_cost")


def money(text: str) -> str:
    """Shorten an exact amount to cents, with thousands apart; the exact one stays in the report."""
    return f"{Decimal(text):,.2f}"


def gpu_hours(gpu_ms: int) -> str:
    """Write GPU-milliseconds as GPU-hours with one decimal; the exact number is in the report."""
    return f"{Decimal(gpu_ms) / 3_600_000:,.1f}"
