"""Whether the labels of a source are out of the ordinary: its share of a class, held against its own blocks.

Labels of one hour share what happened in it, so the share of a class differs from hour to hour by more than
chance. The share of a block is therefore taken to be drawn from a beta distribution, which is fitted to the
blocks before, and the labels of a class to be beta-binomial: Skellam, JRSS-B 1948; the fit by moments,
Kleinman, JASA 1973.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import lgamma

import numpy as np

from noria.core.student import quantile

ALPHA = 1e-4
"""The probability, about, that an ordinary block is called far off; by an hourly source, once in a year."""
SAME_WAY = 0.05
"""What others do at the same time is out of the ordinary, too, from this probability on."""
BLOCKS = 14
"""Blocks without which nobody knows what is ordinary."""
LABELS = 20
"""Labels of a block below which its share says nothing."""
CROWD = 3
"""So many times the largest block before is a number of labels out of the ordinary."""
NORMAL = 3.719
"""The quantile of the normal distribution at 1 - ALPHA."""
_SPREADS = 1e-7, 1 - 1e-7


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """So many labels that came in an hour, of which `events` were of a class."""

    events: int
    labels: int


def suspicious(
    own: Sequence[Block], block: Block, others: Sequence[Block], beside: Block, classes: int = 1
) -> bool:
    """Return whether a source's block should not be believed before a person has looked at it.

    Its share of a class is far off from that of its `own` blocks before; and those of the `others`, who sent
    `beside` at the same time, are not off in the same way, for then the world has changed. Where no others
    are known well enough, the number of its labels has to be far off, too. `classes` are asked at once.
    """
    above = tail(own, block, above=True)
    below = tail(own, block, above=False)
    if min(above, below) >= ALPHA / (2 * classes):
        return False
    if len(others) >= BLOCKS and beside.labels >= LABELS:
        return tail(others, beside, above=above < below) >= SAME_WAY
    return block.labels > CROWD * max(before.labels for before in own)


def tail(before: Sequence[Block], block: Block, *, above: bool) -> float:
    """Return how probable a share like a block's is, or one further off on its side; 1 where nobody knows.

    The spread is that of the blocks `before`, widened for being known from so few of them.

    Example: after 20 blocks with 1 event among 10 labels each, 8 or more events among 20 labels have a
    probability of 0.0005.
    """
    if len(before) < BLOCKS or block.labels < LABELS:
        return 1.0
    events = np.array([each.events for each in before], float)
    labels = np.array([each.labels for each in before], float)
    mean = (events.sum() + 0.5) / (labels.sum() + 1)
    widened = (1 + 1 / len(before)) * (quantile(1 - ALPHA, len(before) - 1) / NORMAL) ** 2
    spread = float(np.clip(widened * _spread(events, labels, mean), *_SPREADS))
    weight = (1 - spread) / spread
    seen, share = (block.events, mean) if above else (block.labels - block.events, 1 - mean)
    return _beta_binomial_tail(seen, block.labels, share * weight, (1 - share) * weight)


def _spread(events: np.ndarray, labels: np.ndarray, mean: float) -> float:
    """Return the variance of the blocks' own shares in units of mean (1 - mean), from 0 to 1."""
    total, blocks = labels.sum(), len(labels)
    scatter = (labels * (events / labels - mean) ** 2).sum() / (mean * (1 - mean))
    return float((scatter - (blocks - 1)) / (total - (labels**2).sum() / total - (blocks - 1)))


def _beta_binomial_tail(events: int, labels: int, one: float, other: float) -> float:
    """Return the probability of so many events or more, from the ratios of neighbouring probabilities."""
    k = np.arange(labels)
    ratios = np.log((labels - k) / (k + 1) * (one + k) / (other + labels - k - 1))
    first = _log_beta(one, other + labels) - _log_beta(one, other)
    logs = first + np.concatenate([[0.0], np.cumsum(ratios)])
    return float(min(np.exp(logs[events:]).sum(), 1.0))


def _log_beta(a: float, b: float) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)
