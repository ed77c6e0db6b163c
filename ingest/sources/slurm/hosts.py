"""Spells out Slurm's short form of host names, as ``gpu[01-04,07],x1``."""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import product

MOST_HOSTS = 100_000
"""More than any cluster has; a longer list is a mistake."""

_NOBODY = frozenset({"", "none", "none assigned", "(null)", "unknown"})
_NAME = re.compile(r"(?:[^\[\],]+|\[[^\[\]]+\])+")
_PART = re.compile(r"\[([^\[\]]+)\]|([^\[\]]+)")
_RANGE = re.compile(r"(\d+)(?:-(\d+))?")


@lru_cache(maxsize=65_536)
def expand(nodes: str) -> tuple[str, ...] | None:
    """Return the hosts in their order, each once; ``None`` where none is assigned.

    Raises:
        ValueError: When it is no list of hosts.
    """
    if nodes.strip().lower() in _NOBODY:
        return None
    names = _NAME.findall(nodes)
    if ",".join(names) != nodes:
        raise ValueError(f"{nodes!r} is no list of hosts")
    found: dict[str, None] = {}
    for name in names:
        found |= dict.fromkeys(_of_one(name))
        if len(found) > MOST_HOSTS:
            raise ValueError(f"{nodes!r} names more than {MOST_HOSTS:,} hosts")
    return tuple(found)


def _of_one(name: str) -> Iterator[str]:
    parts = [_numbers(inside) if inside else [plain] for inside, plain in _PART.findall(name)]
    size = 1
    for part in parts:
        size *= len(part)
    if size > MOST_HOSTS:
        raise ValueError(f"{name!r} names more than {MOST_HOSTS:,} hosts")
    return map("".join, product(*parts))


def _numbers(inside: str) -> list[str]:
    """The numbers between brackets, as wide as their first digits say."""
    found: list[str] = []
    for piece in inside.split(","):
        told = _RANGE.fullmatch(piece)
        if not told:
            raise ValueError(f"[{inside}] is no range of numbers")
        first, last = int(told[1]), int(told[2] or told[1])
        if not 0 <= last - first < MOST_HOSTS:
            raise ValueError(f"[{inside}] is no range of numbers")
        found += [str(number).zfill(len(told[1])) for number in range(first, last + 1)]
    return found
