"""The score of a row, by hand and beside what it has to do."""

from math import log

import numpy as np
import pytest

from noria.core.outliers import FEW, RATE, Detector, fit, learn, limit

NUMBERS = frozenset({"size"})
COLOURS = ["red"] * 75 + ["blue"] * 24 + [None]
SIZES = np.arange(1, 101.0)


def detector() -> Detector:
    """Return a detector of the numbers 1 to 100, and of 75 red, 24 blue and a missing colour."""
    return fit({"size": SIZES, "colour": COLOURS}, NUMBERS)


# The edges are at 1, 2, 4, 7, 13, 25 and 50, and as far from the other end: 51, 76, 88, 94, 97, 99 and 100.
@pytest.mark.parametrize(
    ("size", "share"),
    [
        (50, 0.50),  # 50 numbers are at most 50
        (51, 0.50),  # above 50 and at most 50 + 1: 50 numbers are above 50
        (26, 0.50),  # in the cell that ends at 50
        (25, 0.25),
        (2, 0.02),
        (1, 0.01),
        (100, 0.01),  # above 99 there is one
        (99, 0.03),  # above 97 there are three
        (0, 0.005 / (1 + 1 / 49.5)),  # below all, by 1, where half the range is 49.5: as rare as half a row
        (100 + 49.5, 0.005 / 2),
        (100 + 999 * 49.5, 0.005 / 1000),
        (None, 0.005),  # no size was missing
    ],
)
def test_the_cost_of_a_number_is_the_share_that_is_as_far_out(size: float | None, share: float) -> None:
    found = detector().terms({"size": [size], "colour": ["red"]}, 1)
    assert found[0, 0] == pytest.approx(-log(share))


@pytest.mark.parametrize(("colour", "share"), [("red", 0.75), ("blue", 0.24), (None, 0.01), ("green", 0.005)])
def test_the_cost_of_a_category_is_its_share(colour: str | None, share: float) -> None:
    found = detector().terms({"size": [50.0], "colour": [colour]}, 1)
    assert found[0, 1] == pytest.approx(-log(share))


def test_the_score_is_the_sum_or_the_largest_whichever_is_further() -> None:
    known = Detector(detector().columns, together=4.0, alone=3.0)
    assert known.score(np.array([[2.0, 1.0], [3.0, 0.0]])) == pytest.approx([3 / 4, 3 / 3])


def test_all_that_is_missing_together_hides_no_absurd_number() -> None:
    """In 1 row of 100 all ten columns of weather are missing: such a row's costs add up to much."""
    draw = np.random.default_rng(9)
    rows = {f"weather {number}": draw.normal(size=20_000) for number in range(10)}
    gone = draw.uniform(size=20_000) < 0.01
    rows = {name: np.where(gone, np.nan, values) for name, values in rows.items()}
    found, _ = learn(rows | {"distance": draw.exponential(size=20_000)}, frozenset({*rows, "distance"}))
    ordinary = {name: [0.0] for name in rows}
    assert found.scores({"distance": [1.0]}, 1)[0] < found.limit  # no weather
    assert found.scores(ordinary | {"distance": [1.0]}, 1)[0] < found.limit
    assert found.scores(ordinary | {"distance": [1e4]}, 1)[0] > found.limit


def test_the_sum_ranks_rows_as_the_empirical_distribution_does() -> None:
    """PyOD's ECOD: the larger of the two tails' -log, of each column, added up; its ranks agree."""
    draw = np.random.default_rng(11)
    table = np.column_stack([draw.normal(size=3_000), draw.exponential(size=3_000), draw.uniform(size=3_000)])
    ranks = table.argsort(axis=0).argsort(axis=0)
    exact = -np.log(np.minimum(ranks + 1, 3_000 - ranks) / 3_000).sum(axis=1)
    known = fit({str(place): column for place, column in enumerate(table.T)}, frozenset("012"))
    found = known.terms({str(place): column for place, column in enumerate(table.T)}, 3_000).sum(axis=1)
    assert np.corrcoef(exact.argsort().argsort(), found.argsort().argsort())[0, 1] > 0.94
    assert np.abs(exact - found).max() < 3 * np.log(2)  # a cost is exact to log 2


def test_the_score_is_the_sum_and_names_what_made_it() -> None:
    rows = {"size": [50.0, 0.0], "colour": ["green", "red"]}
    terms = detector().terms(rows, 2)
    below = -log(0.005) + log(1 + 1 / 49.5)
    assert detector().scores(rows, 2) == pytest.approx([-log(0.5) - log(0.005), below - log(0.75)])
    assert list(detector().told(terms[0])) == ["colour", "size"]
    assert list(detector().told(terms[1], most=1)) == ["size"]


def test_a_column_that_was_not_sent_is_missing() -> None:
    assert detector().scores({"size": [50.0]}, 1) == pytest.approx([-log(0.5) - log(0.01)])


def test_a_few_values_and_many_cost_the_same() -> None:
    sizes = [*np.random.default_rng(3).normal(50, 40, 2 * FEW).tolist(), None]
    many = detector().scores({"size": sizes}, len(sizes))
    assert many.tolist() == [detector().scores({"size": [size]}, 1)[0] for size in sizes]


def test_the_declared_share_of_ordinary_rows_is_above_the_limit() -> None:
    draw = np.random.default_rng(5)

    def rows(count: int) -> dict[str, np.ndarray]:
        return {name: draw.standard_t(3, count) for name in "abcdef"}

    found, scores = learn(rows(40_000), frozenset("abcdef"))
    new = found.scores(rows(40_000), 40_000) > found.limit
    assert (scores > found.limit).mean() <= RATE
    # 40 of 40,000 are due; the limit, learnt from as many rows, is as uncertain: sd of both together is 9.
    assert 13 <= new.sum() <= 67
    ordinary = {name: [0.0] for name in "abcdef"}
    assert found.scores(ordinary, 1)[0] < found.limit
    assert found.scores(ordinary | {"c": [1e12]}, 1)[0] > found.limit  # a single absurd number


def test_what_grows_with_time_is_no_outlier_for_that() -> None:
    draw = np.random.default_rng(7)
    rows = {"growing": np.arange(10_000.0), "other": draw.normal(size=10_000)}
    found, _ = learn(rows, frozenset(rows))
    later = {"growing": np.arange(10_000.0, 11_000), "other": draw.normal(size=1_000)}
    assert (found.scores(later, 1_000) > found.limit).mean() < 0.02


def test_without_rows_nothing_is_an_outlier() -> None:
    assert limit(np.empty(0)) == np.inf
    found, scores = learn({"size": np.empty(0), "colour": []}, NUMBERS)
    assert len(scores) == 0
    assert not (found.scores({"size": [1.0], "colour": ["red"]}, 1) > found.limit).any()
