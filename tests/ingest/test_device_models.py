"""What devices are called by drivers, schedulers and labels, and which model that is."""

import pytest

from ingest.device_models import model_of_device


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("NVIDIA-H100-80GB-HBM3", "H100"),
        ("NVIDIA H100 NVL", "H100-NVL"),
        ("h100", "H100"),
        ("nvidia_a100-sxm4-80gb", "A100-80GB"),
        ("NVIDIA-A100-SXM4-40GB-MIG-1g.5gb", "A100-40GB"),
        ("nvidia-tesla-a100", "A100"),
        ("NVIDIA-A10G-SHARED", "A10G"),
        ("Tesla-T4", "T4"),
        ("NVIDIA RTX PRO 6000 Blackwell Server Edition", "RTX-PRO-6000"),
        (" GH100-X ", "GH100-X"),
    ],
)
def test_a_model_is_told_by_its_words(name: str, model: str) -> None:
    """Case, makers, memory and sharing do not matter; what nobody knows stays as it was told."""
    assert model_of_device(name) == model
