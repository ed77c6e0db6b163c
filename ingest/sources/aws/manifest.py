"""The manifest that AWS writes beside a bill: which files the period consists of."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from ingest.port import RejectedSourceError, TransientSourceError

Layout = Literal["data-export", "cur"]

_DATE = re.compile(r"(\d{4})-?(\d{2})")


@dataclass(frozen=True, slots=True)
class Manifest:
    """The files of one billing period: their keys in the bucket, each once, in AWS's order.

    ``columns`` are the names that AWS says the files have; none where it does not say.
    """

    keys: tuple[str, ...]
    columns: tuple[str, ...]


def manifest_key(layout: Layout, prefix: str, export: str, period: str) -> str:
    """Return where AWS writes the manifest of a billing period (``YYYY-MM``)."""
    folder = "/".join(part for part in (prefix.strip("/"), export) if part)
    if layout == "data-export":
        return f"{folder}/metadata/BILLING_PERIOD={period}/{export}-Manifest.json"
    year, month = int(period[:4]), int(period[5:])
    after = f"{year + month // 12:04}{month % 12 + 1:02}01"
    return f"{folder}/{year:04}{month:02}01-{after}/{export}-Manifest.json"


def read_manifest(content: bytes, *, place: str, bucket: str, period: str) -> Manifest:
    """Read a manifest of a Data Export or of a legacy Cost and Usage Report.

    Raises:
        TransientSourceError: When it is not whole, as while it is being written.
        RejectedSourceError: When it is no manifest, or one of another bucket or period.
    """
    said = _object(content, place)
    _refuse_other_period(said, place, period)
    files = said.get("dataFiles", said.get("reportKeys"))
    if not isinstance(files, list) or not all(isinstance(one, str) and one for one in files):
        raise RejectedSourceError(
            f"{place}: names no data files; a manifest has a list dataFiles (Data Exports) or "
            "reportKeys (legacy Cost and Usage Report)"
        )
    keys = dict.fromkeys(_key(one, place, bucket) for one in files)
    return Manifest(tuple(keys), _columns(said))


def _object(content: bytes, place: str) -> Mapping[str, Any]:
    try:
        said = json.loads(content)
    except ValueError as problem:
        raise TransientSourceError(
            f"{place}: is not whole JSON ({problem}), as if it were still being written; try again"
        ) from problem
    if not isinstance(said, dict):
        raise RejectedSourceError(f"{place}: is no manifest; a JSON object is needed")
    return said


def _refuse_other_period(said: Mapping[str, Any], place: str, period: str) -> None:
    """Refuse a manifest that says it is about another billing period than its folder."""
    stated = said.get("billingPeriod")
    start = stated.get("start") if isinstance(stated, dict) else stated
    found = _DATE.match(start) if isinstance(start, str) else None
    if found and f"{found[1]}-{found[2]}" != period:
        raise RejectedSourceError(
            f"{place}: is about {found[1]}-{found[2]}, but lies in the folder of {period}"
        )


def _key(file: str, place: str, bucket: str) -> str:
    """Return the key of a file that is named by its address or by its key."""
    if not file.startswith("s3://"):
        return file
    address = urlsplit(file, allow_fragments=False)
    if address.netloc != bucket:
        raise RejectedSourceError(
            f"{place}: names {file}, which is not in the bucket {bucket}; load from the bucket "
            "that the export delivers into"
        )
    return file.removeprefix(f"s3://{bucket}/")


def _columns(said: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the columns' names; a legacy report names them by category and name."""
    stated = said.get("columns")
    found = [one for one in stated if isinstance(one, dict)] if isinstance(stated, list) else []
    return tuple(
        f"{one['category']}/{one['name']}" if one.get("category") else str(one.get("name", ""))
        for one in found
    )
