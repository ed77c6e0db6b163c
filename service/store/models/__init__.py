"""The tables of PostgreSQL, one module per aggregate; importing this fills the metadata."""

from service.store.models.access import AuditRow, TokenRow
from service.store.models.allocations import AllocationRunRow, AllocationTotalRow
from service.store.models.deliveries import (
    DeliveryAmountRow,
    DeliveryFileRow,
    DeliveryRestatementRow,
    DeliveryRow,
)
from service.store.models.documents import CapacityRow, PolicyRow
from service.store.models.plans import PlacementRow, PlanRow
from service.store.models.recommendations import (
    DismissalRow,
    RecommendationRow,
    RightsizingRunRow,
)
from service.store.models.runs import LeaseRow, RunRow, StepRow
from service.store.models.workloads import WorkloadRow

__all__ = [
    "AllocationRunRow",
    "AllocationTotalRow",
    "AuditRow",
    "CapacityRow",
    "DeliveryAmountRow",
    "DeliveryFileRow",
    "DeliveryRestatementRow",
    "DeliveryRow",
    "DismissalRow",
    "LeaseRow",
    "PlacementRow",
    "PlanRow",
    "PolicyRow",
    "RecommendationRow",
    "RightsizingRunRow",
    "RunRow",
    "StepRow",
    "TokenRow",
    "WorkloadRow",
]
