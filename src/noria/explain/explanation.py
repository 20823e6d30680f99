"""Why a version answered as it did: what each column brought, with its value's place among those it knew."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from noria.artifact.contributions import Contributions
from noria.core.quality import Array
from noria.explain import reasons
from noria.explain.prediction import Prediction
from noria.explain.version import Version


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What a column brought: its `contribution` on the scale of the explanation.

    `place` is where its value lies among the known ones, and `reason` all of it in a sentence.
    """

    column: str
    value: Any
    contribution: float
    place: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A past prediction explained: `base` and all contributions add up to `score`.

    `output` is what was answered, and `explained` the class whose score it is, "" where there are not
    several. `scale` says what a score is. `exact` contributions are the trees' own; others were sampled
    against the `background`, which is named by its digest. Parts are sorted by size.
    """

    id: str
    at: datetime
    entity: str
    model: str
    version: int
    role: str
    output: float | list[float]
    explained: str
    scale: str
    base: float
    score: float
    parts: tuple[Part, ...]
    exact: bool
    background: str


def explanation(prediction: Prediction, version: Version) -> Explanation:
    """Explain a prediction by the version that answered it.

    Raises:
        ArtifactError: the version answers otherwise than it did.
    """
    answer, row, model = version.repeated(prediction), version.rows(prediction), version.model
    place = int(answer.argmax())  # of several classes the one that was answered
    told = version.contributions(row)
    parts = [
        _part(version, name, row[name][0], float(part))
        for name, part in zip(model.features, told.parts[0, place], strict=True)
    ]
    return Explanation(
        id=prediction.id,
        at=prediction.at,
        entity=prediction.entity,
        model=version.row.model,
        version=version.row.version,
        role=prediction.role,
        output=prediction.output,
        explained=model.classes[place] if model.classes else "",
        scale=_scale(model.task, answer[place], told, place),
        base=float(told.base[0, place]),
        score=float(told.score[0, place]),
        parts=tuple(sorted(parts, key=lambda part: -abs(part.contribution))),
        exact=told.exact,
        background=version.digest,
    )


def _part(version: Version, name: str, value: Any, contribution: float) -> Part:
    place = reasons.place(value, version.background[name], version.model.features[name])
    said = reasons.reason(name, value, place, contribution)
    return Part(column=name, value=value, contribution=contribution, place=place, reason=said)


def _scale(task: str, answer: Array, told: Contributions, place: int) -> str:
    """Return what the scores are that the parts add up to."""
    if np.isclose(told.score[0, place], answer):
        return "the answer" if task == "regression" else "probability"
    return {"binary": "log-odds", "multiclass": "score before the softmax"}.get(task, "score before the link")
