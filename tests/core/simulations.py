"""Rollouts drawn by chance, each judged by a sequential test at every look.

A test refuses from a certain count of events on. That boundary is asked of the very functions that judge
live, so to simulate a rollout is to draw counts and to compare them.
"""

from collections.abc import Callable
from functools import cache, partial
from math import inf, sqrt

import numpy as np
from scipy.signal import lfilter
from scipy.special import ndtr

from noria.core.limits import ENTITIES, EVENTS, TAIL
from noria.core.sequential import TARGET, bound, mcnemar, mean_sequence, rate_above, rate_below, split

ALPHA = 0.05
CHUNK = 500
"""Rollouts that are simulated at a time: what fits into memory."""
HUNDREDS = 200
"""A rollout's length, in hundreds of requests; a rate that changes does so after each hundred."""
Simulation = Callable[[np.random.Generator, int], np.ndarray]
"""Simulates some rollouts; returns the requests until each one's verdict, infinity without one."""
Rate = float | Simulation
"""A rate, or what draws one for each hundred requests, of shape (runs, HUNDREDS)."""


# --- Rates -----------------------------------------------------------------------------------------------


def swinging(mean: float) -> Simulation:
    """A rate between nothing and twice its mean, up and down four times in a rollout."""
    return lambda rng, runs: np.tile(mean * (1 + np.sin(np.arange(HUNDREDS) / 8)), (runs, 1))


def autocorrelated(mean: float, lag: float) -> Simulation:
    """A rate between nothing and twice its mean, which goes on from its last value: a series of order 1."""

    def rates(rng: np.random.Generator, runs: int) -> np.ndarray:
        noise = rng.standard_normal((runs, HUNDREDS)) * sqrt(1 - lag**2)
        return 2 * mean * ndtr(lfilter([1], [1, -lag], noise))

    return rates


def along(rate: Rate, rng: np.random.Generator, runs: int, every: int, requests: int) -> np.ndarray:
    """Return the rate at each look of each run, with a look at `every` so many of the requests."""
    hundreds = rate(rng, runs) if callable(rate) else np.full((runs, HUNDREDS), rate)
    return np.repeat(hundreds, 100 // every, axis=1)[:, : requests // every]


# --- Rollouts --------------------------------------------------------------------------------------------


def guardrail(rate: Rate, limit: float, alpha: float = ALPHA, requests: int = 5000) -> Simulation:
    """One version's failures at a `rate`, held against a limit at every request."""

    def simulate(rng: np.random.Generator, runs: int) -> np.ndarray:
        failed = rng.random((runs, requests), dtype=np.float32) < along(rate, rng, runs, 1, requests)
        boundary = least(at_most(limit), requests, bound(alpha))
        return first_look(failed.cumsum(axis=1, dtype=np.int32) >= boundary[1:], 1)

    return simulate


def together(count: int, simulation: Simulation) -> Simulation:
    """Several independent tests, of which any may refuse."""
    return lambda rng, runs: np.min([simulation(rng, runs) for _ in range(count)], axis=0)


def two_arms(
    rate: Rate,
    times: float,
    share: float,
    *,
    k: float = EVENTS,
    alpha: float = ALPHA,
    every: int = 100,
    requests: int = 20_000,
) -> Simulation:
    """A champion's events at a `rate`, a challenger's at `times` that; both sides of `split` are tested."""
    part = share * times / (share * times + 1 - share)

    def simulate(rng: np.random.Generator, runs: int) -> np.ndarray:
        total = along(rate, rng, runs, every, requests) * (share * times + 1 - share)
        new = rng.binomial(every, total)
        first, events = rng.binomial(new, part).cumsum(axis=1), new.cumsum(axis=1)
        size, needed = int(events.max()), bound(alpha)
        more, fewer = (least(more_than(side, k), size, needed) for side in (share, 1 - share))
        return first_look((first >= more[events]) | (events - first >= fewer[events]), every)

    return simulate


def ratio(
    real: float, planned: float, alpha: float = ALPHA, busy: Rate = 1.0, every: int = 100
) -> Simulation:
    """Entities of which the challenger gets a `real` share instead of the `planned` one.

    Of 100 requests, a part `busy` come from entities that were not seen before.
    """
    times = real / planned * (1 - planned) / (1 - real)
    scale = 1 / (planned * times + 1 - planned)

    def rate(rng: np.random.Generator, runs: int) -> np.ndarray:
        return along(busy, rng, runs, 100, 100 * HUNDREDS) * scale

    return two_arms(rate, times, planned, k=ENTITIES, alpha=alpha, every=every)


def pairs(
    apart: Rate, won: float, *, alpha: float = ALPHA, every: int = 100, requests: int = 20_000
) -> Simulation:
    """A shadow and a champion on the same rows: in a part `apart`, only one of them is right."""

    def simulate(rng: np.random.Generator, runs: int) -> np.ndarray:
        new = rng.binomial(every, along(apart, rng, runs, every, requests))
        ours, all_ = rng.binomial(new, won).cumsum(axis=1), new.cumsum(axis=1)
        return first_look(ours >= least(better, int(all_.max()), bound(alpha))[all_], every)

    return simulate


def gains(apart: Rate, *, every: int = 100, requests: int = 20_000) -> Simulation:
    """Paired differences of a loss that is 0 or 1, by the interval of their mean."""

    def simulate(rng: np.random.Generator, runs: int) -> np.ndarray:
        new = rng.binomial(every, along(apart, rng, runs, every, requests))
        total, squares = (2 * rng.binomial(new, 0.5) - new).cumsum(axis=1), new.cumsum(axis=1)
        return outside(total, squares, every)

    return simulate


def losses(
    draw: Callable[..., np.ndarray], *, target: int = TARGET, every: int = 100, looks: int = 50
) -> Simulation:
    """Differences of a loss that any distribution with mean 0 draws, by the interval of their mean."""

    def simulate(rng: np.random.Generator, runs: int) -> np.ndarray:
        seen = draw(rng, (runs, looks, every))
        return outside(seen.sum(axis=2).cumsum(axis=1), (seen**2).sum(axis=2).cumsum(axis=1), every, target)

    return simulate


def brier(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """What one of two models, that miss the true probability by as much, saves in Brier score."""
    chance = rng.random(shape, dtype=np.float32) * 0.4
    truth = rng.random(shape, dtype=np.float32) < chance
    one, other = (chance + 0.1 * rng.standard_normal(shape, dtype=np.float32) for _ in range(2))
    return (one - truth) ** 2 - (other - truth) ** 2


def skewed(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return rng.standard_exponential(shape, dtype=np.float32) - 1


def normal(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return rng.standard_normal(shape)


def arms(
    rate: Rate, times: float, share: float, *, fewest: int = 20, every: int = 100, requests: int = 20_000
) -> Simulation:
    """Two arms' losses of 0 or 1, by the interval of their difference, after `fewest` losses in each arm."""

    def simulate(rng: np.random.Generator, runs: int) -> np.ndarray:
        chance = along(rate, rng, runs, every, requests)
        new = rng.binomial(every, share, chance.shape)
        ours, theirs = (
            rng.binomial(rows, lost).cumsum(axis=1)
            for rows, lost in ((new, chance * times), (every - new, chance))
        )
        size, rest = np.maximum(new.cumsum(axis=1), 1), np.maximum((every - new).cumsum(axis=1), 1)
        mean, other, fewer = ours / size, theirs / rest, np.minimum(size, rest)
        error = mean * (1 - mean) / size + other * (1 - other) / rest
        beyond = np.abs(mean - other) > half_widths(fewer, fewer * error)
        return first_look(beyond & (np.minimum(ours, theirs) >= fewest), every)

    return simulate


def slower(times: int, limit: int, alpha: float = ALPHA, share: float = 0.1) -> Simulation:
    """A challenger `times` bins slower than the champion, held against a 99th percentile `limit` bins above.

    Latencies are geometric, and exactly 99% of the champion's lie in bins 0 to 20.
    """
    bins, looks, every, rest = 60, 100, 100, 0.01 ** (1 / 21)
    chances = (1 - rest) * rest ** np.arange(bins)
    chances[-1] = 1 - chances[:-1].sum()

    def beyond(rng: np.random.Generator, runs: int, answers: int) -> np.ndarray:
        """Return how many of all answers so far are slower than each bin's end; shape (runs, looks, bins)."""
        seen = rng.multinomial(answers, chances, (runs, looks)).cumsum(axis=1)
        return answers * np.arange(1, looks + 1)[:, None] - seen.cumsum(axis=2)

    def simulate(rng: np.random.Generator, runs: int) -> np.ndarray:
        ours, theirs = int(every * share), every - int(every * share)
        slow, champion = beyond(rng, runs, ours), beyond(rng, runs, theirs)
        needed = bound(alpha / 2)
        fewest = least(at_most(TAIL), ours * looks, needed)[ours::ours]
        most = greatest_below(theirs * looks, needed)[theirs::theirs]
        proven = champion <= most[:, None]
        at = np.clip(proven.argmax(axis=2) + limit - times, 0, bins - 1)
        counted = np.take_along_axis(slow, at[..., None], axis=2)[..., 0]
        return first_look(proven.any(axis=2) & (counted >= fewest), every)

    return simulate


# --- Verdicts --------------------------------------------------------------------------------------------


def run(simulation: Simulation, runs: int) -> np.ndarray:
    """Return the requests until the verdict of each of `runs` rollouts."""
    rng = np.random.default_rng(20130101)
    return np.concatenate([simulation(rng, CHUNK) for _ in range(runs // CHUNK)])


def first_look(refused: np.ndarray, every: int) -> np.ndarray:
    """Return the requests until the first refusal of each run, infinity where there is none."""
    return np.where(refused.any(axis=1), (refused.argmax(axis=1) + 1.0) * every, inf)


def outside(total: np.ndarray, squares: np.ndarray, every: int, target: int = TARGET) -> np.ndarray:
    """Return the observations until 0 lies outside the interval of the mean."""
    rows = np.arange(1, total.shape[1] + 1) * every
    mean = total / rows
    return first_look(np.abs(mean) > half_widths(rows, squares / rows - mean**2, target), every)


def half_widths(rows: np.ndarray, variance: np.ndarray, target: int = TARGET) -> np.ndarray:
    """Return half the width of the interval of each mean."""
    widths = unit_widths(int(rows.max()), target)[rows]
    return np.where(np.isfinite(widths), np.sqrt(np.maximum(variance, 0)), 1) * widths


@cache
def unit_widths(most: int, target: int) -> np.ndarray:
    """Return, for 0 to `most` observations of variance 1, half the width of the interval of their mean."""
    return np.array([mean_sequence(rows, 0, 1, ALPHA, target)[1] for rows in range(most + 1)])


@cache
def least(statistic: Callable[[int, int], float], trials: int, needed: float) -> np.ndarray:
    """Return, for 0 to `trials` trials, from which count of events on the statistic reaches `needed`."""
    events, boundary = 0, np.empty(trials + 1, dtype=np.int64)
    for seen in range(trials + 1):
        while events <= seen and statistic(events, seen) < needed:
            events += 1
        boundary[seen] = events
    return boundary


@cache
def at_most(rate: float) -> Callable[[int, int], float]:
    return partial(rate_above, rate=rate)


@cache
def more_than(share: float, k: float) -> Callable[[int, int], float]:
    """Return `split` as a test against more than a share of the events alone."""
    return lambda first, all_: split(first, all_ - first, share, k) if first > share * all_ else -inf


def better(won: int, all_: int) -> float:
    return mcnemar(won, all_ - won)


@cache
def greatest_below(trials: int, needed: float) -> np.ndarray:
    """Return, for 0 to `trials` trials, up to which count a rate below TAIL is proven; -1 for none."""
    events, boundary = -1, np.empty(trials + 1, dtype=np.int64)
    for seen in range(trials + 1):
        while rate_below(events + 1, seen, TAIL) >= needed:
            events += 1
        boundary[seen] = events
    return boundary
