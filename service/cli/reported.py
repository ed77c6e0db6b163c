"""Shows what statements come to in the reporting currency: each team, rounding, all teams."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from service.domain.money import Money
    from service.domain.reporting import Reported
    from service.exports.statement import Statement


def show_reported(found: Sequence[Statement], *, of_all: bool) -> None:
    """Print totals in the reporting currency and the rates used, where there is one.

    Args:
        found: The statements of some teams, or of all.
        of_all: Whether they are of all teams, so that their sum is the company's.
    """
    from service.cli.console import out
    from service.cli.tables import add_words, plain_table, print_table
    from service.domain.reporting import together
    from service.exports.shown import shown

    told = {one.team: one.reported for one in found if one.reported is not None}
    if not told:
        return
    currency = next(iter(told.values())).total.currency
    whole = together(currency, told.values())
    table = plain_table(f"All of it in {currency}", "team", "owed", words=1)
    for team, one in told.items():
        add_words(table, team, shown(one.total))
    for name, amount in _sum(told, whole) if of_all else ():
        add_words(table, name, shown(amount), style="bold")
    print_table(table, out)
    for rate in whole.rates:
        out.print(
            f"{rate.month}: 1 {rate.from_currency} = {rate.text} {currency} ({rate.source})",
            soft_wrap=True,
            highlight=False,
            markup=False,
        )


def _sum(told: Mapping[str, Reported], whole: Reported) -> Iterator[tuple[str, Money]]:
    """Yield what shown totals lack to the shown sum, and the sum, each currency converted once."""
    from service.domain.money import rounding

    lacking = rounding((one.total for one in told.values()), whole.total)
    if lacking.pico:
        yield "rounding", lacking
    yield "all teams", whole.total
