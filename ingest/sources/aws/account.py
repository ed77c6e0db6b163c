"""An AWS account as a source: prices, availability, quotas, contracts and totals of bills."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from ingest.bill_totals import BillTotals
from ingest.capacity import CapacityBlockFact, CapacityFacts, ReservationFact
from ingest.machines import machine_types
from ingest.port import Announcement, Check, Delivery, Kind, Marks
from ingest.settings import AwsAccountSettings
from ingest.sources.aws.account_check import account_checks
from ingest.sources.aws.commitments import held_machines, reserved_machines, savings_plans
from ingest.sources.aws.cost_explorer import CostExplorer
from ingest.sources.aws.price_mark import newest_mark
from ingest.sources.aws.price_news import Question, spool_news
from ingest.sources.aws.quotas import machine_quotas
from ingest.sources.aws.scores import placement_scores
from ingest.sources.aws.session import AwsClients
from ingest.sources.aws.spooled import spool_looks

_NO_FEE = "AWS does not say what a capacity block cost; add price_upfront from its invoice"


def _known_types() -> tuple[str, ...]:
    """Every machine type of EC2 in the reference."""
    return tuple(sorted(name for provider, name in machine_types() if provider == "aws"))


class AwsAccount:
    """Delivers prices and placement scores, and tells capacity and totals."""

    def __init__(self, setting: AwsAccountSettings, *, clock: Callable[[], datetime]) -> None:
        """Keep the setting; nothing is asked yet."""
        self.name = setting.name
        self._setting = setting
        self._clock = clock
        self._clients = AwsClients(setting)
        wanted = tuple(dict.fromkeys(setting.machine_types)) or _known_types()
        self._question = Question(tuple(dict.fromkeys(setting.regions)), wanted)
        self._known: Marks = {}

    def announced(self, known: Marks) -> Iterator[Announcement]:
        """Say that there are prices, unless the lake has those of this hour, and scores."""
        self._known = dict(known)
        place = f"AWS in {', '.join(self._question.regions)}"
        held = newest_mark(known, self._question.name)
        if held is None or held.until < self._hour():
            yield Announcement(Kind.PRICES, None, None, None, f"prices of {place}")
        yield Announcement(Kind.AVAILABILITY, None, None, None, f"placement scores of {place}")

    def fetch(self, announced: Announcement, folder: Path, version: int) -> Delivery:
        """Ask for prices since the last load, or for the scores of now; both only add rows.

        Raises:
            SourceError: When AWS cannot be asked, or its answer cannot be read.
        """
        question, mark = self._question, None
        if announced.kind is Kind.PRICES:
            held = newest_mark(self._known, question.name)
            file, found = spool_news(self._clients, question, held, self._hour(), folder)
            mark = str(found)
        else:
            looks = placement_scores(
                self._clients, question.regions, question.machine_types, self._clock()
            )
            file = spool_looks(looks, folder)
        return Delivery(
            source=self.name,
            kind=announced.kind,
            dialect=f"canonical-{announced.kind.value}",
            version=version,
            complete=False,
            files=(file,),
            mark=mark,
        )

    def check(self) -> list[Check]:
        """Try every call with its least, and say which IAM action is missing."""
        return account_checks(self._clients, self._question, self._clock())

    def capacity(self) -> CapacityFacts:
        """Ask for quotas, contracts, reservations and blocks of all machine types we know.

        Raises:
            SourceError: When AWS cannot be asked, or its answer cannot be read.
        """
        regions = self._question.regions
        types = {*_known_types(), *self._question.machine_types}
        held = list(held_machines(self._clients, regions, types))
        blocks = tuple(one for one in held if isinstance(one, CapacityBlockFact))
        return CapacityFacts(
            quotas=tuple(machine_quotas(self._clients, regions, types)),
            commitments=(
                *savings_plans(self._clients),
                *reserved_machines(self._clients, regions, types),
            ),
            reservations=tuple(one for one in held if isinstance(one, ReservationFact)),
            capacity_blocks=blocks,
            notes=(_NO_FEE,) if blocks else (),
        )

    def billed(self, period: str, cache_folder: Path) -> BillTotals:
        """Ask Cost Explorer for a month's totals; an answer is used again for ``cache_hours``.

        Raises:
            SourceError: When AWS cannot be asked, or its answer cannot be read.
        """
        explorer = CostExplorer(self._clients, self._clock, self._setting.cache_hours)
        return explorer.billed(period, cache_folder / f"{self.name}-{period}.json")

    def _hour(self) -> datetime:
        """The full hour: within it, asking again finds the same."""
        return self._clock().replace(minute=0, second=0, microsecond=0)
