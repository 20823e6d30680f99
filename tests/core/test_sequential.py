"""The tests' formulas, and their false and right verdicts over simulated rollouts.

A test refuses from a certain count of events on. That boundary is asked of the very functions that judge
live, so to simulate a rollout is to draw counts and to compare them.
"""

from collections.abc import Callable
from functools import cache, partial
from math import exp, gamma, inf, isfinite, log, log1p, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import betaln
from scipy.stats import norm

from benchmarks.evidence import Found, write
from noria.core.limits import ENTITIES, EVENTS, TAIL
from noria.core.sequential import TARGET, bound, mcnemar, mean_sequence, rate_above, rate_below, split

ALPHA = 0.05
CHUNK = 500
"""Rollouts that are simulated at a time: what fits into memory."""
Simulation = Callable[[np.random.Generator, int], np.ndarray]
"""Simulates some rollouts; returns the requests until each one's verdict, infinity without one."""


# --- Formulas --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second", "share", "k"),
    [(0, 0, 0.5, 10), (7, 3, 0.5, 10), (40, 900, 0.05, 100), (3, 0, 0.1, 1)],
)
def test_split_is_the_closed_form(first: int, second: int, share: float, k: float) -> None:
    closed = betaln(k * share + first, k * (1 - share) + second) - betaln(k * share, k * (1 - share))
    closed -= first * log(share) + second * log1p(-share)
    assert split(first, second, share, k) == pytest.approx(closed, abs=1e-9)


def test_nothing_seen_is_no_evidence() -> None:
    assert rate_above(0, 0, 0.01) == rate_below(0, 0, 0.01) == split(0, 0, 0.1, 10) == pytest.approx(0)


def test_one_failure_is_worth_the_mean_of_its_ratios() -> None:
    # alternatives 0.25^(1/20), 0.25^(3/20), ... 0.25^(19/20); one event in one trial has the ratio p / 0.25
    expected = sum(0.25 ** (odd / 20) for odd in range(1, 20, 2)) / 10 / 0.25
    assert exp(rate_above(1, 1, 0.25)) == pytest.approx(expected)
    # and for less: alternatives 0.25 * 1/20, 0.25 * 3/20, ...: their mean ratio is 1/2
    assert exp(rate_below(1, 1, 0.25)) == pytest.approx(0.5)


@pytest.mark.parametrize("test", [rate_above, rate_below])
def test_one_more_trial_at_the_limit_is_a_fair_bet(test: Callable[..., float]) -> None:
    before, rate = exp(test(3, 200, 0.02)), 0.02
    after = rate * exp(test(4, 201, 0.02)) + (1 - rate) * exp(test(3, 201, 0.02))
    assert after == pytest.approx(before)


def test_limits_of_nothing_and_of_everything() -> None:
    assert (rate_above(1, 1000, 0.0), rate_above(0, 1000, 0.0)) == (inf, 0)
    assert rate_above(1000, 1000, 1.0) == 0


def test_evidence_of_a_long_rollout_is_a_number() -> None:
    assert rate_above(10**6, 10**6, 0.01) == pytest.approx(4.5e6, rel=0.05)  # ln 89 for each failure
    assert rate_below(0, 10**7, 0.01) == pytest.approx(9.5e4, rel=0.05)


@pytest.mark.parametrize(("won", "lost"), [(3, 0), (40, 20), (20, 40)])
def test_mcnemar_bets_on_each_pair_at_even_odds(won: int, lost: int) -> None:
    even = (exp(mcnemar(won + 1, lost)) + exp(mcnemar(won, lost + 1))) / 2
    assert even == pytest.approx(exp(mcnemar(won, lost)))


def test_mcnemar_has_a_direction() -> None:
    assert mcnemar(70, 30) > bound(0.05) > 0 > mcnemar(30, 70)
    assert mcnemar(0, 0) == pytest.approx(0)


def evidence_against(m: float, rows: int, mean: float, variance: float, c: float) -> float:
    """Return the Bayes factor of a t-test, deviation integrated out by 1/deviation, effect by N(0, 1/c)."""
    square = rows * (variance + (mean - m) ** 2)

    def inner(effect: float) -> float:
        # of the integral over s of s^(-rows-1) exp(-(square - 2 effect s rows (mean - m)) / (2 s^2)), scaled
        shift = effect * rows * (mean - m) / sqrt(square)
        over = quad(
            lambda u: u ** (rows - 1) * exp(-(u**2) / 2 + shift * u - (rows * effect**2) / 2), 0, inf
        )[0]
        return float(over * norm.pdf(effect, scale=1 / sqrt(c)))

    top = quad(inner, -inf, inf)[0]
    return float(top / (2 ** (rows / 2 - 1) * gamma(rows / 2)))


@pytest.mark.parametrize(("rows", "target"), [(7, 14), (20, 14), (30, 100)])
def test_mean_sequence_ends_where_the_t_test_reaches_its_bound(rows: int, target: int) -> None:
    c = target / (2 * log(20) + log(1 + 2 * log(20)))
    low, high = mean_sequence(rows, 3.0, 2.0, 0.05, target)
    for end in (low, high):
        assert evidence_against(end, rows, 3.0, 2.0, c) == pytest.approx(20, rel=1e-6)


@given(rows=st.integers(20_000, 10**8), alpha=st.floats(0.001, 0.2))
def test_mean_sequence_of_many_rows_is_the_asymptotic_one(rows: int, alpha: float) -> None:
    square = (2 * log(1 / alpha) + log(1 + 2 * log(1 / alpha))) / TARGET  # rho^2 of Waudby-Smith et al.
    wide = 2 * (rows * square + 1) / (rows**2 * square) * log(sqrt(rows * square + 1) / alpha)
    assert mean_sequence(rows, 0.0, 1.0, alpha)[1] == pytest.approx(sqrt(wide), rel=0.002)


@pytest.mark.parametrize(("fewest", "target"), [(6, 14), (64, TARGET)])
def test_mean_sequence_waits_until_the_spread_shows(fewest: int, target: int) -> None:
    for rows in (0, 1, fewest - 1):
        assert mean_sequence(rows, 0.1, 0.0, 0.05, target) == (-inf, inf)
    assert isfinite(mean_sequence(fewest, 0.1, 1.0, 0.05, target)[0])


# --- Simulations -----------------------------------------------------------------------------------------


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
def more_than(share: float, k: float) -> Callable[[int, int], float]:
    """Return `split` as a test against more than a share of the events alone."""
    return lambda first, all_: split(first, all_ - first, share, k) if first > share * all_ else -inf


@cache
def at_most(rate: float) -> Callable[[int, int], float]:
    return partial(rate_above, rate=rate)


def guardrail(
    rate: float | np.ndarray, limit: float, alpha: float = ALPHA, requests: int = 5000
) -> Simulation:
    """One version's failures at a `rate`, held against a limit at every request."""

    def simulate(rng: np.random.Generator, runs: int) -> np.ndarray:
        failed = rng.random((runs, requests), dtype=np.float32) < rate
        boundary = least(at_most(limit), requests, bound(alpha))
        return first_look(failed.cumsum(axis=1, dtype=np.int32) >= boundary[1:], 1)

    return simulate


def bursts(low: float, high: float, requests: int = 5000) -> Simulation:
    """Failures that come in bursts of 200 requests on average, at a rate that never exceeds the limit."""

    def simulate(rng: np.random.Generator, runs: int) -> np.ndarray:
        switched = (rng.random((runs, requests), dtype=np.float32) < 1 / 200).cumsum(axis=1)
        return guardrail(np.where(switched % 2, high, low), high)(rng, runs)

    return simulate


def two_arms(
    rate: float | np.ndarray,
    times: float,
    share: float,
    *,
    k: float = EVENTS,
    alpha: float = ALPHA,
    every: int = 100,
    requests: int = 20_000,
) -> Simulation:
    """A champion's events at a `rate`, a challenger's at `times` that; both sides of `split` are tested."""
    total = rate * (share * times + 1 - share)
    part = share * times / (share * times + 1 - share)

    def simulate(rng: np.random.Generator, runs: int) -> np.ndarray:
        new = rng.binomial(every, total, (runs, requests // every))
        first, events = rng.binomial(new, part).cumsum(axis=1), new.cumsum(axis=1)
        size, needed = int(events.max()), bound(alpha)
        more, fewer = (least(more_than(side, k), size, needed) for side in (share, 1 - share))
        return first_look((first >= more[events]) | (events - first >= fewer[events]), every)

    return simulate


def ratio(real: float, planned: float, alpha: float = 0.001, every: int = 100) -> Simulation:
    """Entities of which the challenger gets a `real` share instead of the `planned` one."""
    times = real / planned * (1 - planned) / (1 - real)
    rate = 1 / (planned * times + 1 - planned)  # each entity is an event
    return two_arms(rate, times, planned, k=ENTITIES, alpha=alpha, every=every)


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


@cache
def greatest_below(trials: int, needed: float) -> np.ndarray:
    """Return, for 0 to `trials` trials, up to which count a rate below TAIL is proven; -1 for none."""
    events, boundary = -1, np.empty(trials + 1, dtype=np.int64)
    for seen in range(trials + 1):
        while rate_below(events + 1, seen, TAIL) >= needed:
            events += 1
        boundary[seen] = events
    return boundary


def first_look(refused: np.ndarray, every: int) -> np.ndarray:
    """Return the requests until the first refusal of each run, infinity where there is none."""
    return np.where(refused.any(axis=1), (refused.argmax(axis=1) + 1.0) * every, inf)


def run(simulation: Simulation, runs: int) -> np.ndarray:
    rng = np.random.default_rng(20130101)
    return np.concatenate([simulation(rng, CHUNK) for _ in range(runs // CHUNK)])


def allowed(alpha: float, runs: int) -> float:
    """Return the largest share of refusals that a test at `alpha` shows, but for one time in 200."""
    return alpha + 2.58 * sqrt(alpha * (1 - alpha) / runs)


WAVE = 1 + 0.9 * np.sin(np.arange(200) / 8)
"""A rate that swings between a tenth and nearly twice its mean, four times in a rollout."""
NULLS: dict[str, Simulation] = {
    "limit 1%, rate 1%, at every request": guardrail(0.01, 0.01),
    "limit 0.1%, rate 0.1%, at every request": guardrail(0.001, 0.001),
    "limit 1%, rate swinging from 0% to 1%": guardrail(0.005 * (1 + np.sin(np.arange(5000) / 200)), 0.01),
    "limit 1%, bursts": bursts(0.001, 0.01),
    "errors 5% and 5%, challenger 50%": two_arms(0.05, 1, 0.5),
    "errors 5% and 5%, challenger 10%": two_arms(0.05, 1, 0.1),
    "errors 0.5% and 0.5%, challenger 5%": two_arms(0.005, 1, 0.05),
    "errors 2% and 2%, challenger 10%, at every request": two_arms(0.02, 1, 0.1, every=1, requests=5000),
    "errors swinging around 2%, challenger 10%": two_arms(0.02 * WAVE, 1, 0.1),
    "sample ratio 10%": ratio(0.1, 0.1, ALPHA),
    "sample ratio 50%": ratio(0.5, 0.5, ALPHA),
    "p99 equal, limit 1x champion, challenger 10%": slower(0, 0),
    "p99 3 bins slower, limit 3 bins, challenger 50%": slower(3, 3, share=0.5),
}
POWER: dict[str, tuple[Simulation, float, float]] = {
    # the least share of right verdicts, and the most requests that half of them take: what an independent
    # program found in 10,000 rollouts, less 3 points, and a tenth more
    "limit 1%, rate 2%": (guardrail(0.02, 0.01, 0.01), 0.95, 1614),
    "limit 1%, rate 5%": (guardrail(0.05, 0.01, 0.01), 0.97, 140),
    "limit 1%, rate 20%": (guardrail(0.2, 0.01, 0.01), 0.97, 14.3),
    "limit 1%, rate 100%": (guardrail(1.0, 0.01, 0.01), 1.0, 2),
    "errors 5% and 6%, challenger 50%, k = 100": (two_arms(0.05, 1.2, 0.5, k=100), 0.584, inf),
    "errors 5% and 10%, challenger 10%": (two_arms(0.05, 2, 0.1), 0.97, 2860),
    "errors 0.5% and 2%, challenger 5%": (two_arms(0.005, 4, 0.05), 0.907, 8910),
    "sample ratio 12% for 10%": (ratio(0.12, 0.1), 0.97, inf),
    "sample ratio 52% for 50%": (ratio(0.52, 0.5), 0.898, inf),
    "p99 10x, limit 2x, challenger 10%": (slower(20, 6, 0.01), 0.97, 1800),  # 1.12^20 = 9.6, 1.12^6 = 2.0
    "p99 15x, limit 5x, challenger 10%": (slower(24, 14, 0.01), 0.97, 3600),  # 1.12^24 = 15, 1.12^14 = 4.9
}


@pytest.mark.parametrize("name", NULLS)
def test_false_verdicts_are_as_rare_as_promised(name: str) -> None:
    refused = np.isfinite(run(NULLS[name], 2000)).mean()
    assert refused <= allowed(ALPHA, 2000)  # 0.0626


@pytest.mark.parametrize("name", POWER)
def test_what_is_wrong_is_found(name: str) -> None:
    simulation, floor, most = POWER[name]
    taken = run(simulation, 1000)
    assert np.isfinite(taken).mean() >= floor
    assert np.median(taken) <= most


def test_a_test_that_is_valid_once_is_not_when_asked_200_times() -> None:
    # the z-test of the same errors is wrong in 4 of 10 rollouts: these simulations would show it
    rng = np.random.default_rng(1)
    new = rng.binomial(100, 0.05, (2000, 200))
    first, events = rng.binomial(new, 0.5).cumsum(axis=1), new.cumsum(axis=1)
    z = np.abs(first - events / 2) / np.sqrt(np.maximum(events, 1) / 4)
    assert (z > 1.96).any(axis=1).mean() > 0.35


@pytest.mark.evidence
@pytest.mark.timeout(1800)
def test_ten_thousand_rollouts() -> None:
    runs, rows, kept = 10_000, [], True
    for name, simulation in NULLS.items():
        refused = float(np.isfinite(run(simulation, runs)).mean())
        rows.append((name, "false", refused, f"at most {allowed(ALPHA, runs):.4f}", ""))
        kept &= refused <= allowed(ALPHA, runs)
    for name, (simulation, floor, most) in POWER.items():
        taken = run(simulation, runs)
        found, median = float(np.isfinite(taken).mean()), float(np.median(taken))
        rows.append((name, "right", found, f"at least {floor}", f"{median:.0f}"))
        kept &= found >= floor and median <= most
    how = (
        f"{runs:,} simulated rollouts each: up to 20,000 requests with a look every 100, or 5,000 with a "
        "look at every one. Verdicts at alpha .05, but right ones of limits and p99 at .01, of the sample "
        "ratio at .001. `tests/core/test_sequential.py`."
    )
    header = ("rollout", "verdict", "share", "bound", "median requests")
    target = "False verdicts within their bound, right ones at least as many as expected"
    found = Found(title="Sequential tests", how=how, header=header, rows=rows, target=target, reached=kept)
    print(write("sequential", found))
    assert kept
