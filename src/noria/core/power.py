"""How much of a label a single column tells, alone.

The share of the label's variance that a small regression tree on the column explains (Breiman et al. 1984),
on rows that it was not made from: of a class, as the tau of Goodman and Kruskal (J. Am. Stat. Assoc. 1954);
of a number, of its ranks, so that neither outliers nor units count. 1: the column is the label in other
words; 0 or less: it tells nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from noria.core.quality.metric import Array

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FEWEST = 200
"""Rows below which nothing is said."""
DEPTH = 8
LEAF = 10
"""Rows that a leaf has at least."""


def power(values: Array, target: Array, made: NDArray[np.bool_], asked: NDArray[np.bool_]) -> float:
    """Return what a tree tells that is made from the rows `made`, about the rows `asked`.

    `values` of shape (n,) or (n, m) are the column's numbers, nan where missing; `target`, shape (n, k), is
    what `target_of` returns. nan where the label does not vary among the rows that are asked about.

    >>> import numpy as np
    >>> number = np.arange(1000) % 71
    >>> even = np.arange(1000) % 2 == 0
    >>> power(number, target_of(number > 60, 2), even, ~even) > 0.99
    True
    """
    import numpy as np
    from sklearn.tree import DecisionTreeRegressor

    columns = values.reshape(len(values), -1)
    tree = DecisionTreeRegressor(max_depth=DEPTH, min_samples_leaf=LEAF, random_state=0)
    found = tree.fit(columns[made], target[made]).predict(columns[asked])
    truth = target[asked]
    spread = float(((truth - truth.mean(axis=0)) ** 2).sum())
    missed = float(((truth - np.reshape(found, truth.shape)) ** 2).sum())
    return 1 - missed / spread if spread else float("nan")


def target_of(truth: Array, classes: int) -> Array:
    """Return labels as `power` takes them: a column for each class but the first; without classes, ranks."""
    import numpy as np

    if classes:
        is_class: Array = (truth[:, None] == np.arange(1, classes)).astype(float)
        return is_class
    _, place, counts = np.unique(truth, return_inverse=True, return_counts=True)
    ranks: Array = (np.cumsum(counts) - counts / 2)[place] / len(truth)
    return ranks[:, None]


def numbers_of(codes: NDArray[np.int64], target: Array, made: NDArray[np.bool_]) -> Array:
    """Return categories, numbered from 0, as a tree takes them: the mean target of each in the rows `made`.

    For two classes and for numbers no other order parts them better (Breiman et al. 1984, 4.2.2). What has
    few rows is near the mean of all.
    """
    import numpy as np

    count = np.bincount(codes[made], minlength=int(codes.max()) + 1)
    sums = np.array([np.bincount(codes[made], each[made], len(count)) for each in target.T]).T
    means: Array = (sums + target[made].mean(axis=0)) / (count + 1)[:, None]
    return means[codes]
