"""How easily clients flip decisions, by changes within their reach. Why our own: docs/decisions/0018."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from noria.artifact.model import columns_of
from noria.artifact.predictor import Predictor
from noria.core.quality import Array
from noria.errors import ProjectError
from noria.gates.finding import SHOWN, Finding, failed, passed
from noria.gates.flipping import Columns, decisions, flip, margins, moved
from noria.gates.reach import Reach, reaches
from noria.gates.subject import Subject
from noria.pipeline.evaluate import plain

ROWS = 1000
"""Rows of the holdout that are attacked, the newest."""
CHUNK = 250
"""Rows that are attacked together; after each chunk the time is looked at."""


def attack(
    subject: Subject,
    *,
    columns: Mapping[str, object],
    flips: float,
    accuracy: float | None,
    seconds: float,
) -> Finding:
    """Few decisions flip under changes that clients can make, and the accuracy under attack has its floor."""
    if subject.candidate.task == "regression":
        raise ProjectError(("[[gates]] attack: a regression has no decisions to flip",), hint="noria doctor")
    within, model = reaches(subject, columns), subject.candidate.predictor
    rows = subject.holdout.tail(ROWS).sample(fraction=1, shuffle=True, seed=0)
    random, begun, asked, places = np.random.default_rng(0), time.monotonic(), 0, []
    for chunk in rows.iter_slices(CHUNK):
        places.append(flip(model, columns_of(chunk, model), within, random))
        asked += chunk.height
        if time.monotonic() - begun > seconds:
            break
    return _judged(subject, rows.head(asked), within, np.vstack(places), flips, accuracy)


def _judged(
    subject: Subject,
    rows: pl.DataFrame,
    within: Sequence[Reach],
    places: Array,
    flips: float,
    accuracy: float | None,
) -> Finding:
    model = subject.candidate.predictor
    given = columns_of(rows, model)
    before = decisions(model, given)
    flipped = margins(model, moved(given, within, places), before) < 0
    right = before == _classes(subject, rows)
    held, share = float((right & ~flipped).mean()), float(flipped.mean())
    weak = _blamed(model, given, within, places, flipped)
    said = f"{share:.1%} of {rows.height} decisions flip{weak}"
    numbers: dict[str, Any] = {
        "flips": share,
        "accuracy": held,
        "before": float(right.mean()),
        "asked": rows.height,
    }
    shown = _shown(model, given, within, places, flipped)
    if share > flips:
        return failed(f"{said}; {flips:.1%} may", rows=shown, **numbers)
    if accuracy is not None and held < accuracy:
        reason = f"accuracy under attack is {held:.1%}, and {accuracy:.1%} are wanted; {said}"
        return failed(reason, rows=shown, **numbers)
    return passed(said, rows=shown, **numbers)


def _classes(subject: Subject, rows: pl.DataFrame) -> Array:
    return subject.candidate.truth(rows[subject.project.data.label])


def _blamed(model: Predictor, given: Columns, within: Sequence[Reach], places: Array, flipped: Any) -> str:
    """Say which column flips most of the flipped rows alone."""
    before, alone = decisions(model, given), Counter[str]()
    for number, reach in enumerate(within):
        only = np.full_like(places, np.nan)
        only[:, number] = places[:, number]
        alone[reach.name] = int((flipped & (margins(model, moved(given, within, only), before) < 0)).sum())
    (name, count), *_ = alone.most_common(1)
    return f", {count / flipped.sum():.0%} of these by {name!r} alone" if count else ""


def _shown(
    model: Predictor, given: Columns, within: Sequence[Reach], places: Array, flipped: Any
) -> list[dict[str, Any]]:
    """Return some rows that flipped: the answers, and each changed column as it was and as it is."""
    some = np.flatnonzero(flipped)[:SHOWN]
    after = moved(given, within, places)
    table = {
        "answer": model.predict(given)[some].tolist(),
        "answer_after": model.predict(after)[some].tolist(),
    }
    for reach in within:
        table[reach.name] = np.asarray(given[reach.name])[some].tolist()
        table[f"{reach.name}_after"] = np.asarray(after[reach.name])[some].tolist()
    return [dict(zip(table, row, strict=True)) for row in zip(*plain(table).values(), strict=True)]
