import pytest

from noria.core.compare import Comparison
from noria.core.gates import CHECKS, Evidence, Gate, Outcome, judge, opens, refusals

OPTIONS = {
    "enough-rows": {"rows": 500},
    "finite": {},
    "beats-baseline": {"metric": "log_loss", "margin": 0.0},
    "better-than-champion": {"metric": "log_loss", "margin": 0.002, "confidence": 0.95},
    "latency": {"p99": 0.02},
    "agreement": {"correlation": 0.9},
}


def seen(gain: float, half: float = 0.01, blocks: int = 7) -> dict[str, Comparison]:
    return {
        "log_loss": Comparison(
            metric="log_loss",
            rows=900,
            blocks=blocks,
            gain=gain,
            low=gain - half,
            high=gain + half,
            confidence=0.95,
        )
    }


@pytest.mark.parametrize(
    ("check", "evidence", "outcome"),
    [
        ("enough-rows", {"rows": 500}, "passed"),
        ("enough-rows", {"rows": 499}, "inconclusive"),
        ("finite", {"not_finite": 0, "not_repeatable": 0}, "passed"),
        ("finite", {"not_finite": 1, "not_repeatable": 0}, "failed"),
        ("finite", {"not_finite": 0, "not_repeatable": 1}, "failed"),
        ("finite", {}, "error"),
        ("beats-baseline", {"against_baseline": seen(0.1)}, "passed"),
        ("beats-baseline", {"against_baseline": seen(0.0)}, "failed"),
        ("beats-baseline", {}, "inconclusive"),
        ("better-than-champion", {}, "passed"),  # the first one
        ("better-than-champion", {"rival": "version 3", "against_champion": seen(0.02)}, "passed"),  # low > 0
        ("better-than-champion", {"rival": "version 3", "against_champion": seen(-0.002)}, "passed"),  # newer
        ("better-than-champion", {"rival": "version 3", "against_champion": seen(-0.0021)}, "failed"),
        # -.001 is within the margin, but its interval lies below zero: surely worse
        ("better-than-champion", {"rival": "version 3", "against_champion": seen(-0.001, 0.0005)}, "failed"),
        ("better-than-champion", {"rival": "v", "against_champion": seen(0.005), "newer": False}, "failed"),
        ("better-than-champion", {"rival": "v", "against_champion": seen(0.02), "newer": False}, "passed"),
        ("better-than-champion", {"rival": "v", "against_champion": seen(0.02, blocks=1)}, "inconclusive"),
        ("better-than-champion", {"rival": "version 3"}, "inconclusive"),
        ("latency", {"latency": 0.02}, "passed"),
        ("latency", {"latency": 0.021}, "failed"),
        ("latency", {}, "error"),
        ("agreement", {"agreement": 0.9}, "passed"),
        ("agreement", {"agreement": 0.89}, "failed"),
        ("agreement", {}, "error"),
    ],
)
def test_outcomes(check: str, evidence: dict, outcome: str) -> None:
    verdict = judge([Gate(check=check, options=OPTIONS[check])], Evidence(**evidence))[0]
    assert (verdict.outcome, verdict.gate) == (outcome, check)
    assert verdict.reason


@pytest.mark.parametrize("check", CHECKS)
def test_what_could_not_be_measured_is_an_error_and_no_pass(check: str) -> None:
    evidence = Evidence(faults={check: "the model did not load"})
    verdicts = judge([Gate(check=check, options=OPTIONS[check])], evidence)
    assert verdicts[0].outcome is Outcome.ERROR
    assert not opens(verdicts)
    assert refusals(verdicts) == f"{check} error: the model did not load"


def test_the_table_has_options_for_every_check() -> None:
    assert set(OPTIONS) == set(CHECKS)
