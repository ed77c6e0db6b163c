"""The tables of the lake, in one place; columns are only ever added, never renamed or retyped."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from types import MappingProxyType

import pyarrow as pa
from pyiceberg import types as iceberg
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import IdentityTransform

from warehouse.errors import UnknownTable


@dataclass(frozen=True, slots=True)
class _Spelling:
    """One type as DuckDB, Iceberg and Arrow spell it."""

    sql: str
    iceberg: iceberg.IcebergType
    arrow: pa.DataType


class ColumnType(Enum):
    """The few types that every engine here reads alike."""

    STRING = _Spelling("VARCHAR", iceberg.StringType(), pa.string())
    DECIMAL = _Spelling("DECIMAL(38,12)", iceberg.DecimalType(38, 12), pa.decimal128(38, 12))
    TIMESTAMP = _Spelling("TIMESTAMPTZ", iceberg.TimestamptzType(), pa.timestamp("us", tz="UTC"))
    DATE = _Spelling("DATE", iceberg.DateType(), pa.date32())
    INT = _Spelling("INTEGER", iceberg.IntegerType(), pa.int32())
    LONG = _Spelling("BIGINT", iceberg.LongType(), pa.int64())
    DOUBLE = _Spelling("DOUBLE", iceberg.DoubleType(), pa.float64())

    @property
    def sql(self) -> str:
        """The type in DuckDB's SQL."""
        return self.value.sql


class Scope(StrEnum):
    """What a view that is limited to some teams shows of a table."""

    BY_TEAM = "by team"
    NOTHING = "nothing"
    EVERYTHING = "everything"


SOURCE = "x_SourceId"
MONTH = "x_BillingPeriod"
DAY = "x_Day"


@dataclass(frozen=True, slots=True)
class TableSpec:
    """One table: its columns in order, the columns that partition it, what teams may see."""

    name: str
    columns: Mapping[str, ColumnType]
    partition: tuple[str, ...]
    scope: Scope

    @property
    def period_column(self) -> str | None:
        """The second partition column; ``None`` where a delivery replaces the whole source."""
        return self.partition[1] if len(self.partition) > 1 else None

    def iceberg_schema(self) -> Schema:
        """The schema of a new table; files written by DuckDB fit optional columns only."""
        return Schema(
            *(
                iceberg.NestedField(number, name, column.value.iceberg, required=False)
                for number, (name, column) in enumerate(self.columns.items(), start=1)
            )
        )

    def iceberg_partitions(self) -> PartitionSpec:
        """Identity partitions on the partition columns."""
        schema = self.iceberg_schema()
        return PartitionSpec(
            *(
                PartitionField(schema.find_field(name).field_id, number, IdentityTransform(), name)
                for number, name in enumerate(self.partition, start=1000)
            )
        )


def _columns(column: ColumnType, names: str) -> dict[str, ColumnType]:
    return dict.fromkeys(names.split(), column)


def _spec(name: str, partition: str, scope: Scope, *groups: dict[str, ColumnType]) -> TableSpec:
    period = {DAY: ColumnType.DATE, MONTH: ColumnType.STRING}
    keys = partition.split()
    trace = _columns(ColumnType.STRING, "x_LoadId x_FileId")
    columns: dict[str, ColumnType] = {}
    for group in groups:
        columns |= group
    columns |= {key: period.get(key, ColumnType.STRING) for key in keys}
    columns |= trace | {"x_RecordNumber": ColumnType.LONG}
    return TableSpec(name, MappingProxyType(columns), tuple(keys), scope)


_S, _M, _T = ColumnType.STRING, ColumnType.DECIMAL, ColumnType.TIMESTAMP
_I, _L, _D = ColumnType.INT, ColumnType.LONG, ColumnType.DOUBLE

COST_LINE = _spec(
    "cost_line",
    f"{SOURCE} {MONTH}",
    Scope.NOTHING,
    _columns(_M, "BilledCost EffectiveCost ContractedCost ListCost"),
    _columns(_S, "BillingCurrency BillingAccountId BillingAccountName BillingAccountType"),
    _columns(_T, "BillingPeriodStart BillingPeriodEnd ChargePeriodStart ChargePeriodEnd"),
    _columns(_S, "ChargeCategory ChargeClass ChargeDescription ChargeFrequency"),
    _columns(_S, "InvoiceId InvoiceDetailId InvoiceIssuerName"),
    _columns(_S, "ServiceProviderName HostProviderName ServiceName ServiceCategory"),
    _columns(_S, "ServiceSubcategory SubAccountId SubAccountName SubAccountType"),
    _columns(_S, "RegionId RegionName AvailabilityZone ResourceId ResourceName ResourceType"),
    _columns(_S, "SkuId SkuMeter SkuPriceId SkuPriceDetails Tags PricingCategory PricingUnit"),
    _columns(_M, "PricingQuantity ConsumedQuantity ListUnitPrice ContractedUnitPrice"),
    _columns(_S, "ConsumedUnit PricingCurrency"),
    _columns(_M, "PricingCurrencyEffectiveCost PricingCurrencyListUnitPrice"),
    _columns(_M, "PricingCurrencyContractedUnitPrice CommitmentDiscountQuantity"),
    _columns(_S, "CommitmentDiscountUnit CommitmentDiscountId CommitmentDiscountName"),
    _columns(_S, "CommitmentDiscountCategory CommitmentDiscountType CommitmentDiscountStatus"),
    _columns(_S, "CommitmentProgramEligibilityDetails ContractApplied"),
    _columns(_S, "CapacityReservationId CapacityReservationStatus"),
    _columns(_S, "AllocatedMethodId AllocatedMethodDetails AllocatedResourceId"),
    _columns(_S, "AllocatedResourceName AllocatedTags"),
    {"x_MachineType": _S, "x_AcceleratorModel": _S, "x_AcceleratorCount": _I},
    {"x_AcceleratorHours": _M, "x_PurchaseModel": _S},
)

PRICE = _spec(
    "price",
    f"{SOURCE} {MONTH}",
    Scope.EVERYTHING,
    _columns(_S, "provider region zone machine_type purchase_model"),
    {"term_months": _I, "unit": _S, "amount": _M, "currency": _S},
    _columns(_T, "valid_from valid_to"),
    {"contract": _S},
)

AVAILABILITY = _spec(
    "availability",
    f"{SOURCE} {DAY}",
    Scope.EVERYTHING,
    {"at": _T},
    _columns(_S, "provider region zone machine_type market"),
    _columns(_I, "requested obtained score"),
)

NODE = _spec(
    "node",
    SOURCE,
    Scope.NOTHING,
    _columns(_S, "provider resource_id host gpu_uuids machine_type accelerator_model"),
    {"accelerator_count": _I, "pool": _S},
    _columns(_T, "valid_from valid_to"),
)

GPU_USAGE = _spec(
    "gpu_usage",
    f"{SOURCE} {DAY}",
    Scope.NOTHING,
    {"hour": _T},
    _columns(_S, "gpu_uuid slice host namespace pod job_id user_name"),
    _columns(_L, "capacity_ms observed_ms allocated_ms activity_ms"),
    _columns(_D, "memory_mean memory_max energy"),
    {"tokens_in": _L, "tokens_out": _L, "xid_count": _I},
    _columns(_L, "no_process_ms sm_activity_ms tensor_activity_ms dram_activity_ms"),
    {"memory_total": _D, "requests": _L, "accelerator_model": _S, "mode": _S},
)

JOB_RUN = _spec(
    "job_run",
    f"{SOURCE} {MONTH}",
    Scope.BY_TEAM,
    {"job_id": _S, "attempt": _I},
    _columns(_S, "workload_id user_name team project"),
    {"nodes": _I, "gpus": _I, "accelerator_model": _S},
    _columns(_T, "submitted started ended checkpoint_at"),
    {"state": _S, "hosts": _S},
)

ALLOCATION = _spec(
    "allocation",
    f"{SOURCE} {MONTH}",
    Scope.BY_TEAM,
    {"run_id": _S, "charge_day": ColumnType.DATE, "charge_days": _I},
    _columns(_S, "pool provider account service sku charge_category commitment_status"),
    _columns(_S, "currency team line"),
    _columns(_M, "billed_cost effective_cost contracted_cost list_cost"),
    {"method_id": _S, "allocated_ratio": _M, "cost_lines": _L},
    _columns(_S, "invoice_issuer invoice commitment accelerator_model distributed_from"),
)

GPU_ACCOUNT = _spec(
    "gpu_account",
    f"{SOURCE} {MONTH}",
    Scope.BY_TEAM,
    {"run_id": _S, "day": ColumnType.DATE},
    _columns(_S, "provider region host pool accelerator_model mode kind"),
    _columns(_S, "team project job_id workload_id namespace"),
    {"gpu_ms": _L, "currency": _S},
    _columns(_M, "effective_cost gpu_cost cpu_cost memory_cost"),
    _columns(_D, "energy carbon"),
    _columns(_L, "tokens_in tokens_out requests"),
    _columns(_D, "memory_max memory_total"),
)

ATTEMPT_COST = _spec(
    "attempt_cost",
    f"{SOURCE} {MONTH}",
    Scope.BY_TEAM,
    {"run_id": _S, "job_id": _S, "attempt": _I},
    _columns(_S, "workload_id user_name team project accelerator_model state"),
    {"gpus": _I},
    _columns(_T, "started ended"),
    _columns(_L, "gpu_ms utilised_ms observed_ms lost_ms"),
    {"currency": _S},
    _columns(_M, "effective_cost lost_cost"),
    _columns(_D, "energy carbon"),
    _columns(_L, "tokens_in tokens_out"),
    {"source": _S},
)

QUARANTINE = _spec(
    "quarantine",
    f"{SOURCE} {MONTH}",
    Scope.NOTHING,
    {"kind": _S, "file_name": _S, "record_number": _L, "reason": _S, "record": _S},
    _columns(_M, "billed_cost effective_cost"),
    {"currency": _S},
)

TABLES: Mapping[str, TableSpec] = MappingProxyType(
    {
        spec.name: spec
        for spec in (
            COST_LINE,
            PRICE,
            AVAILABILITY,
            NODE,
            GPU_USAGE,
            JOB_RUN,
            ALLOCATION,
            GPU_ACCOUNT,
            ATTEMPT_COST,
            QUARANTINE,
        )
    }
)


def spec_of(table: str) -> TableSpec:
    """The table's specification.

    Raises:
        UnknownTable: When the lake has no such table.
    """
    if table not in TABLES:
        raise UnknownTable(f"the lake has no table {table}; it has {', '.join(TABLES)}")
    return TABLES[table]


def arrow_schema(table: str) -> pa.Schema:
    """The table's columns as an Arrow schema."""
    return pa.schema([(name, kind.value.arrow) for name, kind in spec_of(table).columns.items()])
