from dataclasses import replace
from typing import Any

import pytest

from noria.core.compare import Comparison
from noria.core.gates import CHECKS, Evidence, Gate, Outcome, judge, opens, refusals

OPTIONS = {
    "enough-rows": {"rows": 500},
    "finite": {},
    "beats-baseline": {"metric": "log_loss", "margin": 0.0},
    "better-than-champion": {
        "metric": "log_loss",
        "margin": 0.002,
        "confidence": 0.95,
        "worthwhile": 0.01,
        "newer": False,
    },
    "latency": {"p99": 0.02},
    "agreement": {"correlation": 0.9},
}


def seen(gain: float, half: float = 0.01, blocks: int = 7, loss: float = 0.5) -> dict[str, Comparison]:
    return {
        "log_loss": Comparison(
            metric="log_loss",
            rows=900,
            blocks=blocks,
            gain=gain,
            low=gain - half,
            high=gain + half,
            confidence=0.95,
            loss=loss,
        )
    }


def against(own: float, pooled: float | None = None, *, half: float = 0.01, **more: Any) -> dict[str, Any]:
    """Evidence against version 3: the own gain, and the pooled one, which is the same without others."""
    both = seen(own, half), seen(own if pooled is None else pooled, half)
    return {"rival": "version 3", "against_champion": both[0], "pooled": both[1], **more}


LATELY = {"record": seen(0.02)}


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
        ("better-than-champion", {"rival": "version 3"}, "inconclusive"),
        ("better-than-champion", {"rival": "v", "against_champion": seen(0.02, blocks=1)}, "inconclusive"),
        ("better-than-champion", against(0.02), "passed"),  # from .01, and more than 1% of .5
        (
            "better-than-champion",
            against(0.004, half=0.001),
            "inconclusive",
        ),  # surely better, by less than .005
        ("better-than-champion", against(0.009), "inconclusive"),  # from -.001
        ("better-than-champion", against(0.009, 0.011), "passed"),  # what came before decides with it
        ("better-than-champion", against(-0.005, 0.02), "passed"),  # its own holdout is within 1% of .5
        ("better-than-champion", against(-0.0051, 0.02), "failed"),
        ("better-than-champion", against(0, -0.004, half=0.003), "failed"),  # to -.001
        ("better-than-champion", against(-0.005, **LATELY), "passed"),  # not worse, and retraining pays
        ("better-than-champion", against(-0.0051, **LATELY), "failed"),
        ("better-than-champion", against(0, record=seen(0.02, half=0.03)), "inconclusive"),  # or perhaps not
        # the champion itself, against the one before it: worse or better, the record decides
        ("better-than-champion", against(-0.3, **LATELY, is_champion=True), "passed"),
        ("better-than-champion", against(0.3, record=seen(0.01), is_champion=True), "inconclusive"),  # from 0
        ("better-than-champion", against(0.3, record=seen(0.004, 0.001), is_champion=True), "inconclusive"),
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


def test_newer_and_not_worse_passes_where_the_policy_says_so() -> None:
    gate = Gate(check="better-than-champion", options={**OPTIONS["better-than-champion"], "newer": True})
    evidence = Evidence(**against(-0.001))
    assert opens(judge([gate], evidence))
    assert not opens(judge([gate], replace(evidence, newer=False)))
    assert not opens(judge([gate], Evidence(**against(0, -0.0051))))  # 1% of .5 is .005


def test_the_verdict_on_the_champion_itself_says_so() -> None:
    gate = Gate(check="better-than-champion", options=OPTIONS["better-than-champion"])
    verdict = judge([gate], Evidence(**against(-0.3, 0.1, **LATELY, is_champion=True)))[0]
    assert verdict.reason == (
        "retraining pays: log_loss -0.3000 (-0.3100 to -0.2900, 900 rows, 7 blocks) of the champion "
        "against version 3; lately log_loss +0.0200 (+0.0100 to +0.0300, 900 rows, 7 blocks)"
    )


def test_a_verdict_holds_the_own_and_the_pooled_numbers() -> None:
    gate = Gate(check="better-than-champion", options=OPTIONS["better-than-champion"])
    verdict = judge([gate], Evidence(**against(0.009, 0.011)))[0]
    assert (verdict.numbers["gain"], verdict.numbers["pooled_gain"]) == (0.009, 0.011)
    assert (verdict.numbers["worthwhile"], verdict.numbers["margin"]) == (0.005, 0.005)  # 1% of .5
    assert "log_loss +0.0110 (+0.0010 to +0.0210, 900 rows, 7 blocks) against version 3" in verdict.reason


@pytest.mark.parametrize(
    ("own", "lately", "outcome"),
    [
        ((0.01, 0.02), (0.0, 0.0), Outcome.PASSED),  # better in its own weeks: nothing else is asked
        ((-0.001, 0.05), (0.02, 0.03), Outcome.PASSED),  # weeks of noise, and a good record
        ((-0.001, 0.05), (-0.01, 0.01), Outcome.FAILED),  # no record to lean on
        ((-0.05, -0.01), (0.02, 0.03), Outcome.FAILED),  # proven worse: the record does not help
    ],
)
def test_a_week_like_none_before_does_not_refuse_what_was_good_for_long(
    own: tuple[float, float], lately: tuple[float, float], outcome: Outcome
) -> None:
    def seen(gain: float, high: float) -> Comparison:
        return Comparison(
            metric="log_loss", rows=900, blocks=9, gain=gain, low=2 * gain - high, high=high, confidence=0.95
        )

    gate = Gate(check="beats-baseline", options={"metric": "log_loss", "margin": 0.0})
    evidence = Evidence(
        rows=900, against_baseline={"log_loss": seen(*own)}, baseline_record={"log_loss": seen(*lately)}
    )
    (verdict,) = judge([gate], evidence)
    assert verdict.outcome is outcome
