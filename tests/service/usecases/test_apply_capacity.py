"""Applying a capacity file: compared, stored once, read back."""

from datetime import date
from pathlib import Path

from service.domain.records import DocumentVersion
from service.store.store import Store
from service.usecases.apply_capacity import AppliedCapacity, apply_capacity, propose_capacity
from service.usecases.stored_documents import capacity_in_effect
from tests.conftest import NOW

QUOTA = (
    "  - {{provider: AWS, region: us-east-1, machine_type: p5.48xlarge, machines: {machines}}}\n"
)


def write(folder: Path, *machines: int, since: str = "2026-08-15") -> Path:
    """Write a capacity file with a quota for each number of machines."""
    regions = ("us-east-1", "eu-west-1")
    quotas = [
        QUOTA.format(machines=count).replace("us-east-1", region)
        for count, region in zip(machines, regions, strict=False)
    ]
    file = folder / "capacity.yaml"
    file.write_text(f"version: 1\neffective_from: {since}\nquotas:\n" + "".join(quotas))
    return file


def test_a_capacity_is_stored_once_and_holds_from_its_day_on(store: Store, tmp_path: Path) -> None:
    """Applied twice it is version 1 twice; on the 14th nothing holds, on the 15th 12 machines."""
    file = write(tmp_path, 12)

    applied = [
        apply_capacity(propose_capacity(file, store=store), store=store, at=NOW, actor="cli:ada")
        for _ in range(2)
    ]

    assert applied == [AppliedCapacity(1, is_new=True), AppliedCapacity(1, is_new=False)]
    assert capacity_in_effect(store, date(2026, 8, 14)) is None
    found = capacity_in_effect(store, date(2026, 8, 15))
    assert found is not None
    assert [quota.machines for quota in found.quotas] == [12]
    with store.work() as work:
        assert [type(one) for one in work.capacities.all()] == [DocumentVersion]
        (entry,) = work.audit.latest(5)
    assert (entry.action, entry.subject) == ("capacity.apply", "capacity version 1")


def test_the_preview_lists_what_comes_and_what_goes(store: Store, tmp_path: Path) -> None:
    """From 12 machines to 16 and a second region with 4: one goes, two come."""
    first = propose_capacity(write(tmp_path, 12), store=store)
    apply_capacity(first, store=store, at=NOW, actor="cli:ada")

    second = propose_capacity(write(tmp_path, 16, 4), store=store)

    assert [change.comes for change in first.changes] == [True]
    assert [(change.comes, change.entry.split(", ")[-1]) for change in second.changes] == [
        (False, "machines 12"),
        (True, "machines 4"),
        (True, "machines 16"),
    ]
    assert {change.part for change in second.changes} == {"quotas"}
    assert apply_capacity(second, store=store, at=NOW, actor="cli:ada").version == 2
