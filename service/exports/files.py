"""Puts whole files in place, under names that any file system takes."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from hashlib import sha256
from threading import get_ident
from typing import TYPE_CHECKING

from service.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")
_LONGEST = 80
_DIGITS = 8


def safe_name(text: str) -> str:
    """Return a part of a file's name; texts that had to be changed stay apart by a hash."""
    safe = _UNSAFE.sub("-", text)[:_LONGEST]
    return safe if safe == text else f"{safe}-{sha256(text.encode()).hexdigest()[:_DIGITS]}"


def put(target: Path, content: bytes) -> Path:
    """Write a file as a whole or not at all, replacing the one of that name.

    Raises:
        InputError: When the folder takes no file or has no room; says why.
    """
    part = target.with_name(f".{target.name}.{os.getpid()}-{get_ident()}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(content)
        part.replace(target)
    except OSError as problem:
        raise InputError(
            f"{target}: cannot be written ({problem.strerror}); name a folder that takes new files"
            " and has room for them"
        ) from problem
    finally:
        with suppress(OSError):
            part.unlink()
    return target
