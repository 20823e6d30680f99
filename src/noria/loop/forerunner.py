"""The run before, whose models are judged in place of those that a run makes.

What a run ships is trained on every row that is known, so none is left to judge it by. A twin can stand in
for it that was trained without the newest rows: a second training. But where the code is that of the run
before, that run's models are such twins already, and all that came since is new to them: each model is tested
on what comes next, and the next one learns from it (prequential evaluation: Dawid, J. R. Stat. Soc. A 1984;
Gama, Sebastiao and Rodrigues, Mach. Learn. 2013).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import msgspec

from noria.core.ledger import plain
from noria.loop.parts import Parts
from noria.loop.past import RECENT
from noria.project.model import Evaluation
from noria.rows import Checkout, RunRow, Snapshot, Training


@dataclass(frozen=True, slots=True, kw_only=True)
class Forerunner:
    """A run of the same code: its models by window, and the time of the last row that they know.

    `version` is what it registered, None where it was refused; `rival` the champion when it ran.
    """

    run: str
    started: datetime
    learnt: str
    models: Mapping[str, Training]
    version: int | None
    rival: int | None


def forerunner(parts: Parts, run: str, checkout: Checkout, windows: Sequence[str]) -> Forerunner | None:
    """Return the newest run before that left models, if these can stand in: the same code, a same window."""
    train = parts.project.train
    if train.evaluation is not Evaluation.PREQUENTIAL or not train.holdout:
        return None
    runs = parts.state.runs(parts.model, RECENT)
    last = next((row for row in runs if row.id != run and "models" in row.facts), None)
    if (
        last is None
        or last.facts["code"] != code_of(checkout)
        or not set(last.facts["models"]) & set(windows)
    ):
        return None
    return of_run(last)


def of_run(row: RunRow) -> Forerunner:
    """Return a run that left models as a forerunner."""
    return Forerunner(
        run=row.id,
        started=row.started,
        learnt=row.facts["learnt"],
        models=msgspec.convert(row.facts["models"], dict[str, Training], strict=False),
        version=row.version,
        rival=row.facts["rival"],
    )


def code_of(checkout: Checkout) -> str:
    """Return what tells one run's code and parameters from another's: the commit, and the changes to it."""
    differs = sha256(checkout.diff.encode()).hexdigest() if checkout.diff else ""
    return f"{checkout.commit} {differs}".strip()


def left_by(snapshot: Snapshot, models: Mapping[str, Training], *, full: bool) -> dict[str, Any]:
    """Return the facts that let a run be a forerunner; `full` says that its models know the holdout too."""
    return {"models": plain(models), "learnt": snapshot.newest if full else snapshot.before}
