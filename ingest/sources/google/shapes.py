"""What machines are made of, in the parts that Google sells: dated and sourced in shapes.csv."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from ingest.sources.google.skus import LOCAL_SSD

_PARTS = (("core", "vcpus"), ("ram", "memory_gib"), ("accelerator", "accelerators"))


@dataclass(frozen=True, slots=True)
class Need:
    """How much a machine has of a part; ``parts`` are the names it goes by, the first first."""

    parts: tuple[str, ...]
    amount: int


@cache
def shapes() -> Mapping[str, tuple[Need, ...]]:
    """Every machine type and what it needs."""
    text = files("ingest.sources.google").joinpath("shapes.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return MappingProxyType({row["machine_type"]: tuple(_needs(row)) for row in rows})


@cache
def known_parts() -> frozenset[str]:
    """Every part that some machine has."""
    return frozenset(part for needs in shapes().values() for need in needs for part in need.parts)


def _needs(row: Mapping[str, str]) -> list[Need]:
    given = [(row[part], int(row[amount])) for part, amount in _PARTS]
    given.append((LOCAL_SSD, int(row["local_ssd_gib"])))
    return [Need(tuple(names.split("|")), amount) for names, amount in given if amount]
