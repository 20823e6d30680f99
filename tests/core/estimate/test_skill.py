import numpy as np
import pytest

from noria.core.estimate.skill import DAYS, Held, skill


def days(count: int, error: float, seed: int = 0) -> list[Held]:
    """Days whose truth swings by .1 about what "no change" says; the estimate follows with an error."""
    chance = np.random.default_rng(seed)
    truths = 0.5 + 0.1 * chance.standard_normal(count)
    return [
        Held(estimate=truth + error * chance.standard_normal(), unchanged=0.5, truth=truth)
        for truth in truths
    ]


def test_what_follows_the_truth_is_shown() -> None:
    found = skill(days(30, 0.02))
    assert found.shown
    assert found.share == pytest.approx(0.8, abs=0.1)


def test_not_before_it_was_held_against_the_truth_on_enough_days() -> None:
    assert not skill(days(DAYS - 1, 0.0)).shown
    assert not skill([]).shown


def test_what_has_no_skill_is_shown_as_rarely_as_its_bound_says() -> None:
    """An estimate that differs from "no change" by noise is no nearer: at 95%, hardly ever shown."""
    shown = sum(skill(days(30, 0.2, seed)).shown for seed in range(200))
    assert shown <= 200 * 0.05


def test_what_becomes_wrong_is_switched_off() -> None:
    good, wrong = days(40, 0.02), days(20, 0.4, seed=1)
    assert skill(good).shown
    assert not skill([*good, *wrong]).shown


def test_the_interval_holds_the_truth_of_the_next_day() -> None:
    held = 0
    for seed in range(300):
        *past, today = days(31, 0.05, seed)
        held += abs(today.estimate - today.truth) <= skill(past).half
    assert 0.91 <= held / 300 <= 0.99
