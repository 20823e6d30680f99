"""Do the candidate's probabilities come true as often as they say?"""

from __future__ import annotations

from typing import Any

from noria.core.calibration import likeliest
from noria.core.miscalibration import miscalibration
from noria.gates.finding import Finding, failed, inconclusive, passed
from noria.gates.judged import judged
from noria.gates.subject import Subject

CONFIDENCE = 0.95
"""One candidate in forty whose error is just at the ceiling is refused."""


def calibration(subject: Subject, *, ceiling: float, rows: int) -> Finding:
    """The calibration error on the holdout is not above its ceiling, beyond chance.

    Of several classes it is that of the likeliest one.
    """
    count = subject.holdout.height
    if count < rows:
        return inconclusive(f"{count} rows held out, {rows} needed")
    seen = judged(subject)
    truth, output = likeliest(seen.truth, seen.output)
    error = miscalibration(truth, output, seen.blocks, CONFIDENCE)
    text = f"calibration error {error.value:.4f} ({error.low:.4f} to {error.high:.4f}) on {count} rows"
    numbers: dict[str, Any] = {"error": error.value, "low": error.low, "high": error.high, "ceiling": ceiling}
    if error.low > ceiling:
        return failed(f"{text}, {ceiling:g} at most is allowed", **numbers)
    return passed(text, **numbers)
