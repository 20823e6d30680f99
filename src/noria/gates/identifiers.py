"""Features that only tell rows apart: what is learnt of them never comes again."""

from __future__ import annotations

import numpy as np
import polars as pl

from noria.gates.finding import Finding, failed, passed
from noria.gates.subject import Subject

FEWEST = 200
"""Rows below which many values are no sign."""
DENSE = 10
"""Whole numbers that are all different count rows if they leave at most so many out for each one there is."""


def identifiers(subject: Subject, *, unique: float) -> Finding:
    """No feature is an identifier: a category of nearly as many values as rows, or a running number."""
    rows = subject.train
    if rows.height < FEWEST:
        return passed(f"{rows.height} rows to train on: too few to say")
    shares = {name: _share(rows[name]) for name in subject.features}
    first = max(shares, key=lambda name: shares[name])
    table = [{"column": name, "unique": share} for name, share in shares.items() if share]
    numbers = {"unique": shares[first], "limit": unique}
    if shares[first] > unique:
        reason = f"{first} tells rows apart, as identifiers do: it has {shares[first]:.2f} values a row"
        return failed(reason, rows=table, **numbers)
    return passed(f"none of {len(shares)} features tells rows apart", rows=table, **numbers)


def _share(column: pl.Series) -> float:
    """Return how many values there are for each row that has one; 0 for numbers that measure something."""
    known = column.drop_nulls()
    if column.dtype.is_numeric() and not _is_running(known.cast(pl.Float64).drop_nans()):
        return 0.0
    return known.n_unique() / len(known) if len(known) >= FEWEST else 0.0


def _is_running(values: pl.Series) -> bool:
    """Return whether numbers count something: whole, all different, with few gaps."""
    if len(values) < FEWEST or not bool((values == values.floor()).all()):
        return False
    array = values.to_numpy()
    span = float(np.ptp(array)) + 1
    return len(np.unique(array)) == len(array) and span <= DENSE * len(array)
