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
"""What others do at the same time is out of the ordinary, too, below this probability."""
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


def suspicious(past: Sequence[tuple[Block, Block]], block: Block, beside: Block, classes: int = 1) -> bool:
    """Return whether a source's block should not be believed before a person has looked at it.

    `past` are its blocks before, each with what all others sent in the same hour, and `beside` is what they
    sent now. Its share of a class is far off from what it was, while that of the others is not; or it differs
    from theirs as it never did. Where the others are not known well enough, the number of its labels has to
    be far off, too: a day on which all is otherwise is no attack. `classes` are asked at once.
    """
    alpha = ALPHA / (4 * classes)  # two sides of two questions
    own, others = [block for block, _ in past], [beside for _, beside in past if beside.labels]
    above, below = (tail(own, block, above=side) for side in (True, False))
    far = min(above, below) < alpha
    if len(others) < BLOCKS or beside.labels < LABELS:
        return far and block.labels > CROWD * max(before.labels for before in own)
    alone = tail(others, beside, above=above < below) >= SAME_WAY
    shared = [pair for pair in past if pair[1].labels]
    return (far and alone) or min(apart(shared, block, beside, above=side) for side in (True, False)) < alpha


def tail(before: Sequence[Block], block: Block, *, above: bool) -> float:
    """Return how probable a share like a block's is, or one further off on its side; 1 where nobody knows.

    The spread is that of the blocks `before`, widened for being known from so few of them.

    Example: after 20 blocks with 1 event among 10 labels each, 8 or more events among 20 labels have a
    probability of 0.0005.
    """
    if len(before) < BLOCKS or block.labels < LABELS:
        return 1.0
    events, labels = _columns(before)
    mean = (events.sum() + 0.5) / (labels.sum() + 1)
    return _tail(block, mean, _widened(len(before)) * _spread(events, labels, mean), above=above)


def apart(past: Sequence[tuple[Block, Block]], block: Block, beside: Block, *, above: bool) -> float:
    """Return how probable a share is that lies so far, or further, from the share of all others beside it.

    The usual distance of both and its spread are those of the `past`, without what chance adds to each.
    """
    if block.labels < LABELS:
        return 1.0
    (events, labels), (others, of) = (_columns(blocks) for blocks in zip(*past, strict=True))
    weight = labels * of / (labels + of)
    distance = events / labels - others / of
    usual = float((weight * distance).sum() / weight.sum())
    both = (events + others + 0.5) / (labels + of + 1)
    chance = both * (1 - both) / weight
    scatter = float((weight * ((distance - usual) ** 2 - chance)).sum() / weight.sum())
    share = (beside.events + 0.5) / (beside.labels + 1)
    mean = float(np.clip(share + usual, 0.5 / (beside.labels + 1), 1 - 0.5 / (beside.labels + 1)))
    spread = _widened(len(past)) * max(scatter, 0.0) / (mean * (1 - mean)) + 1 / beside.labels
    return _tail(block, mean, spread, above=above)


def _tail(block: Block, mean: float, spread: float, *, above: bool) -> float:
    spread = float(np.clip(spread, *_SPREADS))
    weight = (1 - spread) / spread
    seen, share = (block.events, mean) if above else (block.labels - block.events, 1 - mean)
    return _beta_binomial_tail(seen, block.labels, share * weight, (1 - share) * weight)


def _widened(blocks: int) -> float:
    """Return by how much a variance is multiplied that is known from so few blocks."""
    return float((1 + 1 / blocks) * (quantile(1 - ALPHA, blocks - 1) / NORMAL) ** 2)


def _columns(blocks: Sequence[Block]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([each.events for each in blocks], float), np.array(
        [each.labels for each in blocks], float
    )


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
