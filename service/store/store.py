"""The store: transactions over PostgreSQL, each with the teams it may see."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import create_engine, text
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError
from sqlalchemy.orm import Session

from service.domain.access import check_team
from service.errors import ConflictError, UnavailableError
from service.store.models import CapacityRow, PolicyRow
from service.store.repositories.access import Audit, Tokens
from service.store.repositories.allocations import Allocations
from service.store.repositories.closes import Closes
from service.store.repositories.deliveries import Deliveries
from service.store.repositories.disputes import Disputes
from service.store.repositories.documents import Documents
from service.store.repositories.leases import Leases
from service.store.repositories.ledger import Ledger
from service.store.repositories.period_runs import PeriodRuns
from service.store.repositories.plans import Plans
from service.store.repositories.rates import Rates
from service.store.repositories.recommendations import Recommendations
from service.store.repositories.runs import Runs
from service.store.repositories.statements import Statements
from service.store.repositories.workloads import Workloads


class UnitOfWork:
    """The repositories of one transaction."""

    def __init__(self, session: Session) -> None:
        """Share the session's transaction among them."""
        self.policies = Documents(session, PolicyRow)
        self.capacities = Documents(session, CapacityRow)
        self.workloads = Workloads(session)
        self.plans = Plans(session)
        self.runs = Runs(session)
        self.leases = Leases(session)
        self.deliveries = Deliveries(session)
        self.period_runs = PeriodRuns(session)
        self.allocations = Allocations(session)
        self.recommendations = Recommendations(session)
        self.ledger = Ledger(session)
        self.closes = Closes(session)
        self.statements = Statements(session)
        self.rates = Rates(session)
        self.disputes = Disputes(session)
        self.tokens = Tokens(session)
        self.audit = Audit(session)


class Store:
    """Everything that people and machines decided; the only place that commits."""

    def __init__(self, url: str) -> None:
        """Prepare to log in as the app role; a restarted server is noticed and joined again."""
        self._engine = create_engine(url, pool_pre_ping=True, pool_recycle=1800)

    def close(self) -> None:
        """Let go of all connections."""
        self._engine.dispose()

    @contextmanager
    def work(self, teams: frozenset[str] | None = None) -> Iterator[UnitOfWork]:
        """Open a transaction that sees ``teams`` only (``None``: all) and commits on a clean end.

        Raises:
            UnavailableError: When the database does not answer.
            ConflictError: When another transaction stored something that excludes this one.
        """
        visible = "*" if teams is None else ",".join(check_team(team) for team in sorted(teams))
        try:
            with Session(self._engine) as session, session.begin():
                session.execute(
                    text("SELECT set_config('app.teams', :teams, true)"), {"teams": visible}
                )
                yield UnitOfWork(session)
        except (OperationalError, InterfaceError) as error:
            raise UnavailableError(f"the database does not answer: {_reason(error)}") from error
        except IntegrityError as error:
            raise ConflictError(f"this contradicts what is stored: {_reason(error)}") from error


def _reason(error: OperationalError | InterfaceError | IntegrityError) -> str:
    """Say in one line what the server said, without the statement and its values."""
    return " ".join(str(error.orig).split())
