"""The workload form: what must run, on which accelerators, how long, by when, where it may run."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, PlainSerializer, StringConstraints

from service.documents.base import Amount, Currency, Document, Moment, Name, Text, plain_number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.documents.marks import Loc

Kind = Literal["training", "fine_tuning", "batch_inference", "serving", "interactive"]
SlaClass = Literal["strict", "target", "best_effort"]

Positive = Annotated[
    Decimal,
    BeforeValidator(plain_number),
    Field(gt=0, le=100_000_000, max_digits=18, decimal_places=9),
    PlainSerializer(str, when_used="json"),
]
"""A number above zero with up to 9 decimals; its unit stands last in the field's name."""

Share = Annotated[
    Decimal,
    BeforeValidator(plain_number),
    Field(gt=0, lt=1, decimal_places=6),
    PlainSerializer(str, when_used="json"),
]
"""A probability above 0 and below 1."""

Size = Annotated[
    Decimal,
    BeforeValidator(plain_number),
    Field(ge=0, le=1_000_000_000, max_digits=15, decimal_places=6),
    PlainSerializer(str, when_used="json"),
]
"""An amount of data or minutes, none or more."""

Several = Annotated[int, BeforeValidator(plain_number), Field(ge=1, le=100_000)]
"""A whole number of things, one or more."""

Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
"""An ISO 3166 country code, or EU for every country of the European Union."""

LabelKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$")]
Variable = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,127}$")]
Line = Annotated[str, StringConstraints(max_length=32_768)]


class Run(Document):
    """What to run on every node."""

    image: Text = Field(description="Container image with its tag or digest.")
    command: tuple[Line, ...] = Field(
        (), description="Command as a list of arguments; empty runs the image's own."
    )
    environment: dict[Variable, Line] = Field(
        default_factory=dict, description="Environment variables; no secrets, the form is stored."
    )
    setup: tuple[Line, ...] = Field(
        (), description="Shell lines that run once on each node before the command."
    )
    working_directory: Text | None = Field(
        None, description="Folder in which the command runs; left out, the image's own."
    )


class Accelerator(Document):
    """An accelerator that will do, and how fast the workload runs on it."""

    model: Text = Field(description="Accelerator model, as H100 or A100-80GB.")
    count_per_node: Several = Field(description="Accelerators that each node needs (count).")
    relative_throughput: Positive | None = Field(
        None,
        description="Speed of one accelerator beside one of the reference model (ratio); "
        "left out, the default of the kind of work is taken.",
    )


class Work(Document):
    """How much there is to do: accelerator-hours on a named model, or a duration."""

    accelerator_hours: Positive | None = Field(
        None, description="Hours times accelerators on the reference model (accelerator-hours)."
    )
    reference_model: Text | None = Field(
        None, description="Model that accelerator_hours and relative_throughput refer to."
    )
    duration_hours: Positive | None = Field(
        None, description="Hours the whole workload takes at relative throughput 1 (hours)."
    )

    def contradictions(self) -> Iterator[tuple[Loc, str]]:
        """Yield when it is not exactly one of the two."""
        if (self.accelerator_hours is None) == (self.duration_hours is None):
            yield (
                (),
                "needs accelerator_hours (with reference_model) or duration_hours, one of them",
            )
        if self.accelerator_hours is not None and self.reference_model is None:
            yield (), "needs reference_model, the accelerator that accelerator_hours counts"
        if self.duration_hours is not None and self.reference_model is not None:
            yield ("reference_model",), "goes with accelerator_hours only"


class Checkpoint(Document):
    """How the workload saves its state; without one an interruption starts it anew."""

    interval_minutes: Positive = Field(description="Time between two checkpoints (minutes).")
    save_minutes: Size = Field(
        Decimal(0), description="Time that the work stands still to save one (minutes)."
    )
    restore_minutes: Size = Field(Decimal(0), description="Time to start again from one (minutes).")
    size_gb: Size = Field(Decimal(0), description="Size of one checkpoint (GB, 10^9 bytes).")


class Sla(Document):
    """How firmly the deadline holds, and what being late costs."""

    model_config = ConfigDict(populate_by_name=True)

    sla_class: SlaClass = Field(
        alias="class",
        description="strict (always on time), target (with a probability) or best_effort.",
    )
    probability: Share | None = Field(
        None, description="Wanted chance to be on time; class target only (0 to 1)."
    )
    lateness_price_per_hour: Amount | None = Field(
        None, description="What an hour of lateness costs; class target only (currency an hour)."
    )

    def contradictions(self) -> Iterator[tuple[Loc, str]]:
        """Yield a target without a probability, and probability or price without a target."""
        if self.sla_class == "target" and self.probability is None:
            yield (), "class target needs probability, the wanted chance to be on time, as 0.95"
        for name in ("probability", "lateness_price_per_hour"):
            if self.sla_class != "target" and getattr(self, name) is not None:
                yield (name,), f"goes with class target only, not with {self.sla_class}"


class DataSet(Document):
    """Data that the workload reads, and where it lies."""

    provider: Text = Field(description="Provider that stores it, as aws.")
    region: Text = Field(description="Region that it lies in, as us-east-1.")
    size_gb: Size = Field(description="How much is moved to where the workload runs (GB).")


class SpendingCaps(Document):
    """The most that this workload may cost; a way to run it that costs more is not taken."""

    total: Amount | None = Field(None, description="For the whole run (currency).")
    per_hour: Amount | None = Field(None, description="For an hour of all nodes (currency).")


class WorkloadDocument(Document):
    """One request to run something on accelerators."""

    name: Name = Field(description="Name of lower case letters, digits and -, up to 63.")
    team: Name = Field(description="Team that pays.")
    user: Text | None = Field(None, description="Person who asks.")
    project: Text | None = Field(None, description="Project that it belongs to.")
    run: Run = Field(description="What to run.")
    kind: Kind = Field(
        description="training, fine_tuning, batch_inference, serving or interactive; "
        "chooses the default throughput."
    )
    accelerators: tuple[Accelerator, ...] = Field(
        min_length=1, description="Accelerators that will do; one of them is chosen."
    )
    work: Work = Field(description="How much there is to do.")
    nodes: Several = Field(1, description="Machines that run together, all or none (count).")
    memory_per_accelerator_gib: Positive | None = Field(
        None, description="Least memory of each accelerator (GiB, 2^30 bytes)."
    )
    interconnect_required: bool = Field(
        default=False, description="Whether nodes need a fast network between accelerators."
    )
    preemptible: bool = Field(
        default=False, description="Whether the provider may take its machines away (spot)."
    )
    checkpoint: Checkpoint | None = Field(None, description="How it saves its state.")
    earliest_start: Moment | None = Field(
        None, description="Moment before which it must not start (with UTC offset)."
    )
    deadline: Moment | None = Field(
        None, description="Moment by which it must have ended (with UTC offset)."
    )
    sla: Sla = Field(
        default_factory=lambda: Sla(sla_class="best_effort"),
        description="How firmly the deadline holds.",
    )
    providers: tuple[Text, ...] | None = Field(
        None, min_length=1, description="Providers it may run at; left out, all."
    )
    regions: tuple[Text, ...] | None = Field(
        None, min_length=1, description="Regions it may run in; left out, all."
    )
    residency: tuple[Country, ...] | None = Field(
        None, min_length=1, description="Countries it may run in (ISO 3166, or EU); left out, all."
    )
    data: tuple[DataSet, ...] = Field((), description="Where its data is and how big.")
    currency: Currency = Field("USD", description="Currency of every amount in this form.")
    spending_caps: SpendingCaps = Field(
        default_factory=SpendingCaps, description="The most that it may cost."
    )
    priority: Annotated[int, BeforeValidator(plain_number)] = Field(
        50, ge=0, le=100, description="How much it matters among its class (0 to 100)."
    )
    labels: dict[LabelKey, Line] = Field(
        default_factory=dict, description="Labels that its machines carry."
    )
    idempotency_key: Text | None = Field(
        None, description="Key of the request: the same key again changes nothing."
    )

    def contradictions(self) -> Iterator[tuple[Loc, str]]:
        """Yield the place and the sentence of everything that does not fit together."""
        for part in ("work", "sla"):
            for loc, text in getattr(self, part).contradictions():
                yield (part, *loc), text
        yield from self._times()
        yield from self._accelerators()
        if self.checkpoint and self.checkpoint.save_minutes >= self.checkpoint.interval_minutes:
            yield ("checkpoint", "save_minutes"), "must be less than interval_minutes"

    def _times(self) -> Iterator[tuple[Loc, str]]:
        if self.sla.sla_class != "best_effort" and self.deadline is None:
            yield ("sla", "class"), f"class {self.sla.sla_class} needs a deadline"
        if self.deadline and self.earliest_start and self.deadline <= self.earliest_start:
            yield ("deadline",), "must come after earliest_start"

    def _accelerators(self) -> Iterator[tuple[Loc, str]]:
        seen: set[str] = set()
        for index, one in enumerate(self.accelerators):
            if one.model in seen:
                yield ("accelerators", index, "model"), f"{one.model!r} comes twice"
            seen.add(one.model)


def json_schema() -> dict[str, Any]:
    """The form as a JSON Schema, for editors and other programs."""
    return WorkloadDocument.model_json_schema(mode="validation", by_alias=True)
