import numpy as np

from noria.core.drift.clustered import difference


def blocks(seed: int, count: int, share: float, scatter: float) -> np.ndarray:
    """Counts of two values in days of 100 rows, whose share differs from day to day."""
    random = np.random.default_rng(seed)
    first = random.binomial(100, np.clip(random.normal(share, scatter, count), 0, 1))
    return np.stack([first, 100 - first], axis=1)


def test_days_that_differ_are_seldom_called_a_change() -> None:
    p = np.array([difference(blocks(s, 30, 0.5, 0.1), blocks(1000 + s, 30, 0.5, 0.1)).p for s in range(300)])
    assert (p < 0.05).mean() < 0.08


def test_a_change_beyond_the_days_is_found() -> None:
    p = [difference(blocks(s, 30, 0.5, 0.1), blocks(1000 + s, 30, 0.7, 0.1)).p for s in range(20)]
    assert max(p) < 0.01


def test_one_block_says_nothing() -> None:
    assert difference(blocks(0, 1, 0.1, 0), blocks(1, 30, 0.9, 0)).p == 1
