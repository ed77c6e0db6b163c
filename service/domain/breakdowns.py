"""By what GPU time, and what a unit of it costs, can be broken down."""

from enum import StrEnum


class WasteBy(StrEnum):
    """What waste can be reported by."""

    TEAM = "team"
    KIND = "kind"
    JOB = "job"
    POOL = "pool"


class UnitCostBy(StrEnum):
    """What unit costs can be reported by."""

    TEAM = "team"
    PROJECT = "project"
    WORKLOAD = "workload"
    MODEL = "model"
