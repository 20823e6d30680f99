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
from typing import Any

import msgspec

from noria.core.ledger import plain
from noria.loop.parts import Parts
from noria.project.model import Evaluation
from noria.rows import Checkout, Rival, Snapshot, Training

RECENT = 64
"""Runs that are looked back on."""


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


def code_of(checkout: Checkout) -> str | None:
    """Return what tells one run's code from another's, None where it may be any: a changed working tree."""
    return None if checkout.diff else checkout.commit or "no commit"


def forerunner(parts: Parts, run: str, checkout: Checkout, windows: Sequence[str]) -> Forerunner | None:
    """Return the newest run before, if its models can stand in for this run's: the same code and windows."""
    if parts.project.train.evaluation is not Evaluation.PREQUENTIAL:
        return None
    before = (row for row in parts.state.runs(parts.model, RECENT) if row.id != run and "models" in row.facts)
    last = next(before, None)
    if last is None or last.facts["code"] is None or last.facts["code"] != code_of(checkout):
        return None
    models = msgspec.convert(last.facts["models"], dict[str, Training], strict=False)
    usable = {window: made for window, made in models.items() if window in windows}
    if not usable:
        return None
    return Forerunner(
        run=last.id,
        started=last.started,
        models=usable,
        learnt=last.facts["learnt"],
        version=last.version,
        rival=last.facts["rival"],
    )


def left_by(snapshot: Snapshot, models: Mapping[str, Training], *, full: bool) -> dict[str, Any]:
    """Return the facts that let a run be a forerunner; `full` says that its models know the holdout too."""
    return {"models": plain(models), "learnt": snapshot.newest if full else snapshot.before}


def twin_of(champion: Rival) -> Rival:
    """Return the model that was judged in place of a champion, and knows fewer rows, as a rival."""
    return Rival(
        version=champion.version,
        shipped=champion.twin,
        twin="",
        refit=False,
        data_version=champion.data_version,
        holdout_from=champion.holdout_from,
    )
