import numpy as np

from noria.core.excess import departures, levelled, sums

BEFORE, AFTER, CELLS = 4000, 1000, 10
CHANCE = 0.2


def played(seed: int, turned: int) -> np.ndarray:
    """z of ten cells of rows with one chance in five, of which `turned` rows of cell 3 said otherwise."""
    random = np.random.default_rng(seed)
    cells, observed = random.integers(0, CELLS, BEFORE + AFTER), random.random(BEFORE + AFTER) < CHANCE
    chosen = np.flatnonzero((cells == 3) & ~observed & (np.arange(BEFORE + AFTER) >= BEFORE))
    observed[random.permutation(chosen)[:turned]] = True
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
    z = np.array([played(seed, 50) for seed in range(20)])
    assert (z.argmax(axis=1) == 3).all()
    assert np.median(z[:, 3]) > 4


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
    assert departures(older, none)[0] < -5
    assert departures(older, fewer)[0] > -2


def test_a_quarter_of_the_days_is_no_departure_and_half_of_them_is() -> None:
    cells, days, chance = np.zeros(1200, dtype=int), np.arange(1200) // 100, np.full(1200, 0.2)
    calm = (np.arange(1200) % 5 == 0).astype(float)
    older = sums(cells, np.arange(1200) // 240, calm, chance, 1)

    def after(stormy: int) -> float:
        new = sums(cells, days, np.where(days < stormy, 1.0, calm), chance, 1)
        return float(departures(older, new)[0])

    assert after(3) == 0
    assert after(6) > 5


def test_a_drift_is_no_departure_but_for_sources() -> None:
    cells, days = np.zeros(10_000, dtype=int), np.arange(10_000) // 1000
    older = sums(cells, days, (np.arange(10_000) % 10 < 4).astype(float), np.full(10_000, 0.4), 1)
    newer = sums(cells, days, (np.arange(10_000) % 20 < 9).astype(float), np.full(10_000, 0.4), 1)
    assert departures(older, newer)[0] < 2
    assert departures(older, newer, drift=0)[0] > 5


def test_too_few_rows_or_days_say_nothing() -> None:
    cells, share = np.zeros(30, dtype=int), np.full(30, 0.1)
    few = sums(cells, np.arange(30) // 3, np.tile([1, 1, 0], 10), share, 1)
    assert departures(few, few, known=31).tolist() == [0]
    assert departures(few, few, known=30)[0] > 0
    two = sums(cells, np.arange(30) // 15, np.ones(30), share, 1)
    assert departures(two, two, known=30).tolist() == [0]
