import doctest

import numpy as np
import pytest

from noria.core import power as module
from noria.core.power import numbers_of, power, target_of

COUNT = 4000
ODD = np.arange(COUNT) % 2 == 1


def told(values: np.ndarray, label: np.ndarray, classes: int) -> float:
    return power(values, target_of(label, classes), ODD, ~ODD)


def test_the_example_holds() -> None:
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize("rare", [0.5, 0.1, 0.02])
def test_a_number_whose_threshold_is_the_label_tells_nearly_all_of_it(rare: float) -> None:
    values = np.random.default_rng(1).normal(size=COUNT)
    label = (values > np.quantile(values, 1 - rare)).astype(float)
    assert told(values, label, 2) > 0.95


def test_the_label_in_another_unit_tells_all_of_a_number_whatever_its_tails() -> None:
    label = np.random.default_rng(2).lognormal(0, 3, COUNT)
    assert told(-7 * label + 3, label, 0) > 0.99


def test_with_noise_it_is_the_share_of_variance_that_is_left() -> None:
    random = np.random.default_rng(3)
    label = random.integers(0, 2, COUNT).astype(float)
    flipped = np.where(random.random(COUNT) < 0.1, 1 - label, label)
    rate = (flipped != label)[~ODD].mean()  # about .1
    assert told(flipped, label, 2) == pytest.approx(1 - rate * (1 - rate) / 0.25, abs=0.03)


def test_what_has_nothing_to_do_with_the_label_tells_nothing() -> None:
    random = np.random.default_rng(4)
    label = random.integers(0, 3, COUNT).astype(float)
    assert told(random.normal(size=COUNT), label, 3) < 0.05
    assert told(np.full(COUNT, np.nan), label, 3) < 0.05


def test_a_label_that_does_not_vary_is_told_by_nothing() -> None:
    assert np.isnan(told(np.arange(COUNT, dtype=float), np.ones(COUNT), 2))


def test_categories_tell_what_their_means_tell() -> None:
    random = np.random.default_rng(5)
    city = random.integers(0, 30, COUNT)
    target = target_of((city % 7 == 0).astype(float), 2)
    assert power(numbers_of(city, target, ODD), target, ODD, ~ODD) > 0.98
    alone = np.arange(COUNT)  # each row has a category of its own
    assert power(numbers_of(alone, target, ODD), target, ODD, ~ODD) < 0.05
