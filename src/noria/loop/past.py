"""What the runs before found out, for the run that goes on from there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec

from noria.core.cadence import Gain
from noria.core.gates import Evidence
from noria.core.ledger import plain
from noria.core.trials import Trial, against, record
from noria.loop.parts import Parts
from noria.rows import RunRow

RECENT = 64
"""Runs that are looked back on."""


def trials(parts: Parts, before: str) -> list[Trial]:
    """Return what the runs before this one measured, oldest first."""
    runs = [run for run in parts.state.runs(parts.model, RECENT) if run.id != before and "trial" in run.facts]
    return [msgspec.convert(run.facts["trial"], Trial, strict=False) for run in reversed(runs)]


def remembering(evidence: Evidence, past: list[Trial]) -> Evidence:
    """Return the evidence with what earlier candidates said of the champion, and of the champions before."""
    own, base = evidence.against_champion, evidence.against_baseline
    return replace(
        evidence,
        pooled=against(evidence.rival, own, past),
        record=record(own, [trial.gains for trial in past]),
        baseline_record=record(base, [trial.baseline for trial in past]),
    )


def found(measured: Mapping[str, Evidence], window: str, trained: tuple[str, ...]) -> dict[str, Any]:
    """Return the facts that a run leaves to the ones after it.

    `measured` is by window, `window` that of the judged model; `trained` are those of the run's own models.
    """
    judged = measured[window]
    trial = Trial(
        rival=judged.rival,
        gains={metric: seen.by_block for metric, seen in judged.against_champion.items()},
        baseline={metric: seen.by_block for metric, seen in judged.against_baseline.items()},
        losses={window: evidence.losses for window, evidence in measured.items()},
        refit=judged.refit,
        trained=trained,
    )
    return {"window": window, "metrics": judged.metrics, "daily": plain(judged.daily), "trial": plain(trial)}


def gained(evidence: Evidence, newer: timedelta | None) -> dict[str, Any]:
    """Return the fact that tells the cadence what retraining gained; none where nothing was compared.

    `newer` is how much more of the world the judged model knew than its opponent, None without one.
    """
    seen = next((one for one in evidence.against_champion.values() if one.blocks and one.loss), None)
    if newer is None or seen is None:
        return {}
    return {"gain": {"share": seen.gain / seen.loss, "newer": newer.total_seconds()}}


def gains(runs: Iterable[RunRow]) -> tuple[Gain, ...]:
    """Return what the candidates of these runs gained over the champions of their time."""
    return tuple(
        Gain(
            share=run.facts["gain"]["share"],
            newer=timedelta(seconds=run.facts["gain"]["newer"]),
        )
        for run in runs
        if "gain" in run.facts and run.ended is not None
    )
