"""The scenario: what three clouds deliver over three months, step by step, with faults.

Each step changes what the clouds have, and the truth with it: what a lake that keeps up must hold
after the next load. A fault leaves the truth as it was.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from tests.scenario.aws import Aws
from tests.scenario.azure import Azure
from tests.scenario.google import Google
from tests.scenario.truth import Line, Truth, credit, month, raised

AUGUST, SEPTEMBER, OCTOBER = "2026-08", "2026-09", "2026-10"


@dataclass(frozen=True)
class Clouds:
    """The three of them, and what they have said so far."""

    aws: Aws
    azure: Azure
    google: Google
    truth: Truth

    def from_aws(self, period: str, lines: tuple[Line, ...], *, overwrite: bool = True) -> None:
        """Deliver a period of AWS, whole."""
        self.aws.deliver(period, lines, overwrite=overwrite)
        self.truth.deliver("aws", period, lines)

    def from_azure(self, period: str, lines: tuple[Line, ...]) -> None:
        """Deliver a period of Azure, whole."""
        self.azure.deliver(period, lines)
        self.truth.deliver("azure", period, lines)

    def from_google(self, period: str, lines: tuple[Line, ...], day: int) -> None:
        """Add rows to an invoice month of Google; they are exported on a day of November."""
        self.google.append(period, lines, datetime(2026, 11, day, 6, tzinfo=UTC))
        self.truth.deliver("gcp", period, (*self.truth.lines.get(("gcp", period), ()), *lines))


def august(clouds: Clouds) -> None:
    """The first delivery of each cloud: 40, 30 and 20 lines."""
    clouds.from_aws(AUGUST, month("aws", AUGUST, 40))
    clouds.from_azure(AUGUST, month("azure", AUGUST, 30))
    clouds.from_google(AUGUST, month("gcp", AUGUST, 20, commitments=False), day=1)


def august_grows(clouds: Clouds) -> None:
    """The month goes on: AWS and Azure deliver it again with more, Google adds."""
    clouds.from_aws(AUGUST, month("aws", AUGUST, 60))
    clouds.from_azure(AUGUST, month("azure", AUGUST, 45))
    clouds.from_google(AUGUST, month("gcp", AUGUST, 15, first=20, commitments=False), day=2)


def september_and_a_restated_august(clouds: Clouds) -> None:
    """August is restated: AWS drops a line, raises one, gives a credit; Google gives a credit."""
    first, second, *rest = month("aws", AUGUST, 60)
    clouds.from_aws(AUGUST, (raised(second, "5.25"), credit(second, "1.5"), *rest))
    del first
    charge = month("gcp", SEPTEMBER, 1, first=7, commitments=False)[0]
    clouds.from_google(SEPTEMBER, (charge, credit(charge, "0.75")), day=3)
    clouds.from_aws(SEPTEMBER, month("aws", SEPTEMBER, 50), overwrite=False)
    clouds.from_azure(SEPTEMBER, month("azure", SEPTEMBER, 20))


def faults_of_the_files(clouds: Clouds) -> None:
    """A lost file, a cut file: these periods stay; Google's September grows nevertheless."""
    clouds.aws.deliver(SEPTEMBER, month("aws", SEPTEMBER, 70), overwrite=False)
    clouds.aws.lose_a_file(SEPTEMBER)
    clouds.azure.deliver_cut(SEPTEMBER, month("azure", SEPTEMBER, 33))
    clouds.from_google(SEPTEMBER, month("gcp", SEPTEMBER, 9, first=30, commitments=False), day=4)


def the_files_are_mended(clouds: Clouds) -> None:
    """New runs are whole, and Azure's is in two currencies."""
    clouds.from_aws(SEPTEMBER, month("aws", SEPTEMBER, 70), overwrite=False)
    dollars = month("azure", SEPTEMBER, 33)
    euros = tuple(replace(line, id=f"{line.id}-eur", currency="EUR") for line in dollars[:5])
    clouds.from_azure(SEPTEMBER, (*dollars, *euros))


def late_rows_and_older_runs(clouds: Clouds) -> None:
    """Google bills August once more; an older run of Azure appears, and nobody believes it."""
    late = month("gcp", AUGUST, 3, first=90, commitments=False)
    clouds.from_google(AUGUST, late, day=5)
    clouds.azure.deliver(SEPTEMBER, month("azure", SEPTEMBER, 2), hour=0)


def october_and_too_few_rows(clouds: Clouds) -> None:
    """The third month; a run whose manifest counts more rows than there are is not believed."""
    clouds.from_aws(OCTOBER, month("aws", OCTOBER, 80))
    clouds.from_google(OCTOBER, month("gcp", OCTOBER, 25, commitments=False), day=6)
    clouds.azure.deliver_too_few(OCTOBER, month("azure", OCTOBER, 12))


def october_is_mended(clouds: Clouds) -> None:
    """A cut Parquet file of AWS is not believed; Azure's October is whole."""
    clouds.aws.deliver(OCTOBER, month("aws", OCTOBER, 90))
    clouds.aws.cut_a_file(OCTOBER)
    clouds.from_azure(OCTOBER, month("azure", OCTOBER, 12))


def the_same_again_and_an_empty_month(clouds: Clouds) -> None:
    """AWS delivers 90 lines, whole; Azure's October turns out to be empty; August comes again."""
    clouds.from_aws(OCTOBER, month("aws", OCTOBER, 90))
    clouds.from_azure(OCTOBER, ())
    clouds.from_azure(AUGUST, month("azure", AUGUST, 45))


STEPS: tuple[Callable[[Clouds], None], ...] = (
    august,
    august_grows,
    september_and_a_restated_august,
    faults_of_the_files,
    the_files_are_mended,
    late_rows_and_older_runs,
    october_and_too_few_rows,
    october_is_mended,
    the_same_again_and_an_empty_month,
)
