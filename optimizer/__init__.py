"""A library that plans a queue: integers in, a proven plan out."""

from optimizer.files import read_claim, read_instance, read_plan, write_instance, write_plan
from optimizer.greedy import cheapest_first, earliest_deadline_first
from optimizer.instance import Instance, InvalidInstance, Job, Offer, Option
from optimizer.plan import Claim, InvalidPlan, Placement, Plan, Status, gap
from optimizer.reasons import Reason, explain
from optimizer.referee import cost, violations
from optimizer.solve import Solution, solve
from optimizer.strict_json import BadFile

__all__ = [
    "BadFile",
    "Claim",
    "Instance",
    "InvalidInstance",
    "InvalidPlan",
    "Job",
    "Offer",
    "Option",
    "Placement",
    "Plan",
    "Reason",
    "Solution",
    "Status",
    "cheapest_first",
    "cost",
    "earliest_deadline_first",
    "explain",
    "gap",
    "read_claim",
    "read_instance",
    "read_plan",
    "solve",
    "violations",
    "write_instance",
    "write_plan",
]
