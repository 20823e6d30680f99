"""Tests that hold however often one looks: each returns the logarithm of an e-value, or an interval.

An e-value is what somebody owns who started with 1 and bets against a hypothesis, observation by
observation, at odds that are fair or worse under it. While the hypothesis is true, the wealth ever reaches
1 / alpha with a probability of at most alpha (Ville's inequality; Ramdas et al., Stat. Sci. 2023, arXiv
2210.01948). So a verdict at `bound(alpha)` is wrong with that probability at most, in all looks together.
An interval holds the hypotheses that such a bet has not ruined, so it too is right at all looks together.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, expm1, inf, lgamma, log, log1p, sqrt

BETS = 10
"""Alternatives among which a mixture spreads its stake: more of them change no figure by much."""
TARGET = 5000
"""The number of observations at which `mean_sequence` is narrowest, unless told otherwise."""


def bound(alpha: float) -> float:
    """Return the log e-value from which on a test refuses, wrongly with probability `alpha` at most."""
    return -log(alpha)


def rate_above(events: int, trials: int, rate: float) -> float:
    """Return the log e-value against "each trial is an event with a probability of at most `rate`".

    The mean over alternatives p in (rate, 1) of the likelihood ratios
    (p / rate)^events ((1 - p) / (1 - rate))^(trials - events).
    One more trial of probability r <= rate multiplies such a ratio, in expectation, by
    1 + (r - rate)(p - rate) / (rate (1 - rate)) <= 1: a supermartingale, and so is their mean. It holds for
    rates that change from trial to trial, as long as each, given what came before, is at most `rate`.

    The alternatives lie evenly in log p, since a rate may be exceeded a little or a hundredfold.
    Mixtures: Robbins, Ann. Math. Stat. 1970; bounded means by betting: Waudby-Smith and Ramdas, JRSS-B 2024.
    """
    if rate <= 0:
        return inf if events else 0.0
    if rate >= 1:
        return 0.0
    return _mixture(events, trials, rate, [rate ** ((2 * bet + 1) / (2 * BETS)) for bet in range(BETS)])


def rate_below(events: int, trials: int, rate: float) -> float:
    """Return the log e-value against "each trial is an event with a probability of at least `rate`".

    `rate_above` mirrored, with alternatives evenly in (0, `rate`); `rate` lies between 0 and 1, without both.
    """
    return _mixture(events, trials, rate, [rate * (2 * bet + 1) / (2 * BETS) for bet in range(BETS)])


def split(first: int, second: int, share: float, concentration: float) -> float:
    """Return the log e-value against "each event belongs to the first arm with probability `share`".

    Beta(k share + x1, k (1 - share) + x0) / [Beta(k share, k (1 - share)) share^x1 (1 - share)^x0], with x1
    and x0 the events of both arms and k the concentration: how close to `share` the alternatives lie. It
    looks at events alone, so their rate may be low, and may change with time if in both arms alike.
    Lindon and Malek, NeurIPS 2022 (arXiv 2011.03567).
    """
    one, other = concentration * share, concentration * (1 - share)
    evidence = _log_beta(one + first, other + second) - _log_beta(one, other)
    return evidence - first * log(share) - second * log1p(-share)


def mcnemar(won: int, lost: int) -> float:
    """Return the log e-value against "of the pairs that tell two models apart, the first wins at most half".

    `won` counts the rows in which only the first model is right, `lost` those in which only the second is.
    So `mcnemar(won, lost)` at its bound proves the first better, `mcnemar(lost, won)` proves it worse; each
    of both verdicts is wrong with a probability of alpha at most. The rows that both have right, or both
    wrong, say nothing about which is better, and their number may change as it likes.
    McNemar, Psychometrika 1947, asked at every look: a bet on each pair at even odds.
    """
    return rate_above(won, won + lost, 0.5)


def mean_sequence(
    rows: int, mean: float, variance: float, alpha: float, target: int = TARGET
) -> tuple[float, float]:
    """Return an interval that misses the true mean, at any look, with a probability of at most `alpha`.

    `mean` and `variance` (the mean square less the squared mean) are those of the `rows` observations so far:
    rows, or days with `target=14`; at `target` of them it is about narrowest. While they are too few to know
    their own spread it is infinite: below 64 rows, or 6 days, at alpha .05. A verdict on one side, such as
    "the mean is above 0", is wrong with a probability of about alpha / 2.

    Exact for independent normal observations of any variance, as means of days nearly are: the interval holds
    each m that a t-test with prior N(0, 1 / c) on (mean - m) / deviation does not refuse (Lai, Ann.
    Stat. 1976; Wang and Ramdas 2023, arXiv 2310.03722). With many rows it becomes the asymptotic confidence
    sequence of Waudby-Smith et al., Ann. Stat. 2024 (arXiv 2103.06476), which holds for any distribution.

    For two arms of n1 and n0 rows: the difference of their means, n = min(n1, n0) rows, and the variance
    n (v1 / n1 + v0 / n0).

    It fails for rare losses of one sign, until their spread shows: ask only after 20 of them in each arm,
    counted as rows * mean^2 / mean square, or use `split`. It fails where rows are not independent: use days.
    """
    if not rows:
        return -inf, inf
    c = target / (log1p(2 * bound(alpha)) + 2 * bound(alpha))
    # m is refused from this share on of (mean - m)^2 in variance + (mean - m)^2, the mean of (row - m)^2
    share = -expm1(-(2 * bound(alpha) + log1p(rows / c)) / rows) * (rows + c) / rows
    half = sqrt(variance * share / (1 - share)) if share < 1 else inf
    return mean - half, mean + half


def _mixture(events: int, trials: int, rate: float, alternatives: Sequence[float]) -> float:
    rest = trials - events
    ratios = [events * log(p / rate) + rest * (log1p(-p) - log1p(-rate)) for p in alternatives]
    top = max(ratios)
    return top + log(sum(exp(ratio - top) for ratio in ratios) / len(ratios))


def _log_beta(a: float, b: float) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)
