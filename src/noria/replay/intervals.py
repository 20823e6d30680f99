"""How sure a policy's loss is, and how sure it is that one policy is better than another.

Days follow each other: weather, seasons and a stale model last. So whole stretches of days are drawn again,
for all policies the same ones: the stationary bootstrap (Politis, Romano 1994), which is the moving-block
bootstrap (Künsch 1989) with stretches of random length. They are seven blocks long on average, which also
keeps Monday beside Sunday. An interval is the draws' standard deviation times Student's t for the number of
weeks: quantiles of the draws, meant to hold 95%, held 77% on four weeks and 88% on eight (autocorrelation .3
from day to day); these hold 96% and 96%.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

from noria.core.interval import Interval
from noria.replay.result import PolicyResult, Replay

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[np.float64]

CONFIDENCE = 0.95
"""Of every interval here; below two weeks it is infinite."""
STRETCH = 7
DRAWS = 1000
SEED = 1994


def best(replay: Replay) -> PolicyResult | None:
    """Return the policy with the lowest loss of those that can be chosen; None without any."""
    losses = losses_of(replay)
    return min(replay.choices, key=lambda policy: losses[policy.name].value, default=None)


def losses_of(replay: Replay, first: int = 0, last: int | None = None) -> dict[str, Interval]:
    """Return each comparable policy's loss over the span, in the unit of the primary metric.

    Only blocks `first` to `last` (excluded) count.
    """
    means, drawn = _means(replay, slice(first, last))
    return _by_name(replay, means, drawn, slice(first, last))


def gaps_to(replay: Replay, reference: str, first: int = 0, last: int | None = None) -> dict[str, Interval]:
    """Return how much higher each comparable policy's loss is than the reference's, paired by block.

    Only blocks `first` to `last` (excluded) count. To the best policy, the gap is the regret.
    """
    means, drawn = _means(replay, slice(first, last))
    of = [policy.name for policy in replay.comparable].index(reference)
    return _by_name(replay, means - means[of], drawn - drawn[:, [of]], slice(first, last))


def _by_name(replay: Replay, values: Array, drawn: Array, part: slice) -> dict[str, Interval]:
    return {
        policy.name: _interval(values[n], drawn[:, n], len(policy.blocks[part]))
        for n, policy in enumerate(replay.comparable)
    }


def _means(replay: Replay, part: slice) -> tuple[Array, Array]:
    """Return the policies' losses, shape (k,), and those of each draw, shape (DRAWS, k)."""
    import numpy as np

    policies = replay.comparable
    if not policies:
        return np.empty(0), np.empty((DRAWS, 0))
    starts = {tuple(block.start for block in policy.blocks) for policy in policies}
    if len(starts) > 1:
        raise ValueError("policies are compared on the same blocks: these have different ones")
    rows = np.array([block.rows for block in policies[0].blocks[part]], dtype=float)
    losses = np.array([[block.loss for block in policy.blocks[part]] for policy in policies])
    times = _draws(len(rows))
    means, drawn = losses @ rows / rows.sum(), (times @ (losses * rows).T) / (times @ rows)[:, None]
    return (np.sqrt(means), np.sqrt(drawn)) if replay.metric == "rmse" else (means, drawn)


@lru_cache(maxsize=4)
def _draws(blocks: int) -> Array:
    """Return how often each block is drawn, shape (DRAWS, blocks); the first follows the last."""
    import numpy as np

    random, places = np.random.default_rng(SEED), np.arange(blocks)
    begins = random.random((DRAWS, blocks)) < 1 / STRETCH
    begins[:, 0] = True
    since = np.maximum.accumulate(np.where(begins, places, 0), axis=1)
    starts = np.take_along_axis(random.integers(blocks, size=(DRAWS, blocks)), since, axis=1)
    drawn = (starts + places - since) % blocks + np.arange(DRAWS)[:, None] * blocks
    return np.bincount(drawn.ravel(), minlength=DRAWS * blocks).reshape(DRAWS, blocks).astype(float)


def _interval(value: float, drawn: Array, blocks: int) -> Interval:
    from scipy.special import stdtrit

    weeks = blocks / STRETCH
    if weeks < 2:
        half = float("inf")
    else:
        spread = float(drawn.std(ddof=1)) * (weeks / (weeks - 1)) ** 0.5
        half = float(stdtrit(weeks - 1, (1 + CONFIDENCE) / 2)) * spread
    return Interval(value=float(value), low=float(value) - half, high=float(value) + half)
