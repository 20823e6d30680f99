"""How often the verdicts of sequential tests are false, and how soon right, over simulated rollouts."""

from math import inf, sqrt

import numpy as np
import pytest

from benchmarks.evidence import Found, write
from tests.core.simulations import (
    ALPHA,
    Simulation,
    arms,
    autocorrelated,
    brier,
    gains,
    guardrail,
    losses,
    normal,
    pairs,
    ratio,
    run,
    skewed,
    slower,
    swinging,
    together,
    two_arms,
)

NULLS: dict[str, Simulation] = {
    "limit 1%, rate 1%, at every request": guardrail(0.01, 0.01),
    "limit 0.5%, rate 0.5%, 1,000 requests of a challenger with 5%": guardrail(0.005, 0.005, requests=1000),
    "limit 0.1%, rate 0.1%, at every request": guardrail(0.001, 0.001),
    "limit 1%, rate swinging from 0% to 1%": guardrail(swinging(0.005), 0.01),
    "limit 1%, rate autocorrelated by .5": guardrail(autocorrelated(0.005, 0.5), 0.01),
    "limit 1%, rate autocorrelated by .8": guardrail(autocorrelated(0.005, 0.8), 0.01),
    "8 limits of 1% together, each at alpha / 8": together(8, guardrail(0.01, 0.01, ALPHA / 8, 1000)),
    "errors 5% and 5%, challenger 50%": two_arms(0.05, 1, 0.5),
    "errors 5% and 5%, challenger 10%": two_arms(0.05, 1, 0.1),
    "errors 5% and 5%, challenger 10%, k = 100": two_arms(0.05, 1, 0.1, k=100),
    "errors 0.5% and 0.5%, challenger 5%": two_arms(0.005, 1, 0.05),
    "errors 0.5% and 0.5%, challenger 5%, k = 100": two_arms(0.005, 1, 0.05, k=100),
    "errors 2% and 2%, challenger 10%, at every request": two_arms(0.02, 1, 0.1, every=1, requests=5000),
    "errors swinging around 2%, challenger 10%": two_arms(swinging(0.02), 1, 0.1),
    "errors autocorrelated by .5, challenger 10%": two_arms(autocorrelated(0.02, 0.5), 1, 0.1),
    "errors autocorrelated by .8, challenger 10%, k = 100": two_arms(
        autocorrelated(0.02, 0.8), 1, 0.1, k=100
    ),
    "sample ratio 5%": ratio(0.05, 0.05),
    "sample ratio 10%": ratio(0.1, 0.1),
    "sample ratio 50%": ratio(0.5, 0.5),
    "sample ratio 5%, 0.5% new entities": ratio(0.05, 0.05, busy=0.005),
    "sample ratio 10%, new entities autocorrelated by .8": ratio(0.1, 0.1, busy=autocorrelated(0.2, 0.8)),
    "pairs, 10% apart": pairs(0.1, 0.5),
    "pairs, 10% apart, at every request": pairs(0.1, 0.5, every=1, requests=2000),
    "pairs, 0.5% apart": pairs(0.005, 0.5),
    "pairs, 0.5% apart, 1,000 requests": pairs(0.005, 0.5, every=1, requests=1000),
    "pairs apart by a swinging 2%": pairs(swinging(0.02), 0.5),
    "pairs apart by 2%, autocorrelated by .5": pairs(autocorrelated(0.02, 0.5), 0.5),
    "pairs apart by 2%, autocorrelated by .8": pairs(autocorrelated(0.02, 0.8), 0.5),
    "mean gain, 10% apart": gains(0.1),
    "mean gain, 10% apart, at every request": gains(0.1, every=1, requests=2000),
    "mean gain, 0.5% apart": gains(0.005),
    "mean gain, 0.5% apart, 1,000 requests": gains(0.005, every=1, requests=1000),
    "mean gain apart by a swinging 2%": gains(swinging(0.02)),
    "mean gain apart by 2%, autocorrelated by .5": gains(autocorrelated(0.02, 0.5)),
    "mean gain apart by 2%, autocorrelated by .8": gains(autocorrelated(0.02, 0.8)),
    "mean gain in Brier score": losses(brier),
    "mean gain of skewed losses": losses(skewed),
    "mean gain of 60 days, at every day": losses(normal, target=14, every=1, looks=60),
    "mean gain of 60 days, narrowest after the first": losses(normal, target=1, every=1, looks=60),
    "mean loss 5% and 5%, challenger 50%": arms(0.05, 1, 0.5),
    "mean loss 5% and 5%, challenger 10%": arms(0.05, 1, 0.1),
    "mean loss 0.5% and 0.5%, challenger 5%": arms(0.005, 1, 0.05),
    "mean loss 2% and 2%, challenger 50%, every 10 requests": arms(0.02, 1, 0.5, every=10, requests=5000),
    "mean loss autocorrelated by .8, challenger 10%": arms(autocorrelated(0.1, 0.8), 1, 0.1),
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
    "errors 5% and 6%, challenger 50%, k = 100": (two_arms(0.05, 1.2, 0.5, k=100), 0.584, 17_930),
    "errors 5% and 10%, challenger 10%": (two_arms(0.05, 2, 0.1), 0.97, 2860),
    "errors 0.5% and 2%, challenger 5%": (two_arms(0.005, 4, 0.05), 0.907, 8910),
    "sample ratio 12% for 10%": (ratio(0.12, 0.1, 0.001), 0.97, inf),
    "sample ratio 52% for 50%": (ratio(0.52, 0.5, 0.001), 0.898, inf),
    "pairs, 4% won and 2.5% lost": (pairs(0.065, 0.04 / 0.065), 0.97, 2450),  # 10% wrong, and 8.5%
    "mean loss 5% and 6%, challenger 50%": (arms(0.05, 1.2, 0.5), 0.612, 16_940),
    "mean loss 5% and 10%, challenger 10%": (arms(0.05, 2, 0.1), 0.97, inf),  # after 20 losses in each arm
    "p99 10x, limit 2x, challenger 10%": (slower(20, 6, 0.01), 0.97, 1800),  # 1.12^20 = 9.6, 1.12^6 = 2.0
    "p99 15x, limit 5x, challenger 10%": (slower(24, 14, 0.01), 0.97, 3600),  # 1.12^24 = 15, 1.12^14 = 4.9
}


def allowed(alpha: float, runs: int) -> float:
    """Return the largest share that happens in `runs`, but for one time in 200, if it should be `alpha`."""
    return alpha + 2.58 * sqrt(alpha * (1 - alpha) / runs)


def false_share(simulation: Simulation, runs: int) -> float:
    return float(np.isfinite(run(simulation, runs)).mean())


@pytest.mark.parametrize("name", NULLS)
def test_false_verdicts_are_as_rare_as_promised(name: str) -> None:
    assert false_share(NULLS[name], 2000) <= allowed(ALPHA, 2000)  # 0.0626


@pytest.mark.parametrize("name", POWER)
def test_what_is_wrong_is_found(name: str) -> None:
    simulation, floor, most = POWER[name]
    taken = run(simulation, 1000)
    assert np.isfinite(taken).mean() >= floor - (allowed(floor, 1000) - floor)
    assert np.median(taken) <= most


def test_a_test_that_is_valid_once_is_not_when_asked_200_times() -> None:
    # the z-test of the same errors is wrong in 4 of 10 rollouts: these simulations would show it
    rng = np.random.default_rng(1)
    new = rng.binomial(100, 0.05, (2000, 200))
    first, events = rng.binomial(new, 0.5).cumsum(axis=1), new.cumsum(axis=1)
    z = np.abs(first - events / 2) / np.sqrt(np.maximum(events, 1) / 4)
    assert (z > 1.96).any(axis=1).mean() > 0.35


def test_the_interval_of_two_means_needs_20_losses_in_each_arm() -> None:
    # of challengers with 0.5% errors, .995^300 = 22% have none after 300 requests: no loss, and no spread
    assert false_share(arms(0.005, 1, 0.05, fewest=0), 500) > 0.2


def test_rows_of_one_day_are_not_observations() -> None:
    # half of a row's variance is its day's, so 100 rows tell little more than 1
    def of_days(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        return normal(rng, (*shape[:2], 1)) + normal(rng, shape)

    assert false_share(losses(of_days), 500) > 0.8  # by rows

    def means(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        return of_days(rng, (*shape[:2], 100)).mean(axis=2, keepdims=True)

    assert false_share(losses(means, target=14, every=1, looks=50), 1000) <= allowed(ALPHA, 1000)


@pytest.mark.evidence
@pytest.mark.timeout(1800)
def test_ten_thousand_rollouts() -> None:
    runs, rows, kept = 10_000, [], True
    for name, simulation in NULLS.items():
        refused = false_share(simulation, runs)
        rows.append((name, "false", refused, f"at most {allowed(ALPHA, runs):.4f}", ""))
        kept &= refused <= allowed(ALPHA, runs)
    for name, (simulation, floor, most) in POWER.items():
        taken = run(simulation, runs)
        found, median = float(np.isfinite(taken).mean()), float(np.median(taken))
        rows.append((name, "right", found, f"at least {floor}", f"{median:.0f}"))
        kept &= found >= floor and median <= most
    how = (
        f"{runs:,} simulated rollouts each: up to 20,000 requests with a look every 100, or up to 5,000 with "
        "a look at every one. Verdicts at alpha .05, but right ones of limits and p99 at .01, of the sample "
        "ratio at .001. Limits and pairs are asked one way, all else both ways. The least shares of right "
        "verdicts are an independent program's, less 3 points. `tests/core/test_sequential_verdicts.py`."
    )
    header = ("rollout", "verdict", "share", "bound", "median requests")
    target = "False verdicts within their bound, right ones at least as many as expected"
    found = Found(title="Sequential tests", how=how, header=header, rows=rows, target=target, reached=kept)
    print(write("sequential", found))
    assert kept
