"""Rows and figures of the pages, made from the answers of the API; nothing is computed here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from ui.answers import Baseline
from ui.formatting import NONE, amount, moment, number, percent, words

if TYPE_CHECKING:
    from ui.answers import Costs, CostTotal, Placement, Plan

Part = Literal["direct", "shared", "idle", "unused_commitment", "distributed", "unallocated"]

PARTS: tuple[Part, ...] = (
    "direct",
    "shared",
    "idle",
    "unused_commitment",
    "distributed",
    "unallocated",
)
"""What effective cost consists of, in the order of the chart."""


OTHER_WAYS = {
    "greedy": "Cheapest offer first",
    "all_on_demand": "On demand within quotas",
    "on_demand_list": "On demand without limits",
}
"""What the API's baselines are called, in the order of the table."""


class Figure(NamedTuple):
    """One number with its name and what it means."""

    label: str
    value: str
    meaning: str


def cost_rows(costs: Costs, currency: str) -> list[dict[str, str | float]]:
    """Return a row per team in ``currency``, as the API ordered them."""
    return [
        {
            "Team": row["team"],
            "Effective": number(row["effective_cost"], currency),
            "Billed": number(row["billed_cost"], currency),
            "Direct": number(row["direct"], currency),
            "Shared": number(row["shared"], currency),
            "Idle": number(row["idle"], currency),
            "Unused commitment": number(row["unused_commitment"], currency),
            "Distributed": number(row["distributed"], currency),
            "Unallocated": number(row["unallocated"], currency),
        }
        for row in costs["rows"]
        if row["currency"] == currency
    ]


def chart_rows(costs: Costs, currency: str) -> list[dict[str, str | float]]:
    """Return a row per team and part of its effective cost."""
    return [
        {
            "team": row["team"],
            "part": words(part),
            "place": place,
            "amount": number(str(row[part]), currency),
        }
        for row in costs["rows"]
        if row["currency"] == currency
        for place, part in enumerate(PARTS)
    ]


def cost_figures(total: CostTotal) -> list[Figure]:
    """Return the figures above the table; the difference only where the viewer may see it."""
    currency = total["currency"]
    figures = [
        Figure(
            "Effective cost",
            amount(total["effective_cost"], currency),
            "What was used, with commitments spread over their use.",
        ),
        Figure("Billed cost", amount(total["billed_cost"], currency), "What the invoices ask for."),
        Figure(
            "Idle",
            amount(total["idle"], currency),
            "Held by a pool and used by nobody; its owner pays.",
        ),
        Figure(
            "Unallocated",
            amount(total["unallocated"], currency),
            "No rule of the policy names a team.",
        ),
    ]
    if total["difference"] is not None:
        meaning = "Bills less allocations, to the last digit."
        figures.append(
            Figure("Difference to the bills", amount(total["difference"], currency), meaning)
        )
    return figures


def plan_figures(plan: Plan) -> list[Figure]:
    """Return what the plan spends and, to whom sees it whole, how good it is."""
    currency = plan["currency"]
    figures = [
        Figure("Spend", amount(plan["spend"], currency), "Of the workloads that have a place."),
        Figure("Placed", f"{plan['placed']:,}", "Workloads with an offer and a start."),
        Figure("Unplaced", f"{plan['unplaced']:,}", "Workloads without; the reasons stand below."),
    ]
    if plan["cost"] is None:
        return figures
    return [
        *figures,
        Figure("Left out", amount(plan["left_out"], currency), "The price of having no place."),
        Figure("Plan cost", amount(plan["cost"], currency), "Spend and left out together."),
        Figure("Gap", percent(plan["gap"]), "How far the plan is from the bound at most."),
        Figure("Bound", amount(plan["bound"], currency), "No plan can cost less."),
    ]


def way_rows(plan: Plan) -> list[dict[str, str | int | float]]:
    """Return a row for the plan and for each other way to plan the queue, if the API tells any."""
    if plan["cost"] is None or not plan["baselines"]:
        return []
    this = Baseline(
        spend=plan["spend"], cost=plan["cost"], placed=plan["placed"], unplaced=plan["unplaced"]
    )
    others = plan["baselines"]
    ways = [("This plan", this)]
    ways += [(label, others[name]) for name, label in OTHER_WAYS.items() if name in others]
    return [
        {
            "Way": name,
            "Placed": way["placed"],
            "Not placed": way["unplaced"],
            "Spend": number(way["spend"], plan["currency"]),
            "Total cost": number(way["cost"], plan["currency"]),
        }
        for name, way in ways
    ]


def reason_rows(plan: Plan) -> list[dict[str, str | int]]:
    """Return a row per reason why workloads have no place."""
    return [
        {"Reason": words(r["reason_code"]), "Workloads": r["workloads"], "For example": r["reason"]}
        for r in plan["unplaced_reasons"]
    ]


def placement_rows(plan: Plan) -> list[dict[str, str | float]]:
    """Return a row per workload: where, when, at what cost and why."""
    return [_placement_row(placement, plan["currency"]) for placement in plan["placements"]]


def _placement_row(placement: Placement, currency: str) -> dict[str, str | float]:
    return {
        "Workload": placement["workload_name"],
        "Team": placement["team"],
        "Offer": placement["offer"] or NONE,
        "Start": moment(placement["start"]),
        "End": moment(placement["end"]),
        "Cost": number(placement["cost"], currency),
        "Why": placement["reason"],
    }
