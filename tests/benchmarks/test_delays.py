import numpy as np
import pytest

from benchmarks.delays import ALERTS, _ours, _row
from benchmarks.still.shifts import AFTER, BEFORE, COLUMNS, LEARNT, ROWS, Shifting


@pytest.fixture(scope="module")
def stream() -> Shifting:
    """As the benchmark's, with fewer rows."""
    shape = (COLUMNS, LEARNT + BEFORE + AFTER, ROWS // 4)
    return Shifting(values=np.random.default_rng(1).normal(size=shape))


def test_a_large_shift_is_found_at_once_and_only_after_it_began(stream: Shifting) -> None:
    found = _ours(stream)
    assert found[ALERTS]["before"] == []
    assert all(raised["after-1"][0] == 0 for raised in found.values())


def test_only_the_first_column_moves(stream: Shifting) -> None:
    reference = stream.reference()
    day = next(stream.watched(reference, 1.0))
    means = day.profile.moments[:, 0] / day.profile.tallies[:, 0]
    assert means[0] == pytest.approx(1, abs=0.3)
    assert means[1:] == pytest.approx(0, abs=0.3)
    assert stream.shifted(1.0).mean() == pytest.approx(1, abs=0.1)


def test_a_row_has_false_alarms_median_and_misses() -> None:
    after = {f"after-{size:g}": [] for size in (0.1, 0.2, 0.3, 0.5)}
    streams = [{"before": [3, 9], **after, "after-1": [1, 2]}, {"before": [], **after, "after-1": []}] * 2
    method, false, *_, last = _row("m", [*streams, streams[0]])
    assert (method, last) == ("m", "2 (2 missed)")
    assert false == pytest.approx(6 / (5 * BEFORE) * 365 / 12, abs=0.01)
