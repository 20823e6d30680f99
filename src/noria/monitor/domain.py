"""What tells two sets of rows apart, all columns together: a domain classifier, asked to explain a drift.

A model learns to tell rows that came in from rows that were learnt from. How well it does on days that it
has not seen is its AUC: .5 where nothing tells them apart. Never an alarm: with a little weather in its
columns, each month is told from all others (Lipton et al., ICML 2018, on what such a classifier shows).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from noria.errors import DataError

ROWS = 20_000
"""Rows of each set that are looked at, at most."""
FOLDS, ROUNDS = 5, 50
CATEGORIES = 250
"""Categories of a column that are told apart; the rarer ones count as missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """How well rows are told apart on unseen days (AUC), and how much of it each column is worth.

    `columns` are in the order of the AUC that is lost when their values are shuffled.
    """

    auc: float
    columns: tuple[tuple[str, float], ...]


def tell_apart(
    learnt: pl.DataFrame, came: pl.DataFrame, features: Mapping[str, str], seed: int = 0
) -> Domain:
    """Return what tells the rows that came from those learnt from; both have a timestamp `_time`.

    `features` are the columns to look at, with "number" or "category".

    Raises:
        DataError: one of them is of a single hour, so that nothing is left to judge by.
    """
    from sklearn.metrics import roc_auc_score

    both = pl.concat([_sampled(learnt, features, seed), _sampled(came, features, seed)])
    table = np.column_stack([_numbers(both[name]) for name in features])
    truth = np.repeat([0, 1], [min(ROWS, learnt.height), min(ROWS, came.height)])
    dice = np.random.default_rng(seed)
    whole, lost = [], []
    for train, test in _folds(both["_time"], truth, seed):
        model = _model(table[train], truth[train], list(features.values()), seed)

        def auc(rows: np.ndarray, model: Any = model, test: np.ndarray = test) -> float:
            return float(roc_auc_score(truth[test], model.predict(rows)))

        whole.append(auc(table[test]))
        lost.append([whole[-1] - auc(_mixed(table[test], number, dice)) for number in range(len(features))])
    worth = zip(features, np.mean(lost, axis=0).tolist(), strict=True)
    return Domain(auc=float(np.mean(whole)), columns=tuple(sorted(worth, key=lambda pair: -pair[1])))


def _sampled(rows: pl.DataFrame, features: Mapping[str, str], seed: int) -> pl.DataFrame:
    types = {"number": pl.Float64, "category": pl.String}
    columns = [pl.col(name).cast(types[kind], strict=False) for name, kind in features.items()]
    return rows.select("_time", *columns).sample(min(ROWS, rows.height), seed=seed)


def _numbers(values: pl.Series) -> np.ndarray:
    """Return numbers as they are, categories by their rank in frequency; NaN for missing and rare ones."""
    if values.dtype != pl.String:
        return values.to_numpy()
    frequent = values.drop_nulls().value_counts(sort=True)[values.name].head(CATEGORIES).to_list()
    ranks = {category: float(rank) for rank, category in enumerate(frequent)}
    return values.replace_strict(ranks, default=None, return_dtype=pl.Float64).to_numpy()


def _folds(times: pl.Series, truth: np.ndarray, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield rows to learn from and to judge by, which share no day; or no hour, where there are few days."""
    from sklearn.model_selection import StratifiedGroupKFold

    for unit in ("1d", "1h"):
        blocks = times.dt.truncate(unit).to_physical().to_numpy()
        fewest = min(len(np.unique(blocks[truth == each])) for each in (0, 1))
        if fewest >= FOLDS:
            break
    if fewest < 2:
        raise DataError("rows of a single hour cannot be told apart from others", hint="noria drift")
    groups = np.unique(np.column_stack([blocks, truth]), axis=0, return_inverse=True)[1]
    split = StratifiedGroupKFold(min(FOLDS, fewest), shuffle=True, random_state=seed)
    yield from split.split(truth, truth, groups)


def _model(table: np.ndarray, truth: np.ndarray, kinds: Sequence[str], seed: int) -> Any:
    from lightgbm import Dataset, train

    categories = [number for number, kind in enumerate(kinds) if kind == "category"]
    settings = {"objective": "binary", "num_threads": 1, "verbosity": -1, "seed": seed}
    return train(settings, Dataset(table, truth, categorical_feature=categories), num_boost_round=ROUNDS)


def _mixed(table: np.ndarray, number: int, dice: np.random.Generator) -> np.ndarray:
    """Return the rows with the values of one column in random order."""
    mixed = table.copy()
    mixed[:, number] = dice.permutation(mixed[:, number])
    return mixed
