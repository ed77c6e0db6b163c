"""What SKU descriptions say."""

import pytest

from ingest.sources.google.shapes import known_parts, shapes
from ingest.sources.google.skus import Sku, is_spend_fee, read_sku


@pytest.mark.parametrize(
    ("description", "sku"),
    [
        ("A2 Instance Core running in Americas", Sku("A2 core", is_spot=False, years=0)),
        ("A2 Instance Ram running in Americas", Sku("A2 ram", is_spot=False, years=0)),
        (
            "Spot Preemptible A3 Instance Core running in Iowa",
            Sku("A3 core", is_spot=True, years=0),
        ),
        ("Commitment v1: A3 Cpu in Iowa for 1 Year", Sku("A3 core", is_spot=False, years=1)),
        ("Commitment v1: A3 Ram in Iowa for 3 Years", Sku("A3 ram", is_spot=False, years=3)),
        ("Commitment v1: Cpu in Americas for 1 Year", Sku("N1 core", is_spot=False, years=1)),
        ("Commitment v1: Ram in Americas for 3 Year", Sku("N1 ram", is_spot=False, years=3)),
        ("N1 Predefined Instance Core running in Iowa", Sku("N1 core", is_spot=False, years=0)),
        (
            "Nvidia Tesla A100 80GB GPU attached to Spot Preemptible VMs running in Iowa",
            Sku("Nvidia Tesla A100 80GB GPU", is_spot=True, years=0),
        ),
        (
            "Commitment v1: Nvidia H100 80GB GPU running in Iowa for 1 Year",
            Sku("Nvidia H100 80GB GPU", is_spot=False, years=1),
        ),
        ("H200 141GB GPU running in Iowa", Sku("H200 141GB GPU", is_spot=False, years=0)),
        ("TpuV5e running in Iowa", Sku("TpuV5e", is_spot=False, years=0)),
        ("SSD backed Local Storage", Sku("Local SSD", is_spot=False, years=0)),
        ("SSD backed Local Storage in Tokyo", Sku("Local SSD", is_spot=False, years=0)),
        (
            "SSD backed Local Storage attached to Spot Preemptible VMs in Iowa",
            Sku("Local SSD", is_spot=True, years=0),
        ),
        ("Commitment v1: Local SSD In Iowa for 1 Year", Sku("Local SSD", is_spot=False, years=1)),
        (
            "A4 Nvidia B200 (1 gpu slice) running in Iowa",
            Sku("A4 Nvidia B200 (1 gpu slice)", is_spot=False, years=0),
        ),
    ],
)
def test_a_description_names_a_part_of_a_machine(description: str, sku: Sku) -> None:
    """Usage and fee of the same part have the same name."""
    assert read_sku(description) == sku


@pytest.mark.parametrize(
    "description",
    [
        "Storage PD Capacity",
        "Network Internet Data Transfer Out from Americas to EMEA",
        "Commitment v1: SLES for SAP for VM with 4 VCPU for 1 Year",
        "Commitment v1: A3 Cpu in Iowa",
        "Reserved Nvidia H100 80GB GPU in Iowa",
    ],
)
def test_what_is_no_part_of_a_machine_is_not_taken_for_one(description: str) -> None:
    """Disks, traffic, licences and reservations have no price that machines are joined of."""
    assert read_sku(description) is None


def test_spend_based_fees_are_told_by_their_name() -> None:
    """They say dollar based."""
    assert is_spend_fee("Commitment - dollar based v1: GCE for 1 Year")
    assert not is_spend_fee("Commitment v1: A3 Cpu in Iowa for 1 Year")


def test_every_machine_has_an_accelerator_and_parts_that_skus_can_name() -> None:
    """35 machines; an A3 with 8 GPUs is 208 cores, 1,872 GiB, 8 GPUs and 6,000 GiB of disks."""
    assert len(shapes()) == 35
    assert [need.amount for need in shapes()["a3-highgpu-8g"]] == [208, 1872, 8, 6000]
    assert "Nvidia L4 GPU" in known_parts()
