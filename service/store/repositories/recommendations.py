"""What right-sizing recommended, and what people made of it."""

from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from service.domain.money import Money
from service.domain.rightsizing import (
    Confidence,
    Dismissal,
    Excess,
    Recommendation,
    RightsizingRun,
    Rule,
    Work,
)
from service.store.models import DismissalRow, RecommendationRow, RightsizingRunRow


class Recommendations:
    """Runs with their recommendations, and dismissals."""

    def __init__(self, session: Session) -> None:
        """Read and write inside the session's transaction."""
        self._session = session

    def add(self, run: RightsizingRun) -> None:
        """Store a run with all that it recommends, for good."""
        self._session.add(
            RightsizingRunRow(
                id=run.id,
                at=run.at,
                first_day=run.first,
                end_day=run.end,
                works=run.works,
                unseen=run.unseen,
                account_run=run.account_run,
            )
        )
        self._session.flush()
        self._session.add_all(_row(run.id, one) for one in run.recommendations)
        self._session.flush()

    def latest(self) -> RightsizingRun | None:
        """Give the run over the last days that was made last, the largest saving first."""
        return self._newest(RightsizingRunRow.account_run.is_(None))

    def of_accounts(self, account_run: UUID) -> RightsizingRun | None:
        """Give the run over the period of an accounting run, the largest saving first."""
        return self._newest(RightsizingRunRow.account_run == account_run)

    def judged_accounts(self) -> frozenset[UUID]:
        """Give the accounting runs whose periods were looked at."""
        query = select(RightsizingRunRow.account_run).distinct()
        found = self._session.scalars(query.where(RightsizingRunRow.account_run.is_not(None)))
        return frozenset(one for one in found if one is not None)

    def _newest(self, wanted: ColumnElement[bool]) -> RightsizingRun | None:
        query = (
            select(RightsizingRunRow)
            .where(wanted)
            .order_by(RightsizingRunRow.at.desc(), RightsizingRunRow.id)
        )
        row = self._session.scalar(query.limit(1))
        if row is None:
            return None
        found = self._session.scalars(
            select(RecommendationRow)
            .where(RecommendationRow.run_id == row.id)
            .order_by(
                RecommendationRow.saving.desc(),
                RecommendationRow.committed_ms.desc(),
                RecommendationRow.id,
            )
        )
        return RightsizingRun(
            id=row.id,
            at=row.at,
            first=row.first_day,
            end=row.end_day,
            works=row.works,
            unseen=row.unseen,
            recommendations=tuple(_recommendation(one) for one in found),
            account_run=row.account_run,
        )

    def dismiss(self, dismissal: Dismissal) -> None:
        """Store a dismissal; what is dismissed stays so."""
        self._session.add(
            DismissalRow(
                recommendation_id=dismissal.recommendation_id,
                team=dismissal.team,
                reason=dismissal.reason,
                at=dismissal.at,
                by=dismissal.by,
            )
        )
        self._session.flush()

    def dismissed(self) -> dict[str, Dismissal]:
        """Give every dismissal by the recommendation's id."""
        return {
            row.recommendation_id: Dismissal(
                row.recommendation_id, row.team, row.reason, row.at, row.by
            )
            for row in self._session.scalars(select(DismissalRow))
        }


def _row(run_id: UUID, one: Recommendation) -> RecommendationRow:
    return RecommendationRow(
        run_id=run_id,
        id=one.id,
        team=one.work.team,
        project=one.work.project,
        work=one.work.name,
        accelerator_model=one.work.accelerator_model,
        mode=one.work.mode,
        rule=str(one.rule),
        target=one.to,
        saving=one.saving.decimal,
        committed_ms=one.committed_ms,
        excess_ms=one.excess.gpu_ms,
        excess_cost=one.excess.cost.decimal,
        currency=one.saving.currency,
        confidence=str(one.confidence),
        evidence=dict(one.evidence),
    )


def _recommendation(row: RecommendationRow) -> Recommendation:
    return Recommendation(
        work=Work(row.team, row.project, row.work, row.accelerator_model, row.mode),
        rule=Rule(row.rule),
        to=row.target,
        saving=Money.parse(row.saving, row.currency),
        committed_ms=row.committed_ms,
        excess=Excess(row.excess_ms, Money.parse(row.excess_cost, row.currency)),
        confidence=Confidence(row.confidence),
        evidence=row.evidence,
    )
