"""What right-sizing says, and when it keeps silent."""

from dataclasses import replace
from datetime import date
from fractions import Fraction

from hypothesis import example, given
from hypothesis import strategies as st

from service.domain.gpu_accounts import HOUR_MS as MS_PER_HOUR
from service.domain.money import Money
from service.domain.rightsizing import Confidence, Model, Profile, Rule, Slice, Work
from service.domain.rightsizing_rules import recommend

H100 = Model(
    "H100",
    81_559,
    Fraction(1),
    Money.parse("10", "USD"),
    (
        Slice("1g.10gb", Fraction(1, 7), 10_240),
        Slice("3g.40gb", Fraction(3, 7), 40_960),
        Slice("7g.80gb", Fraction(1), 81_920),
    ),
)
A100 = Model("A100-80GB", 81_920, Fraction(1, 2), Money.parse("4", "USD"))
L4 = Model("L4", 23_034, Fraction(1, 8), Money.parse("1", "USD"))
MODELS = {one.name: one for one in (H100, A100, L4)}
WORK = Work("vision", "detector", "train", "H100", "whole")


def profile(**changes: object) -> Profile:
    """300 hours on H100s in 30 days, seen whole, at 80 % in each, with 60,000 MiB in memory."""
    hours = 300 * MS_PER_HOUR
    whole = Profile(
        work=WORK,
        first=date(2026, 10, 1),
        end=date(2026, 10, 31),
        allocated_ms=hours,
        observed_ms=hours,
        by_tenth=[0] * 8 + [hours, 0, 0],
        memory_max=60_000.0,
        no_process_ms=0,
        seen_days=30,
    )
    return replace(whole, **changes)  # type: ignore[arg-type]


def busy(tenth: int) -> list[int]:
    """All hours at one tenth of activity."""
    return [300 * MS_PER_HOUR if one == tenth else 0 for one in range(11)]


def test_work_that_uses_its_gpus_is_left_alone() -> None:
    """At 80 % of an H100 an A100 would be at 160 %, and nothing else has the memory."""
    assert recommend(profile(), MODELS) == []


def test_a_model_that_suffices_and_costs_less_is_named_with_what_it_saves() -> None:
    """40 % of an H100 are 80 % of an A100: 300 hours at 10 less 300 at 4 are 1,800 USD."""
    [found] = recommend(profile(by_tenth=busy(4)), MODELS)

    assert (found.rule, found.to, found.saving) == (
        Rule.SMALLER_MODEL,
        "A100-80GB",
        Money.parse("1800", "USD"),
    )
    assert found.confidence is Confidence.HIGH


def test_the_memory_must_fit_with_room_to_spare() -> None:
    """70,000 MiB are more than 80 % of an A100's 81,920, which are 65,536."""
    assert recommend(profile(by_tenth=busy(4), memory_max=70_000.0), MODELS) == []


def test_the_smallest_slice_that_suffices_saves_the_rest_of_the_gpu() -> None:
    """10 % busy and 8,000 MiB fit one of seven slices: 6/7 of 3,000 USD are saved."""
    [found] = recommend(profile(by_tenth=busy(1), memory_max=8_000.0), {"H100": H100})

    assert (found.rule, found.to) == (Rule.MIG_SLICE, "1g.10gb")
    assert found.saving.text(2) == "2571.43"


def test_of_several_that_suffice_the_one_that_saves_most_is_named() -> None:
    """An L4 at 1 of 10 USD saves 2,700, more than the slice: but 10 % of an H100 are 80 % of it."""
    [found] = recommend(profile(by_tenth=busy(1), memory_max=8_000.0), MODELS)

    assert (found.to, found.saving) == ("L4", Money.parse("2700", "USD"))


def test_two_runs_share_a_gpu_that_cannot_be_cut() -> None:
    """A model without slices at 40 %, with 30,000 of 81,920 MiB: half of 300 hours at 4 USD."""
    work = replace(WORK, accelerator_model="A100-80GB")

    [found] = recommend(
        profile(work=work, by_tenth=busy(4), memory_max=30_000.0), {"A100-80GB": A100}
    )

    assert (found.rule, found.saving) == (Rule.SHARE, Money.parse("600", "USD"))


def test_gpus_held_without_a_process_are_to_be_released() -> None:
    """60 of 300 hours at 10 USD are 600 USD in 30 days; 20 hours are too little to speak of."""
    [found] = recommend(profile(no_process_ms=60 * MS_PER_HOUR), MODELS)

    assert (found.rule, found.saving) == (Rule.RELEASE_IDLE, Money.parse("600", "USD"))
    assert recommend(profile(no_process_ms=20 * MS_PER_HOUR), MODELS) == []


def test_time_without_a_process_does_not_make_the_work_look_small() -> None:
    """100 of 300 hours slept, the others were 80 % busy: they are released, the H100 stays."""
    hours = MS_PER_HOUR
    tenths = [*[0] * 8, 200 * hours, 0, 0]

    found = recommend(profile(no_process_ms=100 * hours, by_tenth=tenths), MODELS)

    assert [one.rule for one in found] == [Rule.RELEASE_IDLE]


def test_what_never_had_a_process_is_only_to_be_released() -> None:
    """Nobody knows what hardware work needs that never ran."""
    slept = 300 * MS_PER_HOUR

    found = recommend(profile(no_process_ms=slept, by_tenth=busy(0), memory_max=0.0), MODELS)

    assert [one.rule for one in found] == [Rule.RELEASE_IDLE]


def test_gpus_that_a_run_never_uses_are_not_asked_for() -> None:
    """75 of 300 hours are on the GPUs that slept beside three that worked: 750 USD in 30 days."""
    found = recommend(profile(spare_ms=75 * MS_PER_HOUR, gpus=4, by_tenth=busy(1)), MODELS)

    assert [(one.rule, one.saving) for one in found] == [
        (Rule.FEWER_GPUS, Money.parse("750", "USD"))
    ]


def test_gpus_of_a_gang_are_neither_cut_nor_shared() -> None:
    """Slices of a GPU cannot talk to those of another; a smaller model still can be had."""
    gang = profile(gpus=8, by_tenth=busy(1), memory_max=8e3)

    assert recommend(gang, {"H100": H100}) == []
    assert [one.rule for one in recommend(gang, MODELS)] == [Rule.SMALLER_MODEL]


def test_a_slice_is_not_compared_with_a_whole_gpu() -> None:
    """A seventh of an H100 for 10/7 USD an hour is no dearer than a whole A100 for 4."""
    work = replace(WORK, mode="mig")

    assert recommend(profile(work=work, by_tenth=busy(1), memory_max=8e3), MODELS) == []


def test_a_share_of_a_gpu_is_not_cut_again() -> None:
    """What runs in a slice already is not told to take a slice, nor to share."""
    work = replace(WORK, mode="mig")

    assert recommend(profile(work=work, by_tenth=busy(1), memory_max=8e3), {"H100": H100}) == []


def test_what_was_not_seen_is_not_waste() -> None:
    """With 89 % of the time observed nothing is said, with 90 % it is."""
    hours = 300 * MS_PER_HOUR

    unseen = profile(by_tenth=busy(4), observed_ms=hours * 89 // 100)
    seen = profile(by_tenth=busy(4), observed_ms=hours * 90 // 100)

    assert recommend(unseen, MODELS) == []
    assert len(recommend(seen, MODELS)) == 1


def test_nothing_is_said_without_a_price_or_about_less_than_a_day() -> None:
    """An unknown model, one without a rate, and 23 GPU-hours are passed over."""
    slow = profile(by_tenth=busy(4))

    assert recommend(slow, {}) == []
    assert recommend(slow, {"H100": replace(H100, rate=None)}) == []
    assert recommend(replace(slow, allocated_ms=23 * MS_PER_HOUR), MODELS) == []


def test_amounts_of_two_currencies_are_not_compared() -> None:
    """An A100 at 4 EUR is no alternative to an H100 at 10 USD, whatever the rate."""
    euro = {"H100": replace(H100, slices=()), "A100-80GB": replace(A100, rate=Money(4, "EUR"))}

    assert recommend(profile(by_tenth=busy(4)), euro) == []


def test_a_model_that_suffices_and_costs_more_is_no_advice() -> None:
    """An A100 that costs 11 USD an hour saves nothing beside an H100 for 10."""
    dear = {
        "H100": replace(H100, slices=()),
        "A100-80GB": replace(A100, rate=Money.parse("11", "USD")),
    }

    assert recommend(profile(by_tenth=busy(4)), dear) == []


def test_confidence_follows_from_how_long_and_how_well_it_was_watched() -> None:
    """30 days seen whole are high, 10 days medium, 30 days seen to 95 % medium, 3 days low."""
    hours = 300 * MS_PER_HOUR

    assert profile().confidence is Confidence.HIGH
    assert profile(seen_days=10).confidence is Confidence.MEDIUM
    assert profile(observed_ms=hours * 95 // 100).confidence is Confidence.MEDIUM
    assert profile(seen_days=3).confidence is Confidence.LOW


def test_the_same_advice_has_the_same_id_whatever_it_saves() -> None:
    """The id is of the work, the rule and what to take instead; the window and saving move."""
    [one] = recommend(profile(by_tenth=busy(4)), MODELS)
    [same] = recommend(profile(by_tenth=busy(4), end=date(2026, 10, 30)), MODELS)
    work = replace(WORK, name="tune")
    [other] = recommend(profile(work=work, by_tenth=busy(4)), MODELS)

    assert one.saving != same.saving
    assert one.id == same.id != other.id


def test_hours_that_a_commitment_paid_become_free_and_save_no_money() -> None:
    """40 % of 3,000 USD and half of 300 hours are committed: 6/7 of 1,800 USD, 128.57 hours."""
    paid = {"committed_cost": Fraction(2, 5), "committed_hours": Fraction(1, 2)}

    [found] = recommend(profile(by_tenth=busy(1), memory_max=8e3, **paid), {"H100": H100})

    assert found.saving.text(2) == "1542.86"
    assert found.committed_ms == 300 * MS_PER_HOUR * 6 // 7 // 2
    assert (found.excess.gpu_ms, found.excess.cost.text(2)) == (300 * MS_PER_HOUR, "2571.43")
    assert found.evidence["paid by commitments"] == (
        "40% of the cost, 50% of the hours of its machines"
    )


def test_work_that_is_paid_ahead_whole_saves_nothing_now() -> None:
    """The advice stays: 60 hours without a process are free for others."""
    paid = {"committed_cost": Fraction(1), "committed_hours": Fraction(1)}

    [found] = recommend(profile(no_process_ms=60 * MS_PER_HOUR, **paid), MODELS)

    assert (found.saving, found.committed_ms) == (Money.zero("USD"), 60 * MS_PER_HOUR)


def test_a_saving_is_of_thirty_days_and_an_excess_of_the_window() -> None:
    """60 hours at 10 USD in 15 days are 600 USD there, and 1,200 USD and 120 hours in 30."""
    half = {"end": date(2026, 10, 16), "committed_hours": Fraction(1)}

    [found] = recommend(profile(no_process_ms=60 * MS_PER_HOUR, **half), MODELS)

    assert (found.excess.cost.text(), found.saving.text()) == ("600.00", "1200.00")
    assert found.committed_ms == 120 * MS_PER_HOUR


@given(
    tenth=st.integers(0, 10),
    memory=st.sampled_from([None, 0.0, 8e3, 3e4, 6e4, 8e4]),
    held=st.integers(0, 300 * MS_PER_HOUR),
    models=st.sampled_from([MODELS, {"H100": H100}, {"H100": replace(H100, slices=())}]),
)
@example(tenth=1, memory=8e3, held=0, models={"H100": H100})
@example(tenth=4, memory=3e4, held=0, models={"H100": replace(H100, slices=())})
def test_no_advice_saves_more_than_the_work_costs(
    tenth: int, memory: float | None, held: int, models: dict[str, Model]
) -> None:
    """300 hours at 10 USD cost 3,000 USD: each advice saves more than nothing and at most that."""
    found = recommend(profile(by_tenth=busy(tenth), memory_max=memory, no_process_ms=held), models)

    assert all(Money.zero("USD") < one.saving <= Money.parse("3000", "USD") for one in found)
    assert sum((one.saving for one in found), Money.zero("USD")) <= Money.parse("3000", "USD")
