import numpy as np
import pytest

from noria.core.drift.change import changes
from noria.core.profile.grid import Bins, category_bins, number_bins

CARRIERS = category_bins({"AA": 1, "DL": 1, "UA": 1})
WIND = number_bins(np.arange(4.0), (5.0, 10.0, 20.0))  # up to 5, 10, 20, and above


@pytest.mark.parametrize(
    ("bins", "before", "now", "expected"),
    [
        (CARRIERS, [50, 30, 20, 0], [35, 45, 20, 0], ["AA 50% → 35%", "DL 30% → 45%"]),
        (CARRIERS, [50, 30, 20, 0], [51, 24, 20, 5], ["DL 30% → 24%", "unseen ones 0% → 5.0%"]),
        # above 5: .75 → .7; above 10: .5 → .6; above 20: .25 → .5, the most
        (WIND, [25, 25, 25, 25], [30, 10, 10, 50], ["above 20 25% → 50%"]),
    ],
)
def test_what_moved(bins: Bins, before: list[int], now: list[int], expected: list[str]) -> None:
    assert [str(change) for change in changes(bins, np.array(before), np.array(now))] == expected


def test_what_changes_nothing_moves_nothing() -> None:
    (change,) = changes(WIND, np.array([1, 2, 3, 4]), np.array([10, 20, 30, 40]))
    assert change.now == pytest.approx(change.before)
