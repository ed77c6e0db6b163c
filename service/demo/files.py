"""How tables become files: the same rows always give the same bytes."""

import gzip
import io
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from service.demo.clouds import AWS, AZURE, Cloud
from service.demo.columns import NUMBERS, TIMES, Column
from service.demo.reference import PICO

GZIP_LEVEL = 3


def write_parquet(table: pa.Table, path: Path, compression: str = "zstd") -> Path:
    """Write plain columns: no trace of how Arrow kept them."""
    pq.write_table(table, path, compression=compression, store_schema=False)
    return path


def write_csv(table: pa.Table, path: Path) -> Path:
    """Write a table as CSV; null is nothing; a name that ends in .gz is compressed."""
    text = _csv_bytes(table)
    path.write_bytes(gzip.compress(text, GZIP_LEVEL, mtime=0) if path.suffix == ".gz" else text)
    return path


def write_bill(table: pa.Table, stem: Path, cloud: Cloud) -> Path:
    """Write cost lines in the form in which the cloud exports them."""
    if cloud is AZURE:
        return write_csv(table, stem.with_name(f"{stem.name}.csv.gz"))
    if cloud is AWS:
        return write_parquet(table, stem.with_name(f"{stem.name}.snappy.parquet"), "snappy")
    return write_parquet(table, stem.with_name(f"{stem.name}.parquet"))


def exported(lines: pa.Table, cloud: Cloud) -> pa.Table:
    """All columns of the cloud's FOCUS version, with the types that the cloud gives them."""
    number = _doubles if cloud is AWS else _texts if cloud is AZURE else _decimals
    columns = {}
    for name in cloud.columns:
        source = _ALIASES.get(name, name)
        if source not in lines.column_names:
            columns[name] = pa.nulls(lines.num_rows, pa.string())
        elif source in NUMBERS:
            columns[name] = number(lines[source])
        elif source in TIMES and cloud is AWS:
            columns[name] = lines[source].cast(pa.timestamp("ms", tz="UTC"))
        else:
            columns[name] = lines[source]
    return pa.table(columns)


_ALIASES = {
    "PricingCurrencyContractedUnitPrice": "ContractedUnitPrice",
    "PricingCurrencyEffectiveCost": "EffectiveCost",
    "PricingCurrencyListUnitPrice": "ListUnitPrice",
}
"""Prices are in USD and so is the bill, so these say the same again."""


def _csv_bytes(table: pa.Table) -> bytes:
    plain = pa.table({name: _plain(table[name]) for name in table.column_names})
    buffer = io.BytesIO()
    options = pyarrow.csv.WriteOptions(quoting_style="needed")
    pyarrow.csv.write_csv(plain, buffer, options)
    return buffer.getvalue()


def _plain(column: Column) -> Column:
    if pa.types.is_timestamp(column.type):
        return _each(column, lambda moment: f"{moment:%Y-%m-%dT%H:%M:%SZ}", pa.string())
    return column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column


def _doubles(pico: Column) -> Column:
    """The nearest double; its shortest text is the amount again, up to 15 digits."""
    return _each(pico, lambda one: float(Decimal(one) / PICO), pa.float64())


def _texts(pico: Column) -> Column:
    return _each(pico, lambda one: f"{(Decimal(one) / PICO).normalize():f}", pa.string())


def _decimals(pico: Column) -> Column:
    return _each(pico, lambda one: Decimal(one).scaleb(-12), pa.decimal128(38, 12))


def _each(column: Column, turn: Callable[[Any], object], kind: pa.DataType) -> Column:
    """Turn each different value once, and look the rest up."""
    encoded = column.combine_chunks().dictionary_encode()
    turned = pa.array([turn(one) for one in encoded.dictionary.to_pylist()], kind)
    return pa.DictionaryArray.from_arrays(encoded.indices, turned).cast(kind)
