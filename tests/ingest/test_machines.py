"""The reference of machine types: complete, dated, sourced, and used the way workloads ask."""

from datetime import date
from decimal import Decimal

import pytest

from ingest import machines

KINDS = ("training", "fine_tuning", "batch_inference", "serving", "interactive")


def test_p5_48xlarge_is_eight_h100_of_80_gib_with_efa() -> None:
    """One row reads as AWS describes the machine, with its date and source."""
    machine = machines.machine_types()["aws", "p5.48xlarge"]

    assert machine.accelerator_model == "H100"
    assert machine.accelerator_count == 8
    assert machine.memory_per_accelerator_gib == 80
    assert machine.interconnect.startswith("EFA")


def test_every_machine_type_is_dated_and_sourced() -> None:
    """A fact without a day and a source could not be checked, so there is none."""
    rows = machines.machine_types().values()

    assert len(rows) > 90
    assert all(row.source and date(2025, 1, 1) <= row.as_of for row in rows)
    assert all(row.accelerator_count > 0 and row.vcpus > 0 for row in rows)


@pytest.mark.parametrize("kind", KINDS)
def test_every_accelerator_has_a_default_throughput_for_every_kind_of_work(kind: str) -> None:
    """A workload may leave the throughput out whatever it asks for."""
    values = {
        model: machines.default_throughput(kind, model) for model in machines.accelerator_models()
    }

    assert values["H100"] == 1
    assert all(0 < value < 10 for value in values.values())


def test_a_group_is_as_fast_as_its_slowest_member() -> None:
    """A100 at inference is A100-40GB (0.46) or A100-80GB (0.61), so 0.46 is safe."""
    assert machines.default_throughput("serving", "A100") == Decimal("0.46")
    assert machines.default_throughput("serving", "A100-80GB") == Decimal("0.61")


def test_a_throughput_of_an_unknown_accelerator_is_an_error() -> None:
    """There is no guess for what the table does not hold."""
    with pytest.raises(KeyError, match="no throughput of Z9"):
        machines.default_throughput("training", "Z9")


def test_asking_for_a_model_takes_its_variants_and_nothing_that_only_begins_alike() -> None:
    """A100 is met by A100-80GB; A10 is not met by A10G."""
    assert machines.is_a("A100-80GB", "A100")
    assert machines.is_a("A10", "A10")
    assert not machines.is_a("A10G", "A10")
    assert not machines.is_a("A100-80GB", "A100-40GB")
    assert machines.known_model("A100")
    assert not machines.known_model("A1000")


def test_residency_is_the_country_of_a_region_and_eu_is_every_member() -> None:
    """Frankfurt lies in DE and so in the EU; London does not; an unknown region lies nowhere."""
    assert machines.lies_in("aws", "eu-central-1", ("DE",))
    assert machines.lies_in("aws", "eu-central-1", ("US", "EU"))
    assert not machines.lies_in("aws", "eu-west-2", ("EU",))
    assert not machines.lies_in("aws", "moon-1", ("EU", "US"))


def test_a_provider_has_one_key_whatever_a_bill_or_a_file_calls_it() -> None:
    """AWS and Amazon Web Services are aws; without an alias the name in lower case holds."""
    assert machines.provider_key("AWS") == machines.provider_key(" Amazon Web Services") == "aws"
    assert machines.provider_key("Google Cloud") == "gcp"
    assert machines.provider_key("Nebius") == "nebius"
