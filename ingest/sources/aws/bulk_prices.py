"""All offers of a region from its bulk offer file, streamed: the file has hundreds of megabytes."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import httpx
from tenacity import (
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_exponential,
)

from ingest.port import RejectedSourceError, TransientSourceError
from ingest.sources.aws.asking import asking
from ingest.sources.aws.offers import Offer, Rate

_TIMEOUT = httpx.Timeout(60.0, connect=10.0)
_BUSY = frozenset({408, 429, 500, 502, 503, 504})
_TRIES = 3
_NEEDED = ("SKU", "OfferTermCode", "TermType", "Unit", "PricePerUnit", "Currency", "Instance Type")
_PLAIN = {
    "Tenancy": "Shared",
    "Operating System": "Linux",
    "Pre Installed S/W": "NA",
    "CapacityStatus": "Used",
}


def bulk_offers(
    client: Any,  # noqa: ANN401 - boto3 has no types
    arn: str,
    region: str,
    machine_types: frozenset[str],
) -> Iterator[Offer]:
    """Yield the offers of bare Linux machines of some types.

    Raises:
        SourceError: When the file cannot be had, or is none.
    """
    with asking(f"the file of prices of {region}", "pricing:GetPriceListFileUrl"):
        url = client.get_price_list_file_url(PriceListArn=arn, FileFormat="csv")["Url"]
    what = f"file of prices of {region}"
    again = Retrying(
        retry=retry_if_exception_type(TransientSourceError),
        stop=stop_after_attempt(_TRIES),
        wait=wait_exponential(multiplier=0.2, max=10),
        reraise=True,
    )
    # A file that broke off is read again from its start, so nothing is yielded before its end.
    yield from again(lambda: _read(url, what, region, machine_types))


def _read(url: str, what: str, region: str, machine_types: frozenset[str]) -> list[Offer]:
    try:
        with httpx.stream("GET", url, timeout=_TIMEOUT, follow_redirects=True) as answer:
            if answer.status_code in _BUSY:
                raise TransientSourceError(f"{what}: AWS is busy (HTTP {answer.status_code})")
            if answer.status_code != httpx.codes.OK:
                raise RejectedSourceError(f"{what}: AWS answers HTTP {answer.status_code}")
            return offers_in(answer.iter_lines(), what, region, machine_types)
    except httpx.HTTPError as problem:
        raise TransientSourceError(f"{what}: cannot be read to its end ({problem})") from problem


def offers_in(
    lines: Iterable[str], what: str, region: str, machine_types: frozenset[str]
) -> list[Offer]:
    """Return the wanted offers of a file; the two rates of a reserved term are one offer.

    Raises:
        RejectedSourceError: When it has no header, or columns are missing.
    """
    rows = csv.reader(lines)
    header = next((row for row in rows if row[:1] == ["SKU"]), [])
    missing = [name for name in _NEEDED if name not in header]
    if missing:
        raise RejectedSourceError(f"{what}: columns {', '.join(missing)} are missing")
    found: dict[tuple[str, str], tuple[Mapping[str, str], list[Rate]]] = {}
    for values in rows:
        row = dict(zip(header, values, strict=False))
        if row.get("Instance Type") in machine_types and _PLAIN.items() <= row.items():
            key = row["SKU"], row["OfferTermCode"]
            rate = Rate(row["Unit"], row["PricePerUnit"], row["Currency"])
            found.setdefault(key, (row, []))[1].append(rate)
    return [_offer(row, region, rates) for row, rates in found.values()]


def _offer(row: Mapping[str, str], region: str, rates: Iterable[Rate]) -> Offer:
    return Offer(
        sku=row["SKU"],
        region=region,
        machine_type=row["Instance Type"],
        reserved=row["TermType"] == "Reserved",
        effective=row.get("EffectiveDate", ""),
        rates=tuple(rates),
        lease=row.get("LeaseContractLength", ""),
        offering_class=row.get("OfferingClass", ""),
        purchase_option=row.get("PurchaseOption", ""),
    )
