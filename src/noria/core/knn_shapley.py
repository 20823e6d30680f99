"""What each training row is worth to a classifier of the K nearest neighbours: its Shapley value, exactly.

The value of a set of rows is the share of the K nearest neighbours of a test row, in that set, that have its
label. With the n rows in the order of their distance, the nearest first, and m_i = 1 where labels match,
s_n = m_n / n and s_i = s_(i+1) + (m_i - m_(i+1)) / K min(K, i) / i. The mean over all test rows is the value:
below 0 is a row that hurts. Jia et al., VLDB 2019 (arXiv 1908.08619), theorem 1.

>>> train, labels = np.array([[0.0], [0.1], [5.0], [5.1]]), np.array([0, 1, 1, 1])
>>> knn_shapley(train, labels, np.array([[0.05], [5.05]]), np.array([0, 1]), k=1).round(3).tolist()
[0.5, 0.167, 0.167, 0.167]
"""

from __future__ import annotations

import numpy as np

from noria.core.drift.statistic import Numbers, Whole

AT_ONCE = 50
"""Test rows whose distances are held in memory together."""


def knn_shapley(train: Numbers, labels: Whole, test: Numbers, truth: Whole, k: int = 10) -> Numbers:
    """Return the value of each training row, shape (n,); `train` is (n, d), `test` (m, d), labels whole."""
    squares, total = (train**2).sum(axis=1), np.zeros(len(train))
    for begin in range(0, len(test), AT_ONCE):
        some, wanted = test[begin : begin + AT_ONCE], truth[begin : begin + AT_ONCE]
        order = np.argsort(squares - 2 * some @ train.T, axis=1, kind="stable")
        matches = (labels[order] == wanted[:, None]).astype(np.float64)
        np.add.at(total, order, _values(matches, k))
    return total / max(len(test), 1)


def _values(matches: Numbers, k: int) -> Numbers:
    """Return the values of rows in the order of their distance, for each test row; shape (m, n)."""
    rows = matches.shape[1]
    place = np.arange(1, rows)
    steps = (matches[:, :-1] - matches[:, 1:]) / k * np.minimum(k, place) / place
    last = matches[:, -1:] / rows
    return np.concatenate([steps[:, ::-1].cumsum(axis=1)[:, ::-1] + last, last], axis=1)
