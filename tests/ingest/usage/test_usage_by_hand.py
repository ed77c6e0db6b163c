"""The reduction beside the same rules written down one moment at a time, in fractions."""

from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.usage.signals import DAY_MS, HOUR_MS, Series, Signal
from tests.ingest.usage.stories import START, STEP, Told, labels, rows, series

Key = tuple[int, str]


@dataclass
class Expected:
    """Milliseconds by hour and pod."""

    allocated: dict[Key, Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    observed: dict[Key, Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    active: dict[Key, Fraction] = field(default_factory=lambda: defaultdict(Fraction))


@dataclass(frozen=True)
class Look:
    """One moment: how long after the one before, who was there, and the activity in percent."""

    after_ms: int
    pods: frozenset[str]
    percent: int | None


LOOKS = st.lists(
    st.builds(
        Look,
        st.sampled_from([29_000, 30_000, 31_500, 45_000, 46_000, 400_000, 9_000_000]),
        st.frozensets(st.sampled_from("abc")),
        st.one_of(st.none(), st.integers(0, 100)),
    ),
    min_size=1,
    max_size=25,
)


def _by_hour(begin: int, end: int) -> list[tuple[int, int]]:
    """Return the milliseconds of a stretch in each hour of the day."""
    hours = [
        (hour, min(end, (hour + 1) * HOUR_MS) - max(begin, hour * HOUR_MS)) for hour in range(24)
    ]
    return [(hour, length) for hour, length in hours if length > 0]


def _capacities(looks: list[Look], begin: int) -> dict[int, int]:
    """Return how long the GPU was there in each hour in which it was, or that lies between."""
    last = begin + sum(look.after_ms for look in looks[1:])
    there = dict(_by_hour(begin, last + STEP))
    seen = range(max(begin, 0) // HOUR_MS, last // HOUR_MS + 1)
    return {hour: length for hour, length in there.items() if hour in seen}


def _by_hand(looks: list[Look], begin: int) -> Expected:
    expected, at = Expected(), begin
    for here, then in zip(looks, [*looks[1:], None], strict=True):
        following = at + (then.after_ms if then else STEP)
        covered = following if following - at <= 1.5 * STEP else at + STEP
        for pod in here.pods:
            for hour, length in _by_hour(at, covered):
                part = Fraction(length, len(here.pods))
                expected.allocated[hour, pod] += part
                if here.percent is not None:
                    expected.observed[hour, pod] += part
                    expected.active[hour, pod] += part * here.percent / 100
            if then and pod in then.pods:
                for hour, length in _by_hour(covered, following):
                    most = max(len(here.pods), len(then.pods))
                    expected.allocated[hour, pod] += Fraction(length, most)
        at = following
    return expected


def _told(looks: list[Look], begin: int) -> Told:
    """Return each moment as samples, the device's activity repeated for each pod."""
    told: Told = []
    at = begin - looks[0].after_ms
    for look in looks:
        at += look.after_ms
        for pod in look.pods or {""}:
            its = labels(pod=pod)
            one = series(its, [1], at / 1000)
            told.append((Signal.POWER, one))
            if look.percent is not None:
                share = Series(its, one.times_ms, one.values * look.percent / 100)
                told.append((Signal.ACTIVITY, share))
    return told


@given(LOOKS, st.sampled_from([-20_000, 0, 3_590_000, 40_000_000, DAY_MS - 700_000]))
@settings(max_examples=150, deadline=None)
def test_every_millisecond_is_where_the_rules_put_it(looks: list[Look], begin: int) -> None:
    """To the half millisecond that rounding may move; hours in which nobody looked have no rows."""
    expected = _by_hand(looks, begin)

    listed = rows(_told(looks, begin))

    assert START % DAY_MS == 0
    found = {(row["hour"].hour, row["pod"]): row for row in listed if row["pod"]}
    hours = {row["hour"].hour for row in listed}
    capacities = {row["hour"].hour: row["capacity_ms"] for row in listed}
    assert capacities == _capacities(looks, begin)
    wanted = {key for key, told in expected.allocated.items() if told >= 1 and key[0] in hours}
    assert wanted <= set(found)
    for key, row in found.items():
        assert abs(row["allocated_ms"] - expected.allocated[key]) <= 1
        assert abs(row["observed_ms"] - expected.observed[key]) <= 1
        assert abs((row["activity_ms"] or 0) - expected.active[key]) <= 2
