from dataclasses import replace
from math import exp, log

import pytest

from noria.core.entities import marked
from noria.core.limits import Finding, judge, sample_ratio
from noria.core.sequential import rate_above, rate_below, split
from noria.core.window import AbortRule, ArmCounts, histogram

ERRORS = AbortRule(measure="error_rate", limit=0.01, of_champion=False, text="error_rate > 1%")
TWICE = AbortRule(measure="error_rate", limit=2, of_champion=True, text="error_rate > 2x champion")
SLOW = AbortRule(measure="p99", limit=0.05, of_champion=False, text="p99 > 50ms")
SLOWER = AbortRule(measure="p99", limit=2, of_champion=True, text="p99 > 2x champion")


def arm(requests: int = 0, errors: int = 0, slow: int = 0, seconds: float = 0.5) -> ArmCounts:
    """A version that answers in 4 ms, but `slow` of its requests in `seconds`."""
    latencies = [0.004] * (requests - slow) + [seconds] * slow
    return ArmCounts(requests=requests, errors=errors, bins=histogram(latencies))


def entities(first: int, last: int) -> ArmCounts:
    return ArmCounts(entities=marked(range(first, last)))


@pytest.mark.parametrize(
    ("rule", "challenger", "champion", "above", "proven"),
    [
        (ERRORS, arm(0, 1), arm(), True, False),  # e = 21: one failure may be chance
        (ERRORS, arm(0, 2), arm(), True, True),  # e = 1,048: everything fails
        (ERRORS, arm(495, 5), arm(), False, False),  # 1.0% is not above 1%
        (ERRORS, arm(494, 6), arm(), True, False),  # 1.2% is, and may well be chance
        (ERRORS, arm(480, 20), arm(), True, True),  # 4%
        (ERRORS, arm(), arm(), False, False),
        # at half the requests and twice the champion's rate, 2/3 of the errors are the challenger's part
        (TWICE, arm(500, 20), arm(500, 10), False, False),  # 20 of 30
        (TWICE, arm(500, 21), arm(500, 10), True, False),
        (TWICE, arm(500, 40), arm(500, 4), True, True),
        (TWICE, arm(500, 4), arm(500, 40), False, False),  # far from 2/3, but on the good side
        (TWICE, arm(500, 0), arm(500, 0), False, False),
        (SLOW, arm(500, slow=5), arm(), False, False),
        (SLOW, arm(500, slow=6), arm(), True, False),
        (SLOW, arm(500, slow=20), arm(), True, True),
        (SLOW, arm(500, slow=20, seconds=0.0505), arm(), False, False),  # in the bin of 50 ms itself
        (SLOWER, arm(500, slow=20), arm(2000), True, True),
        (SLOWER, arm(500, slow=20), arm(500), True, False),  # 500 answers do not prove the champion's p99
        (SLOWER, arm(500, slow=20), arm(2000, slow=80), False, False),  # the champion is as slow
        (SLOWER, arm(500, slow=20, seconds=0.008), arm(2000), False, False),  # twice, and no more
        (SLOWER, arm(500), arm(), True, False),  # no champion to compare with: no pass
    ],
)
def test_judge(
    rule: AbortRule, challenger: ArmCounts, champion: ArmCounts, above: bool, proven: bool
) -> None:
    found = judge(rule, challenger, champion, 0.5)
    assert (found.above, found.proven) == (above, proven)
    assert found.said.endswith(("failed", "part", "slower", "sure yet"))
    assert f"({rule.text})" in found.said


def test_what_fails_always_is_found_at_the_second_request() -> None:
    assert exp(judge(ERRORS, arm(0, 1), arm(), 0.1).statistic) == pytest.approx(21.3, abs=0.1)
    assert exp(judge(ERRORS, arm(0, 2), arm(), 0.1).statistic) == pytest.approx(1048, abs=1)
    assert judge(ERRORS, arm(), arm(), 0.1).bound == pytest.approx(log(100))


def test_the_reason_names_what_failed_most() -> None:
    bad = replace(arm(5, 3), causes={"the model's process died": 2, "the model raised ValueError": 1})
    assert judge(ERRORS, bad, arm(), 0.1).said.endswith("3 of 8 failed, most often: the model's process died")


def test_a_small_share_makes_each_error_weigh_more() -> None:
    # at 10% of the requests and twice the rate, 0.2 / 1.1 = 18% of the errors are the challenger's part
    assert judge(TWICE, arm(100, 12), arm(900, 4), 0.1).proven
    assert not judge(TWICE, arm(500, 12), arm(500, 6), 0.5).above


@pytest.mark.parametrize(
    ("got", "rest", "proven"),
    [
        (100, 900, False),
        (0, 50, False),  # 0.9^50 = 0.5%: rare, but not once in a thousand
        (0, 200, True),  # 0.9^200 = 7e-10
        (160, 840, True),
        (13, 87, False),
    ],
)
def test_sample_ratio(got: int, rest: int, proven: bool) -> None:
    found = sample_ratio(entities(0, got), entities(got, got + rest), 0.1)
    assert found.proven == proven
    assert found.said == f"{got} of {got + rest} entities met the challenger, where 10% are planned"


def recomputed(rule: AbortRule, counts: dict[str, float]) -> float:
    if rule.measure == "p99":
        return rate_above(counts["slower"], counts["answers"], 0.01)
    if rule.of_champion:
        return split(counts["challenger errors"], counts["champion errors"], counts["part"], 10)
    return rate_above(counts["errors"], counts["rows"], rule.limit)


@pytest.mark.parametrize("rule", [ERRORS, TWICE, SLOW, SLOWER])
def test_a_statistic_follows_from_its_counts(rule: AbortRule) -> None:
    found = judge(rule, arm(500, 30, slow=20), arm(2000, 3, slow=2), 0.2)
    assert found.proven
    assert recomputed(rule, found.counts) == found.statistic
    assert found.numbers[f"{rule.text}: bound"] == found.bound


def test_the_champions_percentile_is_proven_at_its_half_of_alpha() -> None:
    found: Finding = judge(SLOWER, arm(500, slow=20), arm(2000, slow=2), 0.2)
    counts = found.counts
    assert counts["limit"] == pytest.approx(0.008, rel=0.12)  # twice the end of the bin of 4 ms
    assert found.bound == pytest.approx(log(200))
    assert (counts["slower than seen"], counts["seen limit"]) == (20, counts["limit"])
    assert rate_below(counts["champion slower"], counts["champion answers"], 0.01) >= found.bound
