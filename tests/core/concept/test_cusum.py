import numpy as np
import pytest

from noria.core.concept.cusum import BEFORE, cusum, threshold


def first_alarm(values: np.ndarray, limit: float) -> int | None:
    return next((day for day, value in enumerate(cusum(values)) if value > limit), None)


@pytest.mark.parametrize("tail", ["normal", "long"])
@pytest.mark.parametrize("run_length", [60, 200])
def test_false_alarms_are_as_rare_as_the_threshold_says(run_length: int, tail: str) -> None:
    """With a level, a scatter and a distribution that nobody knows."""
    chance = np.random.default_rng(3)
    limit = threshold(run_length)
    values = chance.standard_normal((300, run_length + BEFORE))
    alarms = [first_alarm(np.exp(2 * row) if tail == "long" else row, limit) for row in values]
    early = sum(alarm is not None for alarm in alarms) / 300
    # run lengths are geometric: 1 - exp(-1) = 0.63 alarm by their mean. 3 sd of 300 runs are 0.08
    assert early <= 0.63 + 0.08


def test_a_rise_is_found_within_days() -> None:
    chance = np.random.default_rng(4)
    limit = threshold(300)
    delays = []
    for _ in range(200):
        values = chance.standard_normal(100)
        values[40:] += 2
        alarm = first_alarm(values, limit)
        delays.append(np.inf if alarm is None else alarm - 39 if alarm >= 40 else np.nan)
    assert np.nanmedian(delays) <= 8
    assert np.isinf(delays).mean() <= 0.02


def test_one_freak_day_is_no_alarm() -> None:
    values = [*np.random.default_rng(5).standard_normal(40).tolist(), 50.0, 0.0]
    before, freak, _ = cusum(values)[-3:]
    assert freak - before <= 2


def test_a_fall_never_is() -> None:
    assert max(cusum([*np.random.default_rng(6).standard_normal(30).tolist(), *([-3.0] * 30)])[30:]) < 3


@pytest.mark.parametrize("values", [[], [1.0], [1.0] * 30])
def test_what_never_changes_raises_nothing(values: list[float]) -> None:
    assert cusum(values) == [0.0] * len(values)


def test_rarer_false_alarms_need_a_higher_threshold() -> None:
    # Siegmund: with k = .25 and h = 8, b = 9.166: (exp(4.583) - 4.583 - 1) / .125 = 738
    assert threshold(738) == pytest.approx(8.0, abs=0.01)
    assert threshold(30) < threshold(300) < threshold(3000)
