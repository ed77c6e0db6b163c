"""The project's own reference of machine types, regions and throughputs: dated and sourced.

``machines.csv`` says what a machine type is, ``regions.csv`` in which country a region lies,
``throughput.csv`` how fast an accelerator is beside an H100 where a workload does not say.
Machine types that only bills need (old ones, inference chips, TPUs) are there as well; a workload
may ask for the accelerators of which a throughput is known.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from types import MappingProxyType

# Serving is bound by the same things as inference in batches; who works interactively trains.
_SAME_AS = {"serving": "batch_inference", "interactive": "training"}

_PROVIDERS = MappingProxyType(
    {
        "amazon web services": "aws",
        "google cloud": "gcp",
        "google cloud platform": "gcp",
        "google": "gcp",
        "microsoft": "azure",
        "microsoft azure": "azure",
    }
)

EUROPEAN_UNION = frozenset(
    (
        *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"),
        *("IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
    )
)
"""ISO 3166 codes of the member states."""


@dataclass(frozen=True, slots=True)
class MachineType:
    """A machine type as its provider describes it; ``interconnect`` is the network between nodes.

    An empty ``interconnect`` means ordinary networking only.
    """

    provider: str
    name: str
    accelerator_model: str
    accelerator_count: int
    memory_per_accelerator_gib: int
    interconnect: str
    vcpus: int
    as_of: date
    source: str


@dataclass(frozen=True, slots=True)
class Throughput:
    """How fast one accelerator does a kind of work, beside an H100, and where that was read."""

    kind: str
    accelerator_model: str
    relative_throughput: Decimal
    source: str


@cache
def machine_types() -> Mapping[tuple[str, str], MachineType]:
    """Every machine type by provider and name."""
    return MappingProxyType(
        {
            (row["provider"], row["machine_type"]): MachineType(
                provider=row["provider"],
                name=row["machine_type"],
                accelerator_model=row["accelerator_model"],
                accelerator_count=int(row["accelerator_count"]),
                memory_per_accelerator_gib=int(row["memory_per_accelerator_gib"]),
                interconnect=row["interconnect"],
                vcpus=int(row["vcpus"]),
                as_of=date.fromisoformat(row["as_of"]),
                source=row["source"],
            )
            for row in reference_rows("machines.csv")
        }
    )


@cache
def accelerator_models() -> tuple[str, ...]:
    """Every accelerator model that a workload may ask for, as its throughput is known, sorted."""
    measured = {model for _, model in throughputs()}
    return tuple(sorted({one.accelerator_model for one in machine_types().values()} & measured))


@cache
def throughputs() -> Mapping[tuple[str, str], Throughput]:
    """The default throughputs by kind of work and accelerator model."""
    return MappingProxyType(
        {
            (row["kind"], row["accelerator_model"]): Throughput(
                kind=row["kind"],
                accelerator_model=row["accelerator_model"],
                relative_throughput=Decimal(row["relative_throughput"]),
                source=row["source"],
            )
            for row in reference_rows("throughput.csv")
        }
    )


@cache
def countries() -> Mapping[tuple[str, str], str]:
    """The ISO 3166 country code of each region, by provider and region."""
    rows = reference_rows("regions.csv")
    return MappingProxyType({(row["provider"], row["region"]): row["country"] for row in rows})


def provider_key(name: str) -> str:
    """The one short name of a provider, as ``aws`` for AWS or Amazon Web Services."""
    short = name.strip().lower()
    return _PROVIDERS.get(short, short)


def is_a(model: str, wanted: str) -> bool:
    """Say whether ``model`` is what was asked for; ``A100`` asks for A100-40GB or A100-80GB."""
    return model == wanted or model.startswith(f"{wanted}-")


def known_model(wanted: str) -> bool:
    """Say whether a workload may ask for such an accelerator."""
    return any(is_a(model, wanted) for model in accelerator_models())


def default_throughput(kind: str, model: str) -> Decimal:
    """How fast ``model`` does ``kind`` of work beside an H100; of a group, its slowest member."""
    of = _SAME_AS.get(kind, kind)
    exact = throughputs().get((of, model))
    if exact:
        return exact.relative_throughput
    found = [
        one.relative_throughput
        for (its_kind, its_model), one in throughputs().items()
        if its_kind == of and is_a(its_model, model)
    ]
    if not found:
        raise KeyError(f"no throughput of {model} at {kind} in throughput.csv")
    return min(found)


def lies_in(provider: str, region: str, residency: tuple[str, ...]) -> bool:
    """Say whether a region is known to lie in one of the countries; ``EU`` is all its members."""
    country = countries().get((provider, region))
    if country is None:
        return False
    return country in residency or ("EU" in residency and country in EUROPEAN_UNION)


def reference_rows(name: str) -> list[dict[str, str]]:
    """The rows of one of the reference's CSV files."""
    text = files("ingest").joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
