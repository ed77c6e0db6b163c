"""Right-sizing runs and dismissals in PostgreSQL."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest

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
from service.errors import ConflictError
from service.store.store import Store
from tests.service.store.values import NOW

VISION = Recommendation(
    work=Work("vision", "detector", "train", "H100", "whole"),
    rule=Rule.MIG_SLICE,
    to="3g.40gb",
    saving=Money.parse("1714.285714285714", "USD"),
    committed_ms=9_000_000,
    excess=Excess(18_000_000, Money.parse("2000.5", "USD")),
    confidence=Confidence.HIGH,
    evidence={"observed": "100%"},
)
NLP = replace(VISION, work=replace(VISION.work, team="nlp"), saving=Money.parse("2000", "USD"))


def run(number: int, *found: Recommendation) -> RightsizingRun:
    """A run with the id ``number``; a higher number is made later."""
    return RightsizingRun(
        id=UUID(int=number),
        at=NOW + timedelta(minutes=number),
        first=date(2026, 10, 1),
        end=date(2026, 10, 31),
        works=7,
        unseen=2,
        recommendations=found,
    )


def test_the_newest_run_is_read_back_whole(store: Store) -> None:
    """Of two runs the second is read, the largest saving first."""
    with store.work() as work:
        work.recommendations.add(run(1, VISION))
        work.recommendations.add(run(2, VISION, NLP))

        found = work.recommendations.latest()

    assert found == run(2, NLP, VISION)


def test_runs_over_accounted_periods_stand_apart(store: Store) -> None:
    """Of two runs over one accounting the later is read; the last days have a run of their own."""
    accounts = UUID(int=77)
    with store.work() as work:
        work.recommendations.add(run(1, VISION))
        work.recommendations.add(replace(run(2), account_run=accounts))
        work.recommendations.add(replace(run(3, NLP), account_run=accounts))

        found = work.recommendations

        assert found.latest() == run(1, VISION)
        assert found.of_accounts(accounts) == replace(run(3, NLP), account_run=accounts)
        assert found.of_accounts(UUID(int=78)) is None
        assert found.judged_accounts() == {accounts}


def test_no_run_yet_is_none(store: Store) -> None:
    """An empty store recommends nothing."""
    with store.work() as work:
        assert work.recommendations.latest() is None


def test_a_team_sees_its_own_recommendations_only(store: Store) -> None:
    """Two teams have one each; vision sees one, and nobody's dismissal but its own."""
    theirs = Dismissal(NLP.id, "nlp", "planned", NOW, "ann")
    with store.work() as work:
        work.recommendations.add(run(1, VISION, NLP))
        work.recommendations.dismiss(theirs)

    with store.work(frozenset({"vision"})) as work:
        found = work.recommendations.latest()
        dismissed = work.recommendations.dismissed()

    assert found is not None
    assert found.recommendations == (VISION,)
    assert dismissed == {}


def test_what_was_dismissed_stays_dismissed(store: Store) -> None:
    """The dismissal of a recommendation is kept with its reason; a second one is refused."""
    first = Dismissal(VISION.id, "vision", "the model grows next month", NOW, "ann")
    with store.work() as work:
        work.recommendations.dismiss(first)

    with pytest.raises(ConflictError), store.work() as work:
        work.recommendations.dismiss(replace(first, reason="another"))

    with store.work() as work:
        assert work.recommendations.dismissed() == {VISION.id: first}
