"""Shares that swing from day to day by themselves, such as that of missing values.

A day draws a probability of its own, with the mean p and the variance ρ p (1 - p), and its rows draw from
that: the count is beta-binomial (Skellam, JRSS-B 1948). Mean and overdispersion ρ are learnt by moments from
blocks of unequal size (Kleinman, JASA 1973). The tail is that of the beta distribution with the same two
moments, so that it costs the same for ten rows as for a hundred million.

>>> usual = learn(np.array([[5], [15], [10], [10]]), np.array([[100], [100], [100], [100]]))
>>> usual.mean.round(3), usual.overdispersion.round(3)
(array([0.101]), array([0.008]))
>>> above(usual, np.array([30]), np.array([100])).round(5)
array([0.00021])
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from noria.core.profile.grid import Numbers, Whole

RARE = 0.01
"""The overdispersion of what fewer than three blocks had: they cannot tell whether it comes in bursts."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shares:
    """What is usual: the mean share of each column and its overdispersion, 0 to 1; shape (columns,)."""

    mean: Numbers
    overdispersion: Numbers


def learn(events: Whole, rows: Whole) -> Shares:
    """Return what is usual in blocks that had so many events among so many rows; both (blocks, columns)."""
    total = np.maximum(rows.sum(axis=0), 1)
    mean = (events.sum(axis=0) + 0.5) / (total + 1)
    shares = events / np.maximum(rows, 1)
    scatter = (rows * (shares - mean) ** 2).sum(axis=0) / (mean * (1 - mean))
    weights = 1 - rows / total
    more = (np.maximum(rows - 1, 0) * weights).sum(axis=0)
    found = (scatter - weights.sum(axis=0)) / np.maximum(more, 1)
    rare = np.minimum(events, rows - events).astype(bool).sum(axis=0) < 3
    return Shares(mean=mean, overdispersion=np.clip(found, np.where(rare, RARE, 0.0), 0.99))


def above(usual: Shares, events: Whole, rows: Whole) -> Numbers:
    """Return how likely so many events or more among so many rows are, 1 without rows; shape (columns,)."""
    from scipy.special import betaincc  # a tenth of a second, and only who checks a day needs it

    a, b = _beta(usual, rows)
    found = betaincc(a, b, np.maximum(events - 0.5, 0) / np.maximum(rows, 1))
    return np.where(rows > 0, found, 1.0)


def below(usual: Shares, events: Whole, rows: Whole) -> Numbers:
    """Return how likely so few events or fewer among so many rows are, 1 without rows; shape (columns,)."""
    from scipy.special import betainc

    a, b = _beta(usual, rows)
    found = betainc(a, b, np.minimum((events + 1) / np.maximum(rows, 1), 1))
    return np.where(rows > 0, found, 1.0)


def _beta(usual: Shares, rows: Whole) -> tuple[Numbers, Numbers]:
    """Return the parameters of the beta distribution that the share of so many rows has."""
    each = 1 / np.maximum(rows, 1)
    concentration = np.maximum(1 / (each + usual.overdispersion * (1 - each)) - 1, 1e-9)
    return usual.mean * concentration, (1 - usual.mean) * concentration
