"""The candidates of a run, one for each window: how they are trained, and how what is judged is measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from noria.core.gates import Evidence
from noria.loop.run import Run
from noria.rows import Checkout, Cut, Rival, Snapshot, Training, VersionRow


def train_all(run: Run, checkout: Checkout, snapshot: Snapshot, *, full: bool) -> dict[str, Training]:
    """Train on each window, with or without the holdout, and return the models by window."""

    def make(cut: Cut) -> Training:
        kind, rows = ("full", cut.full) if full else ("train", cut.train)
        return train(run, checkout, rows, f"{kind}-{cut.window}")

    first, *others = snapshot.cuts  # the step of a run's first candidate has a plain name
    made = {first.window: run.step("train", partial(make, first), Training)}
    return made | {
        cut.window: run.step(f"train-{cut.window}", partial(make, cut), Training) for cut in others
    }


def train(run: Run, checkout: Checkout, rows: str, name: str) -> Training:
    """Execute the pipeline on a file of rows; it may go on from what the champion ships."""
    champion = run.parts.version(run.parts.state.model(run.parts.model).champion)
    return run.parts.jobs.train(run.id, checkout, rows, name, champion.artifact if champion else None)


def measure_all(
    run: Run, snapshot: Snapshot, models: Mapping[str, Training], rival: Rival | None, *, is_champion: bool
) -> dict[str, Evidence]:
    """Measure each model on the holdout; where nothing is held out, nothing is measured."""
    if not snapshot.holdout_rows:
        return {window: Evidence() for window in models}
    newer = _is_newer(run, run.parts.version(run.facts["rival"]), snapshot)

    def measure(window: str) -> Evidence:
        seen = run.parts.jobs.evaluate(run.id, snapshot, models[window].artifact, rival, newer)
        return replace(seen, is_champion=is_champion)

    first, *others = models
    measured = {first: run.step("evaluate", partial(measure, first), Evidence)}
    return measured | {
        window: run.step(f"evaluate-{window}", partial(measure, window), Evidence) for window in others
    }


def _is_newer(run: Run, champion: VersionRow | None, snapshot: Snapshot) -> bool:
    """Return whether what ships knows newer data or other code than the champion."""
    if champion is None or snapshot.version > champion.facts["data_version"]:
        return True
    return bool(run.facts["diff"]) or run.row.commit != champion.facts["commit"]
