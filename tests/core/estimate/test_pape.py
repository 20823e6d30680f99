import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from noria.core.estimate import cbpe, pape
from noria.core.profile.grid import Grid, category_bins, number_bins
from noria.core.quality import METRICS


def test_days_like_today_weigh_most() -> None:
    storm, calm = np.array([0.8, 0.2]), np.array([0.1, 0.9])
    found = pape.weights(np.array([calm, calm, storm, calm]), storm)
    assert found.argmax() == 2
    assert found[2] > 0.6


@given(st.lists(st.lists(st.floats(0.01, 1), min_size=3, max_size=3), min_size=1, max_size=8))
def test_weights_are_shares(rows: list[list[float]]) -> None:
    past = np.array(rows) / np.sum(rows, axis=1, keepdims=True)
    found = pape.weights(past, past[0])
    assert (found >= 0).all()
    assert found.sum() == pytest.approx(1)


def test_it_is_nearer_than_cbpe_where_scores_mean_less_on_some_days() -> None:
    """On stormy days a score of .2 comes true half of the time, and today is one: 28 of 30 days were calm."""
    mixes = np.array([[0.1, 0.9]] * 28 + [[0.8, 0.2]] * 2)
    tables = np.array([[[100.0], [100], [20], [20], [0]]] * 28 + [[[100.0], [100], [20], [50], [0]]] * 2)
    weights = pape.weights(mixes, np.array([0.8, 0.2]))
    weighed = np.tensordot(weights * len(weights), tables, 1)
    truth = METRICS["log_loss"].score(np.array([1.0] * 50 + [0] * 50), np.full(100, 0.2))
    errors = [
        abs(cbpe.estimate(METRICS["log_loss"], np.array([100.0]), each) - truth)
        for each in (weighed, tables.sum(axis=0))
    ]
    assert errors[0] < errors[1] / 2


def test_a_mix_has_the_shares_of_each_column_and_of_what_is_missing() -> None:
    import polars as pl

    from noria.monitor.profiling import profile

    grid = Grid(columns={"x": number_bins(np.arange(100.0)), "c": category_bins({"a": 3, "b": 1})})
    rows = pl.DataFrame({"x": [1.0, None], "c": ["a", "a"]})
    (found,) = pape.mixes([profile(rows, grid)], grid, ("x", "c"))
    assert len(found) == pape.PARTS + 1 + len("ab ") + 1
    assert found[pape.PARTS] == 0.5
    assert found[pape.PARTS + 1] == 1
    assert found.sum() == pytest.approx(2)
