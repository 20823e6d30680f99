import doctest

import numpy as np

from noria.core import miscalibration as module
from noria.core.miscalibration import miscalibration

COUNT = 3000
DAYS = np.arange(COUNT) // 100


def drawn(seed: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    said = random.uniform(size=COUNT)
    return (random.uniform(size=COUNT) < said).astype(float), said


def test_the_example_holds() -> None:
    assert doctest.testmod(module).failed == 0


def test_outputs_that_are_off_have_that_error_less_what_chance_shows() -> None:
    came, said = drawn(1)
    off = miscalibration(came, np.clip(said * 0.8, 0, 1), DAYS, 0.95)  # .2 times a mean of .5
    assert 0.07 < off.value < 0.11
    assert 0.05 < off.low < off.value


def test_a_calibrated_model_is_seldom_above_nothing() -> None:
    above = sum(miscalibration(*drawn(seed), DAYS, 0.95).low > 0 for seed in range(40))
    assert above <= 4
