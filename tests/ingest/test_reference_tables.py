"""The tables of machines that the load works with: what is known, and what is left out."""

import csv
import gzip
import json
import os
import re
from datetime import date
from importlib.resources import files
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from ingest.machines import machine_types, reference_rows
from ingest.reference_tables import reference_tables

ROOT = Path(__file__).parents[2]
Machine = tuple[str, int]

FRACTIONS = {
    *("g6f.large", "g6f.xlarge", "g6f.2xlarge", "g6f.4xlarge", "gr6f.4xlarge"),
    *("Standard_NV6ads_A10_v5", "Standard_NV12ads_A10_v5", "Standard_NV18ads_A10_v5"),
    *("Standard_NV4as_v4", "Standard_NV8as_v4", "Standard_NV16as_v4"),
    *("Standard_NG8ads_V620_v1", "Standard_NG16ads_V620_v1"),
    *("g4-standard-6", "g4-standard-12", "g4-standard-24"),
}
"""Machines with a part of an accelerator: a count of whole accelerators cannot say that."""

NOT_CONFIRMED = {
    *("Standard_NC8ads_A10_v4", "Standard_NC16ads_A10_v4", "Standard_NC32ads_A10_v4"),
    *("Standard_ND40s_v2", "Standard_ND96ams_A100_v4", "Standard_ND96is_MI300X_v5"),
    *("Standard_ND96is_H100_v5", "Standard_ND96isf_H100_v5", "Standard_ND96isrf_H100_v5"),
    *("Standard_ND96is_flex_H100_v5", "Standard_ND96is_noIB_H100_v5"),
    *("Standard_ND128isrf_GB300_v6", "Standard_ND128isrf_NDR_GB200_v6"),
    *("Standard_NG32adms_V620",),
    *(f"Standard_NV{size}s_v2" for size in (6, 12, 24)),
    *(f"Standard_NV{size}ads_V710_v5" for size in (4, 8, 12, 24, 28)),
    "Standard_NV28adms_V710_v5",
    *(
        f"Standard_NC{size}{kind}_xl_RTXPRO6000BSE_v6"
        for kind in ("ds", "lds")
        for size in (16, 24, 8, 32, 36, 64, 72, 132, 144, 264, 288, 324)
    ),
}
"""Machines whose number of accelerators was found in no page of their provider."""


def known() -> dict[tuple[str, str], Machine]:
    """Model and count by provider and machine type."""
    return {
        (row["provider"], row["machine_type"]): (row["accelerator_model"], row["accelerator_count"])
        for row in reference_tables()["machine_type"].to_pylist()
    }


@pytest.mark.parametrize(
    ("provider", "name", "model", "count"),
    [
        ("aws", "p2.16xlarge", "K80", 16),
        ("aws", "p3.8xlarge", "V100", 4),
        ("aws", "p4d.24xlarge", "A100-40GB", 8),
        ("aws", "p5.48xlarge", "H100", 8),
        ("aws", "p5en.48xlarge", "H200", 8),
        ("aws", "p6-b200.48xlarge", "B200", 8),
        ("aws", "p6e-gb200.36xlarge", "GB200", 4),
        ("aws", "g5g.16xlarge", "T4G", 2),
        ("aws", "g7e.48xlarge", "RTX-PRO-6000", 8),
        ("aws", "trn2.48xlarge", "Trainium2", 16),
        ("aws", "inf2.24xlarge", "Inferentia2", 6),
        ("aws", "dl1.24xlarge", "Gaudi", 8),
        ("aws", "ml.p4d.24xlarge", "A100-40GB", 8),
        ("aws", "ml.trn1n.32xlarge", "Trainium", 16),
        ("azure", "Standard_NC24r", "K80", 4),
        ("azure", "Standard_ND40rs_v2", "V100", 8),
        ("azure", "Standard_ND96amsr_A100_v4", "A100-80GB", 8),
        ("azure", "Standard_ND96isr_H200_v5", "H200", 8),
        ("azure", "Standard_ND128isr_NDR_GB200_v6", "GB200", 4),
        ("azure", "Standard_NCC40ads_H100_v5", "H100-NVL", 1),
        ("gcp", "a2-megagpu-16g", "A100-40GB", 16),
        ("gcp", "a3-edgegpu-8g", "H100", 8),
        ("gcp", "a4x-highgpu-4g", "GB200", 4),
        ("gcp", "ct5lp-hightpu-8t", "TPU-v5e", 8),
        ("gcp", "ct6e-standard-4t", "TPU-v6e", 4),
    ],
)
def test_well_known_machines_have_what_their_provider_says(
    provider: str, name: str, model: str, count: int
) -> None:
    """One of each family, SageMaker's and those of TPUs among them."""
    assert known()[provider, name] == (model, count)


def test_every_machine_type_has_one_row_and_a_family() -> None:
    """No type comes twice, and the prefix of its family would report it if it were not there."""
    table = reference_tables()["machine_type"]
    families = reference_tables()["accelerator_family"].to_pylist()

    assert len(known()) == table.num_rows > 250
    for provider, name in known():
        prefixes = [one["prefix"] for one in families if one["provider"] == provider]
        assert any(name.startswith(prefix) for prefix in prefixes), name


def test_sagemaker_rents_machines_that_are_known_without_its_prefix() -> None:
    """``ml.p5.48xlarge`` is p5.48xlarge; what SageMaker does not rent has no ml. name."""
    names = [row["machine_type"] for row in reference_rows("sagemaker_machines.csv")]

    assert all(("aws", name.removeprefix("ml.")) in machine_types() for name in names)
    assert "ml.p5.48xlarge" in names
    assert ("aws", "ml.g4ad.xlarge") not in known()


@pytest.mark.parametrize(
    "name", ["accelerator_families.csv", "accelerator_skus.csv", "sagemaker_machines.csv"]
)
def test_every_line_of_the_tables_is_dated_and_sourced(name: str) -> None:
    """A fact without a day and a source could not be checked, so there is none."""
    rows = reference_rows(name)

    assert all(date.fromisoformat(row["as_of"]) >= date(2025, 1, 1) for row in rows)
    assert all(row["source"] for row in rows)


@pytest.mark.parametrize(
    ("description", "model"),
    [
        ("Nvidia Tesla A100 GPU running in Americas", "A100-40GB"),
        ("Nvidia Tesla A100 80GB GPU running in EMEA", "A100-80GB"),
        ("Nvidia L4 GPU attached to Spot Preemptible VMs running in Tokyo", "L4"),
        ("Nvidia H100 80GB Mega GPU running in Iowa", "H100"),
        ("A4 Nvidia B200 (1 gpu slice) running in Americas", "B200"),
        ("TpuV5e running in Delhi", "TPU-v5e"),
        ("TpuV6e attached to Spot Preemptible VMs running in Americas", "TPU-v6e"),
        ("Vertex AI: Training/Pipelines on NVIDIA H100 80GB in Iowa", "H100"),
        ("Commitment v1: Nvidia L4 GPU running in Americas for 1 Year", None),
        ("A2 Instance Core running in Americas", None),
        ("Vertex AI: Training/Pipelines Management fee on NVIDIA H100 80GB in Iowa", None),
    ],
)
def test_a_description_of_a_google_sku_tells_at_most_one_accelerator(
    description: str, model: str | None
) -> None:
    """Fees of commitments and the cores of a machine are no accelerators."""
    rows = reference_tables()["accelerator_sku"].to_pylist()

    fitting = {
        (row["accelerator_model"], row["accelerators_per_unit"])
        for row in rows
        if re.fullmatch(re.escape(row["pattern"]).replace("%", ".*"), description)
    }

    assert fitting == ({(model, 1)} if model else set())


def test_amazons_own_description_of_its_machines_agrees() -> None:
    """Moto carries what DescribeInstanceTypes answers: count and kind of the GPUs are ours."""
    packed = files("moto").joinpath("ec2", "resources", "instance_types.json.gz").read_bytes()
    described = json.loads(gzip.decompress(packed))
    compared = 0

    for (provider, name), machine in machine_types().items():
        gpus = described.get(name, {}).get("GpuInfo", {}).get("Gpus") if provider == "aws" else None
        if gpus:
            compared += 1
            model = machine.accelerator_model.split("-")[0].lower()
            told = str(gpus[0]["Name"]).lower().replace(" ", "").replace("radeonpro", "radeon-")
            assert (gpus[0]["Count"], model in told) == (machine.accelerator_count, True), name

    assert compared > 50


@pytest.mark.needs_shared
def test_every_machine_with_a_price_is_known_or_left_out_on_purpose() -> None:
    """Of the price lists of three clouds nothing is forgotten; what is left out is named above."""
    folder = Path(os.environ.get("COMPTROLLER_SHARED_DATA") or ROOT.parent / "shared" / "data")
    prices = folder / "prices"
    if not prices.is_dir():
        pytest.skip(f"there are no price lists in {folder}; set COMPTROLLER_SHARED_DATA")
    listed = {
        "aws": names_in(prices, "aws_gpu_ondemand_history.parquet", "instance_type")
        | names_in(prices, "aws_spot_advisor_gpu.csv", "instance_type")
        | names_in(prices, "aws_p_family_zones.csv", "InstanceType"),
        "azure": names_in(prices, "azure_gpu_ondemand_history.parquet", "vm_size"),
        "gcp": names_in(prices, "gcp_gpu_prices_weekly.parquet", "instance_type")
        | names_in(prices, "gcp_instance_specs.csv", "instance_type"),
        "nebius": names_in(prices, "nebius.csv", "InstanceType"),
    }

    missing = {
        name
        for provider, names in listed.items()
        for name in names
        if (provider, name) not in known()
    }

    assert sum(map(len, listed.values())) > 200
    assert missing == (FRACTIONS | NOT_CONFIRMED) & set().union(*listed.values())


def names_in(folder: Path, file: str, column: str) -> set[str]:
    """The machine types of one price list."""
    path = folder / file
    if path.suffix == ".parquet":
        return set(pq.read_table(path, columns=[column]).column(column).to_pylist())
    with path.open(encoding="utf-8", newline="") as stream:
        return {row[column] for row in csv.DictReader(stream)}
