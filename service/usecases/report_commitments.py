"""Answers what each commitment cost and what came of it, from all bills that are loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from service.domain.commitment_balance import CommitmentBalance
from service.domain.money import Money
from service.usecases.charge_owners import Reader

if TYPE_CHECKING:
    from warehouse.lake import Lake
    from warehouse.port import Engine


def report_commitments(*, lake: Lake, engine: Engine) -> tuple[CommitmentBalance, ...]:
    """Return one balance per commitment and currency, by name."""
    answer = Reader(engine, lake.view(["cost_line"])).ask("commitment_balance")
    return tuple(_balance(row) for row in answer.to_pylist())


def _balance(row: dict[str, Any]) -> CommitmentBalance:
    currency = row["currency"] or ""

    def known(name: str) -> Money | None:
        return None if row[name] is None else Money.parse(row[name], currency)

    def amount(name: str) -> Money:
        return known(name) or Money.zero(currency)

    return CommitmentBalance(
        commitment=row["commitment"],
        provider=row["provider"],
        purchased=known("purchased_cost"),
        used=amount("used_cost"),
        unused=amount("unused_cost"),
        billed=amount("billed_cost"),
        effective=amount("effective_cost"),
        first_charge=row["first_charge"],
        last_charge=row["last_charge"],
        cost_lines=row["cost_lines"],
    )
