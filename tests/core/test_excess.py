import numpy as np

from noria.core.excess import centred, departures, sums

BEFORE, AFTER, CELLS = 4000, 1000, 10


def played(seed: int, turned: int) -> np.ndarray:
    """z of ten cells of rows with one chance in five, of which `turned` rows of cell 3 said otherwise."""
    random = np.random.default_rng(seed)
    cells, observed = random.integers(0, CELLS, BEFORE + AFTER), random.random(BEFORE + AFTER) < 0.2
    chosen = np.flatnonzero((cells == 3) & ~observed & (np.arange(BEFORE + AFTER) >= BEFORE))[:turned]
    observed[chosen] = True
    blocks = np.arange(BEFORE + AFTER) // 100
    variance = np.full(BEFORE + AFTER, 0.16)
    residual = centred(observed - 0.2, variance, blocks)
    older = sums(cells[:BEFORE], np.arange(BEFORE) // 400, residual[:BEFORE], variance[:BEFORE], CELLS)
    newer = sums(
        cells[BEFORE:], blocks[BEFORE:] - blocks[BEFORE], residual[BEFORE:], variance[BEFORE:], CELLS
    )
    return departures(older, newer)


def test_without_a_cause_cells_seldom_depart() -> None:
    z = np.array([played(seed, 0) for seed in range(100)])
    assert (np.abs(z) > 2.58).mean() < 0.01
    assert np.abs(z).max() < 4.5


def test_turned_rows_stand_out_in_their_cell() -> None:
    z = np.array([played(seed, 30) for seed in range(20)])
    assert (z.argmax(axis=1) == 3).all()
    assert np.median(z[:, 3]) > 4


def test_one_day_alone_is_no_departure() -> None:
    cells, blocks = np.zeros(1000, dtype=int), np.arange(1000) // 100
    residual, variance = np.where(blocks == 4, 0.8, 0.0), np.full(1000, 0.16)
    calm = sums(cells, np.arange(1000) // 200, np.zeros(1000), variance, 1)
    assert departures(calm, sums(cells, blocks, residual, variance, 1)).tolist() == [0]


def test_too_few_rows_say_nothing() -> None:
    one = sums(np.zeros(30, dtype=int), np.arange(30) // 15, np.ones(30), np.full(30, 0.1), 1)
    assert departures(one, one).tolist() == [0]  # 15 are left without the most striking block
