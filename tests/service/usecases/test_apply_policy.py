"""Applying a policy: previewed, stored once, and allocated by at once."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from service.bootstrap import Wiring
from service.documents.yaml_file import DocumentError
from service.domain.money import Money
from service.domain.periods import Period
from service.usecases.allocate_period import allocate_period
from service.usecases.apply_policy import (
    AppliedPolicy,
    Effect,
    PolicyProposal,
    apply_policy,
    propose_policy,
)
from tests.conftest import NOW
from tests.service.facts import line, put

TEXT = """
version: 1
effective_from: {since}
teams: [{{name: vision}}, {{name: nlp}}]
rules: [{{match: {{account: "111"}}, team: {team}}}]
"""


@pytest.fixture
def parts(wiring: Wiring) -> Wiring:
    """Return parts with a clock that moves, and bills of 10 in September and 7 in October."""
    ticks = iter(range(10_000))
    put(wiring.lake, "cost_line", [line("10")], period="2026-09")
    put(wiring.lake, "cost_line", [line("7")], period="2026-10")
    return replace(wiring, clock=lambda: NOW + timedelta(seconds=next(ticks)))


def propose(parts: Wiring, folder: Path, team: str, since: str = "2026-08-01") -> PolicyProposal:
    """Write a policy that gives account 111 to ``team`` and propose it."""
    file = folder / "policy.yaml"
    file.write_text(TEXT.format(team=team, since=since))
    return propose_policy(file, lake=parts.lake, engine=parts.engine, store=parts.store)


def apply(parts: Wiring, proposal: PolicyProposal) -> AppliedPolicy:
    """Apply a proposal as the operator ada."""
    return apply_policy(
        proposal,
        lake=parts.lake,
        engine=parts.engine,
        store=parts.store,
        new_id=parts.new_id,
        clock=parts.clock,
        actor="cli:ada",
    )


def usd(text: str) -> Money:
    """Return an amount of US dollars."""
    return Money.parse(text, "USD")


def test_the_preview_shows_what_changes_hands(parts: Wiring, tmp_path: Path) -> None:
    """October's 7 would move from nobody to vision; nothing is stored by looking."""
    proposal = propose(parts, tmp_path, "vision")

    assert proposal.period == Period("2026-10")
    assert proposal.effects == (
        Effect("unallocated", "USD", usd("7"), usd("0")),
        Effect("vision", "USD", usd("0"), usd("7")),
    )
    assert [effect.difference for effect in proposal.effects] == [usd("-7"), usd("7")]
    with parts.store.work() as work:
        assert work.policies.all() == []


def test_a_policy_is_stored_and_the_periods_it_holds_for_are_allocated(
    parts: Wiring, tmp_path: Path
) -> None:
    """Both months get their first run by version 1, and the trail says who applied it."""
    applied = apply(parts, propose(parts, tmp_path, "vision"))

    assert (applied.version, applied.is_new) == (1, True)
    assert [(run.period, run.policy_version) for run in applied.runs] == [
        ("2026-09", 1),
        ("2026-10", 1),
    ]
    with parts.store.work() as work:
        (stored,), (entry,) = work.policies.all(), work.audit.latest(5)
    assert (stored.effective_from, stored.applied_by) == (date(2026, 8, 1), "cli:ada")
    assert (entry.action, entry.actor, entry.subject) == (
        "policy.apply",
        "cli:ada",
        "policy version 1",
    )


def test_a_later_policy_leaves_earlier_periods_alone(parts: Wiring, tmp_path: Path) -> None:
    """Version 2 holds from October on: only October is allocated again, from vision to nlp."""
    apply(parts, propose(parts, tmp_path, "vision"))

    proposal = propose(parts, tmp_path, "nlp", since="2026-10-01")
    applied = apply(parts, proposal)

    assert {effect.team: effect.difference for effect in proposal.effects} == {
        "vision": usd("-7"),
        "nlp": usd("7"),
    }
    assert [(run.period, run.policy_version) for run in applied.runs] == [("2026-10", 2)]


def test_a_policy_that_a_later_one_overrides_affects_the_periods_before(
    parts: Wiring, tmp_path: Path
) -> None:
    """Version 2 from August is applied after version 1 from October: September is its newest."""
    apply(parts, propose(parts, tmp_path, "vision", since="2026-10-01"))

    proposal = propose(parts, tmp_path, "nlp")
    applied = apply(parts, proposal)

    assert proposal.period == Period("2026-09")
    assert [(run.period, run.policy_version) for run in applied.runs] == [("2026-09", 2)]


def test_a_policy_for_the_future_affects_no_bill(parts: Wiring, tmp_path: Path) -> None:
    """From 2027 on: there is nothing to preview; the bills are allocated without a policy."""
    proposal = propose(parts, tmp_path, "vision", since="2027-01-01")
    applied = apply(parts, proposal)

    assert (proposal.period, proposal.effects) == (None, ())
    assert [run.policy_version for run in applied.runs] == [None, None]


def test_the_same_file_again_is_no_new_version(parts: Wiring, tmp_path: Path) -> None:
    """Applied twice it is version 1 twice, and the second time there is nothing to allocate."""
    apply(parts, propose(parts, tmp_path, "vision"))

    again = apply(parts, propose(parts, tmp_path, "vision"))

    assert again == AppliedPolicy(version=1, is_new=False, runs=())


def test_going_back_to_an_older_text_is_a_new_version(parts: Wiring, tmp_path: Path) -> None:
    """Vision, nlp, vision again: three versions, as each was once the newest."""
    applied = [apply(parts, propose(parts, tmp_path, team)) for team in ("vision", "nlp", "vision")]

    assert [one.version for one in applied] == [1, 2, 3]


def test_what_was_left_when_it_was_killed_is_allocated_the_next_time(
    parts: Wiring, tmp_path: Path
) -> None:
    """The version was stored and only September allocated: the second call does October."""
    full = propose(parts, tmp_path, "vision")
    with pytest.raises(InterruptedError):
        apply_policy(
            full,
            lake=parts.lake,
            engine=parts.engine,
            store=parts.store,
            new_id=parts.new_id,
            clock=parts.clock,
            actor="cli:ada",
            guard=Killing(),
        )

    again = apply(parts, propose(parts, tmp_path, "vision"))

    assert not again.is_new
    assert [run.period for run in again.runs] == ["2026-10"]


class Killing:
    """A guard that ends the process at its second call, as far as the test can."""

    def __init__(self) -> None:
        """Count from nothing."""
        self.calls = 0

    def __call__(self) -> None:
        """Let the first commit pass only."""
        self.calls += 1
        if self.calls > 1:
            raise InterruptedError


def test_a_wrong_file_is_refused_with_its_lines(parts: Wiring, tmp_path: Path) -> None:
    """Team x on line 5 is not among the teams."""
    with pytest.raises(DocumentError, match=r"policy.yaml:5: rules\[1\].team: 'x' is no team"):
        propose(parts, tmp_path, "x")


def test_a_policy_in_json_is_stored_and_read_as_json(parts: Wiring, tmp_path: Path) -> None:
    """An escaped letter in JSON is that letter, also when the stored version is read again."""
    file = tmp_path / "policy.json"
    file.write_text(
        '{"version": 1, "effective_from": "2026-08-01", "teams": [{"name": "vision"}],'
        ' "rules": [{"match": {"service": "\\ud83d\\ude00", "account": "111"}, "team": "vision"},'
        ' {"match": {"account": "1\\u00311"}, "team": "vision"}]}'
    )
    proposal = propose_policy(file, lake=parts.lake, engine=parts.engine, store=parts.store)
    apply(parts, proposal)

    run = allocate_period(
        Period("2026-10"),
        lake=parts.lake,
        engine=parts.engine,
        store=parts.store,
        new_id=parts.new_id,
        clock=parts.clock,
    )

    assert {effect.team: effect.after for effect in proposal.effects} == {
        "unallocated": usd("0"),
        "vision": usd("7"),
    }
    assert run.policy_version == 1
