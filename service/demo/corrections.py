"""What providers take back: a refund within the month, a correction in the month after."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from service.demo.clouds import AZURE, Cloud
from service.demo.columns import MONTH, NUMBERS, same
from service.demo.lines import Charges
from service.demo.timeline import Timeline

_KEPT = ("ListUnitPrice", "ContractedUnitPrice")
_BILLING = ("BillingPeriodStart", "BillingPeriodEnd", "InvoiceId", MONTH)


def second_thoughts(cloud: Cloud, charged: pa.Table, timeline: Timeline) -> pa.Table:
    """Azure refunds a day's traffic; AWS and Google correct three machine-hours a month later.

    A window within one month has no correction: only an invoiced period can be corrected.
    """
    if cloud is AZURE:
        return _taken_back(_lines_of(charged, cloud.transfer, 1), "Refund")
    if len(timeline.months()) == 1:
        return charged.slice(0, 0)
    wrong = _taken_back(_lines_of(charged, cloud.compute, 3), "Correction")
    hours = np.zeros(wrong.num_rows, dtype=np.int64)
    late = Charges(cloud, timeline, hours, hours + 1, billed_in=np.ones_like(hours)).frame()
    for name in _BILLING:
        wrong = _with(wrong, name, late[name])
    return _with(wrong, "ChargeClass", same("Correction", wrong.num_rows))


def _lines_of(charged: pa.Table, service: str, rows: int) -> pa.Table:
    """The first lines of a service that were bought at the standard price in the first month."""
    wanted = pc.equal(charged[MONTH], 0)
    for name, text in (
        ("ServiceName", service),
        ("ChargeCategory", "Usage"),
        ("PricingCategory", "Standard"),
    ):
        wanted = pc.and_(wanted, pc.equal(charged[name].cast(pa.string()), text))
    return charged.filter(wanted).slice(0, rows)


def _taken_back(lines: pa.Table, word: str) -> pa.Table:
    for name in NUMBERS:
        if name in lines.column_names and name not in _KEPT:
            lines = _with(lines, name, pc.negate(lines[name]))
    told = [f"{word}: {text}" for text in lines["ChargeDescription"].to_pylist()]
    return _with(lines, "ChargeDescription", pa.array(told).dictionary_encode())


def _with(table: pa.Table, name: str, column: object) -> pa.Table:
    if name not in table.column_names:
        return table.append_column(name, column)
    return table.set_column(table.column_names.index(name), name, column)
