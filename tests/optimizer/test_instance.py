"""What an instance refuses, and which starts it allows."""

from collections.abc import Callable

import pytest

from optimizer import Instance, InvalidInstance, Job, Offer, Option
from tests.optimizer.weeks import flat

OPTION = Option("o", 2)


def job(**changes: object) -> Job:
    """A job that is accepted unless a field is changed."""
    fields: dict[str, object] = {
        "id": "j", "release": 0, "due": 4, "gang": 1, "unplaced_cost": 9, "options": (OPTION,)
    }  # fmt: skip
    return Job(**{**fields, **changes})  # type: ignore[arg-type]


def week(*jobs: Job, offers: tuple[Offer, ...] = (flat("o", 1, 1, 4),), slots: int = 4) -> Instance:
    """An instance of these jobs."""
    return Instance(slots, 60, offers, jobs)


REFUSED: dict[str, tuple[Callable[[], object], str]] = {
    "negative price": (
        lambda: flat("o", -1, 1, 4),
        "offer o: price must be an integer from 0 to 1000000000000000, not -1",
    ),
    "negative capacity": (
        lambda: flat("o", 1, -2, 4),
        "offer o: capacity must be an integer from 0 to 1000000000, not -2",
    ),
    "price that is no integer": (
        lambda: Offer("o", (1.5,), (1,)),  # type: ignore[arg-type]
        "offer o: price must be an integer from 0 to 1000000000000000, not 1.5",
    ),
    "empty offer id": (
        lambda: flat("", 1, 1, 4),
        "offer id must be a text of at least one character, not ''",
    ),
    "option without slots": (
        lambda: Option("o", 0),
        "option o: slots must be an integer from 1 to 1000000000, not 0",
    ),
    "negative fixed cost": (
        lambda: Option("o", 1, -1),
        "option o: fixed_cost must be an integer from 0 to 1000000000000000000, not -1",
    ),
    "gang of nobody": (
        lambda: job(gang=0),
        "job j: gang must be an integer from 1 to 1000000000, not 0",
    ),
    "gang that is a truth value": (
        lambda: job(gang=True),
        "job j: gang must be an integer from 1 to 1000000000, not True",
    ),
    "negative release": (
        lambda: job(release=-1),
        "job j: release must be an integer from 0 to 1000000000, not -1",
    ),
    "two options for one offer": (
        lambda: job(options=(OPTION, Option("o", 3))),
        "job j has more than one option for offer o; one is accepted",
    ),
    "offer id used twice": (
        lambda: week(offers=(flat("o", 1, 1, 4), flat("o", 2, 1, 4))),
        "offer id o is used twice",
    ),
    "job id used twice": (lambda: week(job(), job()), "job id j is used twice"),
    "price list of another length": (
        lambda: week(offers=(Offer("o", (1, 1, 1), (1, 1, 1, 1)),)),
        "offer o: price has 3 values; one per slot, 4, is accepted",
    ),
    "capacity list of another length": (
        lambda: week(offers=(Offer("o", (1, 1, 1, 1), (1,)),)),
        "offer o: capacity has 1 values; one per slot, 4, is accepted",
    ),
    "unknown offer": (
        lambda: week(job(options=(Option("p", 1),))),
        "job j: offer p is not among the offers",
    ),
    "no slot": (lambda: week(slots=0), "slots must be an integer from 1 to 200000, not 0"),
    "costs beyond 64 bits": (
        lambda: week(job(unplaced_cost=10**18), job(id="k", unplaced_cost=10**18),
                     job(id="l", unplaced_cost=10**18)),
        "the dearest plan would cost 3000000000000000000; less than 2305843009213693952",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_an_instance_that_breaks_a_rule_is_refused_with_a_sentence(name: str) -> None:
    """Each rule of the format has a sentence that names the id and what is accepted."""
    build, sentence = REFUSED[name]

    with pytest.raises(InvalidInstance) as refusal:
        build()

    assert str(refusal.value).startswith(sentence)


def test_starts_lie_between_release_and_the_last_slot_that_ends_in_time() -> None:
    """Release 1, due 9 but 4 slots in all: two slots fit at 1 and at 2 (1 + 2 = 3, 2 + 2 = 4)."""
    late = job(release=1, due=9)

    starts = week(late).starts(late, OPTION)

    assert list(starts) == [1, 2]


@pytest.mark.parametrize(("release", "due"), [(3, 4), (4, 2), (9, 1), (0, 0)])
def test_a_job_whose_window_is_too_short_is_legal_and_has_no_start(release: int, due: int) -> None:
    """Two slots fit into no window of one slot or less."""
    hopeless = job(release=release, due=due)

    starts = week(hopeless).starts(hopeless, OPTION)

    assert len(starts) == 0
