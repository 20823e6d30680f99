"""Which windows of the past a run trains on, and which of its candidates goes to the gates.

No window wins everywhere: where the world stays as it is, all of the past is best; where it moves on, the old
rows mislead. With `window = "auto"` both are tried on the same matured blocks, until one is proven better.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from noria.core.compare import Comparison, Loss
from noria.core.trials import REMEMBERED, Trial, window_gain

ALL = "all"
RECENT = "recent"
AUTO = "auto"
NAMED = (ALL, RECENT, AUTO)
"""Windows by name; others are durations, such as "60d". `auto` lets matured blocks choose between the two."""
AGAIN = 4
"""A window that was proven worse is looked at again in every so-manieth run."""


def windows_to_train(window: str, past: Sequence[Trial]) -> tuple[str, ...]:
    """Return the windows of the next run, after the trials of the runs before, oldest first."""
    if window != AUTO:
        return (window,)
    better = proven(past)
    looked = next((n for n, trial in enumerate(reversed(past)) if len(trial.trained) > 1), AGAIN)
    return (ALL, RECENT) if better is None or looked + 1 >= AGAIN else (better,)


def choose(losses: Mapping[str, Sequence[Loss]], past: Sequence[Trial]) -> str:
    """Return the window whose candidate is judged, from the candidates' losses on the holdout, by window."""
    if len(losses) == 1:
        return next(iter(losses))
    return RECENT if recent_gain([*past, Trial(losses=losses)]).gain > 0 else ALL


def proven(past: Sequence[Trial]) -> str | None:
    """Return the window that is better beyond chance, None while neither is."""
    gain = recent_gain(past)
    return RECENT if gain.low > 0 else ALL if gain.high < 0 else None


def recent_gain(past: Sequence[Trial]) -> Comparison:
    """Return what the recent window has gained over all of the past, in the runs that are looked back on."""
    return window_gain(RECENT, ALL, [trial.losses for trial in past[-REMEMBERED:]])
