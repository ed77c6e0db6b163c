"""The questions about charges must look at them alike."""

import re

import pytest

from warehouse.questions import read_question


def charges(name: str) -> str:
    """Return how a question reads cost lines, from WITH up to its own SELECT."""
    found = re.search(
        r"^WITH tagged AS .*?\), charge AS \(.*?^\)",
        read_question(name).sql,
        re.DOTALL | re.MULTILINE,
    )
    assert found is not None
    return found[0]


@pytest.mark.parametrize("name", ["ask/charge_groups", "ask/node_costs", "ask/unowned_kinds"])
def test_kinds_and_groups_tell_charges_apart_by_the_same_properties(name: str) -> None:
    """A kind that the one sees and the other does not would leave cost lines without an owner."""
    assert charges("ask/charge_kinds") == charges(name)


@pytest.mark.parametrize(
    "name",
    [
        "ask/charge_groups",
        "ask/pool_use",
        "ask/charge_kinds",
        "ask/node_costs",
        "ask/unowned_kinds",
        "ask/usage_accounts",
        "ask/free_gpus",
        "ask/labelled_gpus",
    ],
)
def test_machines_come_in_by_their_times(name: str) -> None:
    """What is joined with machines takes the answer of machine_times, column by column."""
    columns = read_question(name).inputs["machine"]

    assert list(columns) == [
        "kind",
        "name",
        "pool",
        "machine_host",
        "accelerator_model",
        "accelerator_count",
        "begins",
        "ends",
        "reach",
    ]
