"""What a SKU of Compute Engine is about: its description is prose, read here in one place."""

import re
from dataclasses import dataclass
from functools import lru_cache

LOCAL_SSD = "Local SSD"

_PROSE = re.compile(
    r"(?P<fee>Commitment v1: )?(?P<spot>Spot Preemptible )?(?P<what>.+?)"
    r"(?P<attached> attached to (?:Spot )?Preemptible VMs?)?(?: running)?(?: [iI]n (?P<place>.+?))?"
    r"(?: for (?P<years>[13]) Years?)?"
)
_DOLLARS = re.compile(r"Commitment - (?:dollar based|spend based)")
_PARTS = (
    (re.compile(r"(?:N1 )?(?:Predefined )?(?:Instance Core|Cpu)", re.IGNORECASE), "N1 core"),
    (re.compile(r"(?:N1 )?(?:Predefined )?(?:Instance Ram|Ram)", re.IGNORECASE), "N1 ram"),
    (re.compile(r"(.+?) (?:Instance Core|Cpu)", re.IGNORECASE), r"\1 core"),
    (re.compile(r"(.+?) (?:Instance Ram|Ram)", re.IGNORECASE), r"\1 ram"),
    (re.compile(r"SSD backed Local Storage|Local SSD", re.IGNORECASE), LOCAL_SSD),
    (re.compile(r"((?:Nvidia|H\d+) .*GPU|RTX .*GB|.*\(1 gpu slice\)|(?:Tpu|TPU) ?\w+)"), r"\1"),
)


@dataclass(frozen=True, slots=True)
class Sku:
    """A part of a machine as SKUs sell it: ``A3 core``, ``A3 ram``, ``Nvidia H100 80GB GPU``.

    ``years`` is the term of a commitment's fee, 0 of what is no fee.
    """

    part: str
    is_spot: bool
    years: int


@lru_cache(maxsize=65_536)
def read_sku(description: str) -> Sku | None:
    """Return which part of a machine a SKU sells; ``None`` where it sells no such part."""
    found = _PROSE.fullmatch(description)
    if not found or bool(found["fee"]) != bool(found["years"]):
        return None
    for pattern, part in _PARTS:
        if match := pattern.fullmatch(found["what"]):
            is_spot = bool(found["spot"] or found["attached"])
            return Sku(match.expand(part), is_spot, int(found["years"] or 0))
    return None


def is_spend_fee(description: str) -> bool:
    """Say whether a SKU is the fee of a spend-based commitment."""
    return _DOLLARS.match(description) is not None
