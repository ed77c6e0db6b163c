"""Instances and plans as JSON files, version 1 (docs/instance.schema.json, plan.schema.json)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeVar

from optimizer.instance import SLOTS_MAX, Instance, InvalidInstance, Job, Offer, Option
from optimizer.plan import Claim, InvalidPlan, Placement, Plan, Status
from optimizer.strict_json import BadFile, Node, load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

VERSION = 1

_PLAN_FIELDS = ("version", "status", "cost", "bound", "gap", "placements", "unplaced")
_PLACEMENT_FIELDS = ("job", "offer", "start")
_T = TypeVar("_T")


def read_instance(source: Path | str) -> Instance:
    """Read an instance from a file (``Path``) or from JSON text (``str``).

    Raises:
        BadFile: The sentence names the file, the JSON path and what is accepted.
    """
    root = load(source, "instance")
    fields = root.fields(
        ("version", "slots", "slot_minutes", "offers", "jobs"), later=("quotas", "fixed")
    )
    _version(fields["version"])
    slots = fields["slots"].integer()
    if not 1 <= slots <= SLOTS_MAX:
        fields["slots"].refuse(f"an integer from 1 to {SLOTS_MAX} is accepted, not {slots}")
    offers = tuple(_offer(node, slots) for node in fields["offers"].items())
    jobs = tuple(_job(node) for node in fields["jobs"].items())
    minutes = fields["slot_minutes"].integer()
    return _built(root, lambda: Instance(slots, minutes, offers, jobs))


def write_instance(instance: Instance, path: Path) -> None:
    """Write an instance; a price or capacity that never changes becomes one number."""
    document = {
        "version": VERSION,
        "slots": instance.slots,
        "slot_minutes": instance.slot_minutes,
        "offers": [
            {"id": offer.id, "price": _short(offer.price), "capacity": _short(offer.capacity)}
            for offer in instance.offers
        ],
        "jobs": [_job_document(job) for job in instance.jobs],
    }
    _write(document, path)


def read_plan(source: Path | str) -> Plan:
    """Read a plan that this library wrote, from a file (``Path``) or from JSON text (``str``).

    Raises:
        BadFile: The sentence names the file, the JSON path and what is accepted.
    """
    claim, faults = read_claim(source)
    root = Node(None, str(source) if not isinstance(source, str) else "plan")
    status, cost, bound = claim.status, claim.cost, claim.bound
    if faults or status is None or cost is None or bound is None:
        root.refuse("; ".join(faults))
    if status not in tuple(Status):
        root.refuse(f"status: {' or '.join(Status)} is accepted, not {status}")
    try:
        return Plan(Status(status), cost, bound, claim.placements, claim.unplaced)
    except InvalidPlan as error:
        root.refuse(f"{error}")


def read_claim(source: Path | str) -> tuple[Claim, list[str]]:
    """Read anybody's plan as far as it can be read, with every fault of its form.

    Raises:
        BadFile: The file cannot be read, is not JSON or is not an object.
    """
    root = load(source, "plan")
    faults = root.strange(_PLAN_FIELDS)
    form = _Form(root.children(), faults)
    form.take("version", _version)
    status = form.take("status", Node.text)
    cost, bound = form.take("cost", Node.integer), form.take("bound", Node.integer)
    gap = form.take("gap", Node.number)
    placements = form.take_each("placements", _placement)
    unplaced = form.take_each("unplaced", Node.text)
    return Claim(status, cost, bound, gap, placements, unplaced), faults


def write_plan(plan: Plan, path: Path) -> None:
    """Write a plan with its gap."""
    document = {
        "version": VERSION,
        "status": str(plan.status),
        "cost": plan.cost,
        "bound": plan.bound,
        "gap": plan.gap,
        "placements": [
            {"job": placement.job, "offer": placement.offer, "start": placement.start}
            for placement in plan.placements
        ],
        "unplaced": list(plan.unplaced),
    }
    _write(document, path)


class _Form:
    """Takes fields one by one and keeps every fault instead of stopping at the first."""

    def __init__(self, fields: dict[str, Node], faults: list[str]) -> None:
        self._fields, self._faults = fields, faults

    def take(self, name: str, read: Callable[[Node], _T]) -> _T | None:
        """The field's value, or None and a fault."""
        if name not in self._fields:
            self._faults.append(f"{name} is missing")
            return None
        return self._read(self._fields[name], read)

    def take_each(self, name: str, read: Callable[[Node], _T]) -> tuple[_T, ...]:
        """The list's readable elements; each other one is a fault."""
        nodes = self.take(name, lambda node: list(node.items())) or []
        values = (self._read(node, read) for node in nodes)
        return tuple(value for value in values if value is not None)

    def _read(self, node: Node, read: Callable[[Node], _T]) -> _T | None:
        try:
            return read(node)
        except BadFile as fault:
            self._faults.append(str(fault).removeprefix(f"{node.file}: "))
            return None


def _version(node: Node) -> int:
    if (version := node.integer()) != VERSION:
        node.refuse(f"{VERSION} is accepted, not {version}")
    return version


def _offer(node: Node, slots: int) -> Offer:
    fields = node.fields(("id", "price", "capacity"))
    return _built(
        node,
        lambda: Offer(
            fields["id"].text(),
            _per_slot(fields["price"], slots),
            _per_slot(fields["capacity"], slots),
        ),
    )


def _per_slot(node: Node, slots: int) -> tuple[int, ...]:
    """One number for every slot, or a list with one number per slot."""
    if not isinstance(node.value, list):
        return (node.integer(),) * slots
    values = tuple(item.integer() for item in node.items())
    if len(values) != slots:
        node.refuse(f"one integer or a list of {slots} is accepted, not a list of {len(values)}")
    return values


def _job(node: Node) -> Job:
    fields = node.fields(
        ("id", "release", "due", "gang", "unplaced_cost", "options"), later=("class", "late")
    )
    options = tuple(_option(item) for item in fields["options"].items())
    numbers = {name: fields[name].integer() for name in ("release", "due", "gang", "unplaced_cost")}
    return _built(node, lambda: Job(id=fields["id"].text(), options=options, **numbers))


def _option(node: Node) -> Option:
    fields = node.fields(("offer", "slots"), ("fixed_cost",), later=("id", "segments"))
    fixed_cost = fields["fixed_cost"].integer() if "fixed_cost" in fields else 0
    return _built(
        node, lambda: Option(fields["offer"].text(), fields["slots"].integer(), fixed_cost)
    )


def _placement(node: Node) -> Placement:
    fields = node.fields(_PLACEMENT_FIELDS, later=("option",))
    return Placement(fields["job"].text(), fields["offer"].text(), fields["start"].integer())


def _built(node: Node, build: Callable[[], _T]) -> _T:
    """Run a constructor; its refusal becomes an error that names the file and the place."""
    try:
        return build()
    except InvalidInstance as error:
        where = error.where or node.path
        return Node(None, node.file, where).refuse(str(error))


def _job_document(job: Job) -> dict[str, Any]:
    options = [
        {"offer": option.offer, "slots": option.slots, "fixed_cost": option.fixed_cost}
        for option in job.options
    ]
    return {
        "id": job.id,
        "release": job.release,
        "due": job.due,
        "gang": job.gang,
        "unplaced_cost": job.unplaced_cost,
        "options": options,
    }


def _short(values: tuple[int, ...]) -> int | list[int]:
    return values[0] if len(set(values)) == 1 else list(values)


def _write(document: dict[str, Any], path: Path) -> None:
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
