"""Shapley values by sampled orders: how far each feature of a row moved the answer away from the usual."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Answers = Callable[[NDArray[np.bool_], NDArray[np.int64]], Numbers]
"""The answers, shape (n, outputs), to mixed rows: where `known`, shape (n, features), a value is that of the
row in question, elsewhere that of the background row at `place`, shape (n,)."""


def shapley(answers: Answers, features: int, backgrounds: int, seed: int = 0) -> tuple[Numbers, Numbers]:
    """Return the part of each feature, shape (outputs, features), and the mean answer to the background.

    Together they are the answer to the row, whatever orders were drawn. Starting from each background row,
    the row's values are taken over one by one, in a random order and in its reverse, and each step is what
    its feature brings. Strumbelj and Kononenko, JMLR 2010; antithetic orders: Mitchell et al., JMLR 2022.

    >>> row, background = np.array([3.0, 5.0]), np.array([[1.0, 1.0], [2.0, 0.0]])
    >>> add = lambda known, place: np.where(known, row, background[place]).sum(axis=1, keepdims=True)
    >>> [part.tolist() for part in shapley(add, 2, 2)]  # 3 - 1.5 and 5 - 0.5; (1 + 1 + 2 + 0) / 2
    [[[1.5, 4.5]], [2.0]]
    """
    random = np.random.default_rng(seed)
    ranks = np.argsort(random.random((backgrounds, features)), axis=1)
    ranks = np.concatenate([ranks, features - 1 - ranks])
    steps = np.arange(features + 1)
    known = ranks[:, None, :] < steps[:, None]
    place = np.repeat(np.tile(np.arange(backgrounds), 2), features + 1)
    told = answers(known.reshape(-1, features), place).reshape(len(ranks), features + 1, -1)
    brought = np.take_along_axis(np.diff(told, axis=1), ranks[:, :, None], axis=1)
    return brought.mean(axis=0).T, told[:, 0].mean(axis=0)
