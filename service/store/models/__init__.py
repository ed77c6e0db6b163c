"""The tables of PostgreSQL, one module per aggregate; importing this fills the metadata."""

from service.store.models.access import AuditRow, TokenRow
from service.store.models.deliveries import (
    DeliveryAmountRow,
    DeliveryFileRow,
    DeliveryRestatementRow,
    DeliveryRow,
)
from service.store.models.documents import CapacityRow, PolicyRow
from service.store.models.ledger import (
    ExchangeRateRow,
    LedgerBatchRow,
    LedgerPostingRow,
    PeriodCloseRow,
)
from service.store.models.period_runs import AllocationTotalRow, PeriodRunRow
from service.store.models.plans import PlacementRow, PlanRow
from service.store.models.recommendations import (
    DismissalRow,
    RecommendationRow,
    RightsizingRunRow,
)
from service.store.models.runs import LeaseRow, RunRow, StepRow
from service.store.models.statements import DisputeAnswerRow, DisputeRow, StatementLineRow
from service.store.models.workloads import WorkloadRow

__all__ = [
    "AllocationTotalRow",
    "AuditRow",
    "CapacityRow",
    "DeliveryAmountRow",
    "DeliveryFileRow",
    "DeliveryRestatementRow",
    "DeliveryRow",
    "DismissalRow",
    "DisputeAnswerRow",
    "DisputeRow",
    "ExchangeRateRow",
    "LeaseRow",
    "LedgerBatchRow",
    "LedgerPostingRow",
    "PeriodCloseRow",
    "PeriodRunRow",
    "PlacementRow",
    "PlanRow",
    "PolicyRow",
    "RecommendationRow",
    "RightsizingRunRow",
    "RunRow",
    "StatementLineRow",
    "StepRow",
    "TokenRow",
    "WorkloadRow",
]
