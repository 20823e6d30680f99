"""What a test says once follows from what the ledger keeps of it."""

from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noria.core import gain, guard, limits
from noria.core.entities import cell, marked
from noria.core.gain import QualityLimit
from noria.core.ledger import plain
from noria.core.limits import Finding
from noria.core.paired import Moments, Paired
from noria.core.window import AbortRule, ArmCounts, histogram
from noria.loop.retest import differing, retested

RULES = [
    AbortRule(measure="error_rate", limit=0.01, of_champion=False, text="error_rate > 1%"),
    AbortRule(measure="error_rate", limit=2.0, of_champion=True, text="error_rate > 2x champion"),
    AbortRule(measure="p99", limit=0.05, of_champion=False, text="p99 > 50ms"),
    AbortRule(measure="p99", limit=1.5, of_champion=True, text="p99 > 1.5x champion"),
]
COUNT = st.integers(0, 600)
SHARE = st.floats(0.05, 0.95)
GAIN = st.floats(-0.5, 0.5)


@st.composite
def arms(draw: st.DrawFn) -> ArmCounts:
    """Return an arm with quick and slow answers, errors and entities."""
    quick, slow = draw(COUNT), draw(st.integers(0, 30))
    met = marked({cell(f"{draw(COUNT)}-{number}") for number in range(draw(st.integers(0, 50)))})
    bins = histogram([0.002] * quick + [0.2] * slow)
    return ArmCounts(requests=quick + slow, errors=draw(st.integers(0, 40)), bins=bins, entities=met)


@st.composite
def days(draw: st.DrawFn) -> list[Paired]:
    """Return up to six days of a version against the champion."""
    moments = st.builds(Moments, rows=st.integers(1, 300), mean=GAIN, variance=st.floats(0.001, 1))
    pairs = st.builds(Paired, gains=moments, won=st.integers(0, 40), lost=st.integers(0, 40))
    return draw(st.lists(pairs, min_size=1, max_size=6))


def follows(*findings: Finding) -> None:
    """Assert that findings come out of their numbers again, as a ledger keeps these."""
    kept = plain({name: value for finding in findings for name, value in finding.numbers.items()})
    again = retested(kept)
    assert differing(kept, again) == []
    for new, old in zip(again, findings, strict=True):
        assert isclose(new.statistic, old.statistic, rel_tol=1e-6)
        assert (new.test, new.bound, new.above) == (old.test, old.bound, old.above)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.text)
@given(challenger=arms(), champion=arms(), share=SHARE)
def test_a_limit(rule: AbortRule, challenger: ArmCounts, champion: ArmCounts, share: float) -> None:
    follows(limits.judge(rule, challenger, champion, share))


@given(challenger=arms(), champion=arms(), share=SHARE)
def test_the_sample_ratio(challenger: ArmCounts, champion: ArmCounts, share: float) -> None:
    follows(limits.sample_ratio(challenger, champion, share))


@given(seen=days(), margin=st.floats(0, 0.1))
def test_quality(seen: list[Paired], margin: float) -> None:
    follows(*gain.worse(QualityLimit(metric="log_loss", margin=margin), seen))


@given(seen=days())
def test_the_guard(seen: list[Paired]) -> None:
    follows(guard.judge([day.gains for day in seen], Moments(rows=100, mean=0.5)))


def test_a_statistic_that_was_changed_differs() -> None:
    found = limits.judge(RULES[0], ArmCounts(requests=100, errors=3), ArmCounts(), 0.5)
    kept = {**found.numbers, "error_rate > 1%: statistic": 0.1}
    assert differing(kept, retested(kept)) == ["error_rate > 1%: statistic"]
