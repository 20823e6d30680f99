"""Labels that a model of the other rows finds wrong: confident learning.

Northcutt, Jiang, Chuang, JAIR 2021, as cleanlab computes it from out-of-fold probabilities.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from noria.core.quality import Array
from noria.dataset.examples import Examples
from noria.errors import DataError

SHOWN = 20
"""The most rows that a report shows of one kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelErrors:
    """How many of the rows seem to have a wrong label, and the worst of them.

    `explained` is the share (0 to 1) of the labels' entropy that the model explains. Near 0, labels are
    mostly chance to it, and so is what it finds wrong: then read the rows as those that surprise most.

    Each of `rows` has, beside its columns, `likely`, the label that the model expects, and `chance`, the
    probability (0 to 1) that it gives to the label that stands there.
    """

    count: int
    share: float
    explained: float
    rows: tuple[dict[str, Any], ...]


def label_errors(known: Examples, chances: Array) -> LabelErrors:
    """Return the examples whose label is probably wrong; `chances` of shape (n, k) are out of fold.

    Raises:
        DataError: cleanlab is not installed.
    """
    found = suspects(known, chances)
    return LabelErrors(
        count=len(found),
        share=len(found) / max(len(known.labels), 1),
        explained=_explained(known, chances),
        rows=tuple(_shown(known, chances, index) for index in found[:SHOWN]),
    )


def suspects(known: Examples, chances: Array) -> list[int]:
    """Return the numbers of the examples whose label is probably wrong, the least likely first."""
    try:
        from cleanlab.filter import find_label_issues
    except ImportError:
        raise DataError(
            "label errors are found by cleanlab, which is not installed", hint="pip install 'noria[data]'"
        ) from None
    if len(np.unique(known.labels)) < len(known.classes) or len(known.classes) < 2:
        return []
    found = find_label_issues(
        known.labels, chances, return_indices_ranked_by="self_confidence", filter_by="both", n_jobs=1
    )
    return [int(index) for index in found]


def _explained(known: Examples, chances: Array) -> float:
    shares = np.bincount(known.labels, minlength=len(known.classes)) / len(known.labels)
    entropy = -np.log(shares[known.labels]).mean()
    given = np.maximum(chances[np.arange(len(known.labels)), known.labels], 1e-6)
    return round(max(0.0, 1 + float(np.log(given).mean() / entropy)), 4) if entropy else 0.0


def _shown(known: Examples, chances: Array, index: int) -> dict[str, Any]:
    likely = known.classes[int(chances[index].argmax())]
    chance = round(float(chances[index, known.labels[index]]), 4)
    return {"likely": likely, "chance": chance, **known.rows.row(index, named=True)}
