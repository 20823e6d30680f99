from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from benchmarks.drift import pages, stability, watch
from benchmarks.still.streams import Stream
from noria.rows import SignalRow

FIRST = date(2026, 3, 2)


@pytest.mark.parametrize(("rows", "learnt"), [(1_000, 1_000), (10_000_000, 100), (100, 1_000_000)])
def test_independent_rows_are_hardly_ever_drift(rows: int, learnt: int) -> None:
    stream = Stream(features=8, rows=rows, learnt=learnt, days=30)
    said = [row for seed in range(2) for row in watch(stream.draw(seed))]
    noticed = {row.day for row in said if row.level != "ok"}
    assert len(noticed) <= 5  # at most 1 day in 20 of 60, and two more by chance
    assert pages(said) == 0


def test_a_page_is_the_first_of_the_days_with_an_alert() -> None:
    levels = ["ok", "alert", "alert", "notice", "alert", "ok"]
    said = [
        SignalRow(
            model="m", day=(FIRST + timedelta(days=day)).isoformat(), version=1, monitor="drift",
            subject="x", level=level, value=0.0, limit=0.0, reason="",
        )
        for day, level in enumerate(levels)
    ]  # fmt: skip
    assert pages(said) == 2
    assert pages(said, begin=2) == 1  # the first began before


def test_the_stability_index() -> None:
    day = next(Stream(features=2, rows=1_000, learnt=1_000).draw(0))
    grid = day.reference.grid
    assert (stability([day]) < 0.05).all()
    counts = day.reference.whole.counts.copy()
    # x1 has 5 categories: swap a share p with a share q, and the index is 2 (p - q) ln(p / q)
    first, second = grid.slices["x1"].start, grid.slices["x1"].start + 1
    p, q = counts[[first, second]] / counts[grid.slices["x1"]].sum()
    counts[[first, second]] = counts[[second, first]]
    swapped = replace(day, profile=replace(day.profile, counts=counts))
    assert stability([swapped]) == pytest.approx([0, 2 * (p - q) * np.log(p / q)])
