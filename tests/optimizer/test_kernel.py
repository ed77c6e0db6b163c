"""The compiled loops, each on a problem that can be worked out by hand."""

from typing import TYPE_CHECKING

import numpy as np

from optimizer import Instance, Job, Offer, Option, kernel
from optimizer.anneal import Course, Problem, cool, state_of, targets_of
from optimizer.greedy import Draft, total
from optimizer.kernel import Choice
from optimizer.tables import has_room, tables

if TYPE_CHECKING:
    from collections.abc import Callable

PRICES = (5, 1, 2, 9)
WEEK = Instance(
    4,
    60,
    (Offer("o", PRICES, (2, 2, 1, 2)), Offer("p", (4, 4, 4, 4), (1, 1, 1, 1))),
    (
        Job("a", 0, 4, 1, 99, (Option("o", 2, 1), Option("p", 1))),
        Job("b", 0, 4, 1, 99, (Option("o", 2, 1),)),
        Job("c", 0, 4, 2, 99, (Option("o", 2, 1),)),
        Job("d", 0, 4, 1, 99, ()),
    ),
)
TABLE = tables(WEEK)
BASE = TABLE.base_prefix()


def test_the_cheapest_window_of_a_job_alone() -> None:
    """a, b: slots 1, 2 cost 1 + 2 + 1 = 4 (p: 4 too, later); c needs two machines: 0, 1."""
    values, choice = np.zeros(4, np.int64), kernel.nobody(4)

    kernel.cheapest(TABLE.queue, TABLE.capacity, BASE, values, choice)

    assert values.tolist() == [4, 4, 13, 99]
    assert choice.start.tolist() == [1, 1, 0, -1]
    assert choice.option.tolist() == [0, 2, 3, -1]


def test_jobs_are_inserted_where_room_is_left() -> None:
    """B takes slots 1, 2; a then goes to p for 4; c and d stay out: 4 + 4 + 99 + 99."""
    choice, room = kernel.nobody(4), TABLE.capacity.copy()

    kernel.insert(TABLE.queue, room, BASE, np.array([1, 0, 2, 3]), choice)

    assert choice.option.tolist() == [1, 2, -1, -1]
    assert room.tolist() == [[2, 1, 0, 2], [0, 1, 1, 1]]


def test_inserting_again_gives_back_the_old_window_first() -> None:
    """A second pass finds nothing better and changes nothing."""
    choice, room = kernel.nobody(4), TABLE.capacity.copy()
    order = np.array([1, 0, 2, 3])
    kernel.insert(TABLE.queue, room, BASE, order, choice)
    before = (choice.option.tolist(), choice.start.tolist(), room.tolist())

    kernel.insert(TABLE.queue, room, BASE, order, choice)

    assert (choice.option.tolist(), choice.start.tolist(), room.tolist()) == before


def test_every_window_is_listed_with_its_cost() -> None:
    """Job a: o from 0, 1, 2 for 5+1+1, 1+2+1, 2+9+1, and p in each of four slots for 4."""
    found = kernel.room_for_windows(TABLE.queue, 4, np.int64)

    count = kernel.windows(TABLE.queue, TABLE.capacity, BASE, 0, found)

    assert found.value[:count].tolist() == [7, 4, 12, 4, 4, 4, 4]
    assert found.window[:count].tolist() == [[0, 0], [0, 1], [0, 2], *([1, s] for s in range(4))]


def test_running_gangs_are_counted_and_priced() -> None:
    """A and b run in slots 1, 2 of o; 3 a machine in slot 1 makes the window dearer by 3."""
    gangs = np.zeros((3, 4), np.int64)
    use, prefix = np.zeros((1, 4), np.int64), np.zeros_like(BASE)
    link = np.array([[0, 0, 1], [1, 0, 2]])  # rows: o x gang 1, o x gang 2, p x gang 1

    kernel.running(TABLE.queue, Choice(np.array([0, 2, -1, -1]), np.array([1, 1, -1, -1])), gangs)
    kernel.machines_used(link, gangs, use)
    kernel.priced(link, np.array([[0, 3, 0, 0]]), BASE, prefix)

    assert gangs.tolist() == [[0, 2, 2, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    assert use.tolist() == [[0, 2, 2, 0]]
    assert (prefix - BASE)[:, 4].tolist() == [3, 6, 0]


def test_annealing_finds_the_best_of_a_small_plan() -> None:
    """From 396 with nobody placed: a on p (4), b in [2, 4) (12), c in [0, 2) (13), d out: 128."""
    base = BASE.astype(np.float64)
    found = kernel.nobody(4)
    state = state_of(TABLE, found)
    problem = Problem(TABLE.queue, targets_of(TABLE, base), base, base)
    course = Course(np.geomspace(20.0, 0.01, 2000), 1)

    cool(problem, state, found, course, 0.0)

    assert state_of(TABLE, found).room.min() >= 0
    assert total(TABLE, Draft(found, TABLE.capacity)) == 128


def test_room_is_looked_for_in_slots_in_a_row() -> None:
    """Gang 2 fits o in slots 0, 1 and 3: two in a row, not three."""
    job = WEEK.jobs[2]

    assert has_room(WEEK, job, 2, TABLE.capacity[0])
    assert not has_room(WEEK, job, 3, TABLE.capacity[0])


def test_a_function_that_cannot_be_kept_on_disk_is_compiled_all_the_same() -> None:
    """Code without a file has no place in any cache, like a package where nothing is writable."""
    names: dict[str, Callable[[int], int]] = {}
    exec("def twice(number):\n    return 2 * number", names)  # noqa: S102 - code without a file

    assert kernel.compiled(names["twice"])(21) == 42
