"""The guard after a promotion: the model before goes on as a shadow, and comes back where it is better.

Gates and rollout have seen few days. The guard looks at each day that matures after the promotion, with the
day as the unit: rows of one day may be bad luck together.
"""

from __future__ import annotations

from collections.abc import Sequence

from noria.core.gain import by_days
from noria.core.limits import Finding
from noria.core.paired import Moments

ALPHA = 0.2
"""The probability, at most, that a guard takes a champion back that is no worse, in all its looks.

To go back to a model that is as good costs nothing but the copies so far; to stay with a worse one costs each
day. So it is less strict than the tests that let a model pass.
"""
WORTHWHILE = 0.005
"""The share of the loss that the model before has to be better by."""


def judge(before: Sequence[Moments], loss: Moments, needed: int = 0) -> Finding:
    """Test whether the model before the champion is better than it, by its gains on each day.

    `loss` are the losses of the model before, on all these days. With fewer than three days, or fewer rows
    than `needed`, nothing is proven.
    """
    seen = by_days(before, 2 * ALPHA)  # one side of it is asked for
    return Finding(
        test="guard",
        statistic=seen.low,
        bound=0.0,
        above=seen.rows >= needed and seen.mean > WORTHWHILE * loss.mean,
        said=f"the model before would have gained {seen}",
        counts=seen.numbers | {"loss": loss.mean, "needed": needed},
    )
