import numpy as np

from noria.core.excess import departures, levelled, sums

BEFORE, AFTER, CELLS = 4000, 1000, 10
CHANCE = 0.2


def played(seed: int, turned: int) -> np.ndarray:
    """z of ten cells of rows with one chance in five, of which `turned` rows of cell 3 said otherwise."""
    random = np.random.default_rng(seed)
    cells, observed = random.integers(0, CELLS, BEFORE + AFTER), random.random(BEFORE + AFTER) < CHANCE
    chosen = np.flatnonzero((cells == 3) & ~observed & (np.arange(BEFORE + AFTER) >= BEFORE))[:turned]
    observed[chosen] = True
    blocks = np.arange(BEFORE + AFTER) // 100
    chance = levelled(observed, np.full(BEFORE + AFTER, CHANCE), blocks)
    older = sums(cells[:BEFORE], np.arange(BEFORE) // 400, observed[:BEFORE], chance[:BEFORE], CELLS)
    newer = sums(cells[BEFORE:], blocks[BEFORE:] - blocks[BEFORE], observed[BEFORE:], chance[BEFORE:], CELLS)
    return departures(older, newer)


def test_without_a_cause_cells_seldom_depart() -> None:
    z = np.array([played(seed, 0) for seed in range(100)])
    assert (np.abs(z) > 2.58).mean() < 0.01
    assert np.abs(z).max() < 4.5


def test_turned_rows_stand_out_in_their_cell() -> None:
    z = np.array([played(seed, 30) for seed in range(20)])
    assert (z.argmax(axis=1) == 3).all()
    assert np.median(z[:, 3]) > 3.5


def test_a_block_keeps_as_many_as_were_observed() -> None:
    random = np.random.default_rng(0)
    blocks, chance = np.arange(1000) // 100, random.uniform(0.01, 0.5, 1000)
    observed = random.random(1000) < chance * (1 + blocks % 2)
    level = levelled(observed, chance, blocks)
    assert np.allclose(np.bincount(blocks, level), np.bincount(blocks, observed))


def test_a_cell_without_any_case_counts_more_than_its_stretches_differ_by() -> None:
    random = np.random.default_rng(0)
    cells = np.zeros(2000, dtype=int)
    usual = random.random(2000) < np.where(np.arange(2000) // 400 % 2, 0.2, 0.4)  # stretches differ widely
    older = sums(cells, np.arange(2000) // 400, usual, np.full(2000, 0.3), 1)
    days = np.arange(500) // 100
    none = sums(cells[:500], days, np.zeros(500), np.full(500, 0.3), 1)
    fewer = sums(cells[:500], days, (np.arange(500) % 5 == 0).astype(float), np.full(500, 0.3), 1)
    assert departures(older, none)[0] < -6
    assert departures(older, fewer)[0] > -2


def test_one_day_alone_is_no_departure() -> None:
    cells, blocks, chance = np.zeros(1000, dtype=int), np.arange(1000) // 100, np.full(1000, 0.2)
    calm = (np.arange(1000) % 5 == 0).astype(float)
    older = sums(cells, np.arange(1000) // 200, calm, chance, 1)
    storm = sums(cells, blocks, np.where(blocks == 4, 1.0, calm), chance, 1)
    assert departures(older, storm).tolist() == [0]


def test_too_few_rows_say_nothing() -> None:
    one = sums(np.zeros(30, dtype=int), np.arange(30) // 15, np.ones(30), np.full(30, 0.1), 1)
    assert departures(one, one).tolist() == [0]  # 15 are left without the most striking block
