"""What a plain LightGBM says of each row that it has not learnt from: the yardstick for labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from noria.core.quality import Array
from noria.dataset.examples import Examples, Whole
from noria.project.model import Data

if TYPE_CHECKING:
    from lightgbm import LGBMClassifier

FOLDS = 5
PARAMS: dict[str, Any] = {
    "n_estimators": 40,
    "learning_rate": 0.15,
    "num_leaves": 15,
    "max_bin": 63,
    "n_jobs": 1,
    "verbosity": -1,
}


def out_of_fold(known: Examples, folds: Whole) -> Array:
    """Return the probability of each class for each row, from models of the other folds; shape (n, k).

    `folds` has the shape (n,) and numbers each row's fold.
    """
    found = np.zeros((len(known.labels), len(known.classes)))
    for fold in np.unique(folds):
        held = folds == fold
        found[held] = chances(known, ~held, known.values[held])
    return found


def chances(known: Examples, learnt: NDArray[np.bool_], values: Array) -> Array:
    """Return the probability of each class for rows of `values`, from a model of the `learnt` examples."""
    from lightgbm import LGBMClassifier

    found = np.zeros((len(values), len(known.classes)))
    present = np.unique(known.labels[learnt])
    if len(present) == 1:
        found[:, present[0]] = 1
        return found
    model: LGBMClassifier = LGBMClassifier(random_state=0, **PARAMS)
    model.fit(known.values[learnt], known.labels[learnt], categorical_feature=known.categories)
    found[:, present] = model.predict_proba(values)
    return found


def by_time_or_entity(known: Examples, data: Data) -> Whole:
    """Return each row's fold: stretches of time; where entities come again, all rows of one in one fold."""
    if data.entity and known.rows[data.entity].n_unique() < known.rows.height:
        return known.rows[data.entity].rank("dense").to_numpy().astype(np.int64) % FOLDS
    return stretches(len(known.labels), FOLDS)


def stretches(rows: int, count: int) -> Whole:
    """Return numbers from 0 to count - 1 for rows in the order of their time; shape (rows,)."""
    return np.arange(rows) * count // max(rows, 1)
