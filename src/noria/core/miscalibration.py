"""How far probabilities are from what comes true, beyond what chance alone shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from noria.core.calibration import BINS, calibration_error, placed, sums
from noria.core.interval import Interval
from noria.core.jackknife import jackknife
from noria.core.quality.metric import Array

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DRAWS = 20


def miscalibration(
    truth: Array, output: Array, blocks: NDArray[np.int64], confidence: float, seed: int = 0
) -> Interval:
    """Return the expected calibration error of n probabilities, with an interval over blocks of alike rows.

    `truth` is 0 or 1. Even a perfect model has an error on so many rows; its mean, over labels that are drawn
    from the outputs themselves, is taken off (Broecker, Smith, Weather and Forecasting 2007). So it is too
    small rather than too large.

    >>> import numpy as np
    >>> chance = np.random.default_rng(1)
    >>> said = chance.uniform(size=4000)
    >>> came = (chance.uniform(size=4000) < said).astype(float)
    >>> abs(miscalibration(came, said, np.arange(4000) // 100, 0.95).value) < 0.01
    True
    """
    import numpy as np

    place = placed(output)
    _, block = np.unique(blocks, return_inverse=True)
    drawn = np.random.default_rng(seed).random((DRAWS, len(output))) < output
    chance = np.mean([calibration_error(_sums(place, each.astype(float), output)) for each in drawn])
    parts = [block == number for number in range(int(block.max()) + 1)]
    by_block = np.array([_sums(place[part], truth[part], output[part]) for part in parts])
    return jackknife(by_block, lambda total: calibration_error(total) - float(chance), confidence)


def _sums(place: NDArray[np.int64], truth: Array, output: Array) -> Array:
    import numpy as np

    return sums(place, BINS, np.full(len(truth), True), output, truth, np.zeros(len(truth)))
