from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

from noria.core.knn_shapley import knn_shapley


def utility(
    members: tuple[int, ...], distance: NDArray[np.float64], matches: NDArray[np.bool_], k: int
) -> float:
    """The share of the k nearest members that have the test row's label."""
    nearest = sorted(members, key=lambda row: distance[row])[:k]
    return sum(bool(matches[row]) for row in nearest) / k


def test_it_is_the_shapley_value_over_all_subsets() -> None:
    random = np.random.default_rng(0)
    train, labels = random.normal(size=(7, 2)), random.integers(0, 2, 7)
    test, truth = random.normal(size=(3, 2)), random.integers(0, 2, 3)
    for k in (1, 3):
        wanted = np.zeros(7)
        for row in range(7):
            others = [other for other in range(7) if other != row]
            for size in range(7):
                for members in combinations(others, size):
                    for point, label in zip(test, truth, strict=True):
                        distance, matches = ((train - point) ** 2).sum(axis=1), labels == label
                        more = utility((*members, row), distance, matches, k)
                        less = utility(members, distance, matches, k)
                        wanted[row] += (more - less) / comb(6, size) / 7 / 3
        assert np.allclose(knn_shapley(train, labels, test, truth, k=k), wanted)


def test_rows_with_turned_labels_are_worth_least() -> None:
    random = np.random.default_rng(1)
    train = np.concatenate([random.normal(-2, 1, (500, 2)), random.normal(2, 1, (500, 2))])
    labels = np.repeat([0, 1], 500)
    wrong = random.permutation(1000)[:30]
    labels[wrong] = 1 - labels[wrong]
    test, truth = train[::5] + 0.01, np.repeat([0, 1], 100)
    worst = np.argsort(knn_shapley(train, labels, test, truth))[:30]
    assert len(set(worst) & set(wrong)) >= 25
