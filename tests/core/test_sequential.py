"""The tests' formulas. How often their verdicts are false or right: test_sequential_verdicts.py."""

from collections.abc import Callable
from math import exp, gamma, inf, isfinite, log, log1p, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import betaln
from scipy.stats import norm

from noria.core.sequential import TARGET, bound, mcnemar, mean_sequence, rate_above, rate_below, split


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
        # the likelihood over s, with u = sqrt(square) / s
        shift = effect * rows * (mean - m) / sqrt(square)

        def likelihood(u: float) -> float:
            return float(u ** (rows - 1) * exp(-(u**2) / 2 + shift * u - rows * effect**2 / 2))

        over = quad(likelihood, 0, inf)[0]
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
