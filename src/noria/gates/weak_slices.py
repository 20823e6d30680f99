"""Slices of the holdout, of one column or of two, on which the candidate is worse than the champion."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import polars as pl

from noria.core.drift.discovery import discovered
from noria.core.quality import Array
from noria.core.slices import slice_test
from noria.gates.finding import SHOWN, Finding, failed, passed
from noria.gates.judged import Judged, judged, opponent
from noria.gates.slicing import Slicing, crossed, slicing
from noria.gates.subject import Subject

MOST = 50_000
"""The newest rows of the holdout that are searched."""
PARTS = 20
"""At least so many blocks are compared: a week has too few days."""
FREQUENT = 20
"""The most values of a column that are slices."""
PLAINER = 0.8
"""A slice of two columns is named before one of one column if its effect is larger all the same."""
CHANCE = 0.01
"""The share of false slices among those of one column that are found, and among those of two."""


def weak_slices(subject: Subject, *, rows: int, margin: float) -> Finding:
    """No slice of the holdout got worse than with the champion, by more than a margin and beyond chance.

    Where the judged model is the champion itself, what ships is asked: it has learnt from these rows, and is
    worse on a slice all the same. Without a champion, the opponent is a constant, the labels' mean.
    """
    if subject.holdout.height < rows:
        return passed(f"{subject.holdout.height} rows held out: too few to say")
    other, seen = opponent(subject), judged(subject)
    if np.array_equal(seen.output, other.output):
        seen = replace(seen, output=subject.candidate.predict(seen.rows))
    newest = other.untouched & (np.arange(len(seen.truth)) >= len(seen.truth) - MOST)
    seen, against = seen[newest], other.output[newest]
    if seen.rows.height < rows:
        return passed(f"{seen.rows.height} rows are new to {other.name}: too few to say")
    found = _searched(subject, seen, against, rows, margin)
    weak = found.filter("found").sort("effect", descending=True)
    numbers = {"slices": found.height, "weak": weak.height, "searched": seen.rows.height}
    if weak.is_empty():
        text = f"none of {found.height} slices got worse than with {other.name}"
        return passed(text, rows=_shown(found.sort("loss", descending=True)), **numbers)
    first = weak.row(0, named=True)
    loss = subject.project.loss.name
    return failed(
        f"{first['slice']}: {loss} {first['loss']:.4f}, {first['opponent']:.4f} with {other.name}, "
        f"{first['rows']} rows; {weak.height} of {found.height} slices got worse",
        rows=_shown(weak),
        **numbers,
    )


def _searched(subject: Subject, seen: Judged, against: Array, least: int, share: float) -> pl.DataFrame:
    """Return the slices of one column, and those of two, with what is lost there, and which got worse."""
    loss = subject.project.loss
    own, other = (loss.losses(seen.truth, output) for output in (seen.output, against))
    margin = share * float(other.mean())
    single = [slicing(seen.rows[name], FREQUENT) for name in subject.features]
    whole = Slicing(names=("all rows",), codes=np.zeros(len(own), dtype=np.int64))
    pairs = [crossed(*pair) for pair in combinations(single, 2)]

    families = {1.0: [whole, *single], PLAINER: pairs}
    return pl.concat(
        [
            _tested(family, seen, own, other, least, margin).with_columns(
                found=pl.col("p").map_batches(_found, return_dtype=pl.Boolean),
                effect=(pl.col("loss") - pl.col("opponent")) * pl.col("rows").sqrt() * weight,
            )
            for weight, family in families.items()
            if family
        ]
    )


def _tested(
    family: list[Slicing], seen: Judged, own: Array, other: Array, least: int, margin: float
) -> pl.DataFrame:
    """Return the slices of a family that can be judged."""
    blocks = seen.blocks
    if len(np.unique(blocks)) < PARTS:
        blocks = np.arange(len(own)) * PARTS // len(own)
    tests = [
        slice_test(cut.codes, len(cut.names), blocks, own, other, least=least, margin=margin)
        for cut in family
    ]
    return pl.DataFrame(
        {
            "slice": [name for cut in family for name in cut.names],
            "rows": np.concatenate([test.rows for test in tests]).astype(int),
            "loss": np.concatenate([test.own for test in tests]),
            "opponent": np.concatenate([test.other for test in tests]),
            "p": np.concatenate([test.p for test in tests]),
        }
    ).filter(pl.col("p").is_not_nan())


def _found(p: pl.Series) -> pl.Series:
    return pl.Series(discovered(p.to_numpy(), CHANCE), dtype=pl.Boolean)


def _shown(table: pl.DataFrame) -> list[dict[str, Any]]:
    return table.drop("found", "effect").head(SHOWN).to_dicts()
