"""Gates: checks on a candidate, each with a verdict and its reasons.

A check is a function from its options and the evidence to a verdict. It measures nothing: what could not be
measured stands in the evidence as such, and is an error or inconclusive, never a pass.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from noria.core.compare import Block, Comparison, Loss


class Outcome(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"  # it could not be measured
    INCONCLUSIVE = "inconclusive"  # it was measured, and the evidence does not suffice


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """A line of [[gates]]: which check, with which options, all of them filled in."""

    check: str
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a gate said: the outcome, a sentence why, and the numbers that it saw."""

    gate: str
    outcome: Outcome
    reason: str
    numbers: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What was measured on a candidate.

    `rows` are the rows of the holdout, `metrics` the candidate's on all of them, `daily` those on each block.
    `losses` are the task's first metric by block. `against_baseline` and `against_champion` compare on the
    same rows, by metric; the champion's only on rows that neither model was trained on. `pooled` is that with
    the blocks of earlier candidates against the same champion; `record` is what the last candidates gained
    over the champions of their time, and `baseline_record` what they gained over the baseline. `rival` says
    which artifact the champion was compared by, or is "" without a champion; `refit` is what it gains over
    the same model before its refit. `is_champion` tells that the judged model is the champion, and was
    compared with the version before it.
    `newer` tells whether the candidate knows newer data or code. `not_finite` counts outputs that are NaN or
    infinite, `not_repeatable` rows whose output changed from call to call or from batch to single row.
    `latency` is the 99th percentile of single rows in a clean process, in seconds. `agreement` is the
    correlation of the shipped model's outputs with the candidate's on the holdout. What could not be measured
    is None, and `faults` says why, by the name of the check.
    """

    rows: int = 0
    metrics: dict[str, float] = field(default_factory=dict)
    against_baseline: dict[str, Comparison] = field(default_factory=dict)
    against_champion: dict[str, Comparison] = field(default_factory=dict)
    pooled: dict[str, Comparison] = field(default_factory=dict)
    record: dict[str, Comparison] = field(default_factory=dict)
    baseline_record: dict[str, Comparison] = field(default_factory=dict)
    losses: tuple[Loss, ...] = ()
    daily: dict[str, tuple[float, ...]] = field(default_factory=dict)
    refit: tuple[Block, ...] = ()
    rival: str = ""
    newer: bool = True
    is_champion: bool = False
    not_finite: int | None = None
    not_repeatable: int | None = None
    latency: float | None = None
    agreement: float | None = None
    faults: dict[str, str] = field(default_factory=dict)


AFTER_REFIT = frozenset({"agreement"})


def judge(gates: Sequence[Gate], evidence: Evidence) -> tuple[Verdict, ...]:
    """Return the verdict of each gate, in order."""
    return tuple(_judge_one(gate, evidence) for gate in gates)


def opens(verdicts: Sequence[Verdict]) -> bool:
    """Return whether a candidate with these verdicts may go on: every gate passed."""
    return all(verdict.outcome is Outcome.PASSED for verdict in verdicts)


def refusals(verdicts: Sequence[Verdict]) -> str:
    """Return the reasons of the gates that did not pass, as one sentence."""
    return "; ".join(
        f"{verdict.gate} {verdict.outcome}: {verdict.reason}"
        for verdict in verdicts
        if verdict.outcome is not Outcome.PASSED
    )


def _judge_one(gate: Gate, evidence: Evidence) -> Verdict:
    if fault := evidence.faults.get(gate.check):
        return Verdict(gate=gate.check, outcome=Outcome.ERROR, reason=fault)
    outcome, reason, numbers = CHECKS[gate.check](gate.options, evidence)
    return Verdict(gate=gate.check, outcome=outcome, reason=reason, numbers=numbers)


_Said = tuple[Outcome, str, dict[str, float]]


def enough_rows(options: dict[str, Any], evidence: Evidence) -> _Said:
    """The holdout is large enough to say anything."""
    needed = options["rows"]
    numbers: dict[str, float] = {"rows": evidence.rows, "needed": needed}
    if evidence.rows < needed:
        return Outcome.INCONCLUSIVE, f"{evidence.rows} rows held out, {needed} needed", numbers
    return Outcome.PASSED, f"{evidence.rows} rows held out", numbers


def finite(options: dict[str, Any], evidence: Evidence) -> _Said:
    """Every output is a finite number, and the same row gets the same output each time."""
    if evidence.not_finite is None or evidence.not_repeatable is None:
        return Outcome.ERROR, "outputs were not measured", {}
    numbers: dict[str, float] = {
        "not_finite": evidence.not_finite,
        "not_repeatable": evidence.not_repeatable,
    }
    if evidence.not_finite:
        return Outcome.FAILED, f"{evidence.not_finite} outputs are NaN or infinite", numbers
    if evidence.not_repeatable:
        return Outcome.FAILED, f"{evidence.not_repeatable} rows got another output when asked again", numbers
    return Outcome.PASSED, "outputs are finite and repeatable", numbers


def beats_baseline(options: dict[str, Any], evidence: Evidence) -> _Said:
    """The candidate is better than a model that knows only the label's distribution.

    In weeks that differ from all before them even a good model may look worse than that one, and the champion
    worse still. So it is enough that it does not, or that the last candidates together do not.
    """
    metric, margin = options["metric"], options["margin"]
    seen = evidence.against_baseline.get(metric)
    if seen is None or not seen.blocks:
        return Outcome.INCONCLUSIVE, f"{metric} is undefined on these rows", {}
    lately = evidence.baseline_record.get(metric, seen)
    text = f"{_gain(seen)} against the baseline"
    numbers = {**_numbers(seen), **{f"record_{name}": number for name, number in _numbers(lately).items()}}
    if seen.gain > margin:
        return Outcome.PASSED, text, numbers
    if lately.gain > margin and seen.high > margin:
        return Outcome.PASSED, f"{text}; lately {_gain(lately)}", numbers
    return Outcome.FAILED, f"{text}, more than {margin:g} is needed", numbers


def better_than_champion(options: dict[str, Any], evidence: Evidence) -> _Said:
    """The candidate is better than the champion, or not worse where retraining has proven to pay.

    A week of labels hides most gains in its noise. So the gains of all candidates over this champion are
    pooled; and what the last candidates gained over the champions of their time speaks for a candidate too.
    Alone it speaks where the judged model is the champion itself, held against the one before it.
    """
    if not evidence.rival:
        return Outcome.PASSED, "there is no champion yet", {}
    metric = options["metric"]
    own = evidence.against_champion.get(metric)
    seen = evidence.pooled.get(metric, own)
    if own is None or seen is None or seen.blocks < 2:
        rows = seen.rows if seen else 0
        reason = f"{rows} rows, of fewer than two blocks, were untouched by both models"
        return Outcome.INCONCLUSIVE, reason, {"rows": rows}
    record = evidence.record.get(metric, seen)
    worth = options["worthwhile"] * seen.loss
    margin = max(options["margin"], worth)  # what is not worth a promotion is not worth a refusal
    told = {"": own, "pooled_": seen, "record_": record}
    numbers = {f"{of}{name}": number for of, one in told.items() for name, number in _numbers(one).items()}
    numbers |= {"margin": margin, "worthwhile": worth}
    lately = f"lately {_gain(record)}"
    if evidence.is_champion:
        text = f"{_gain(own)} of the champion against {evidence.rival}; {lately}"
        pays = f"retraining pays: {text}"
    else:
        text = f"{_gain(seen)} against {evidence.rival}"
        pays = f"not worse, and retraining pays: {text}; {lately}"
        if own.gain < -margin or seen.gain < -margin or seen.high < 0:
            return Outcome.FAILED, f"worse: {text}; {own.gain:+.4f} on its own holdout", numbers
        if seen.low > 0 and seen.gain >= worth:
            return Outcome.PASSED, f"better: {text}", numbers
    if record.low > 0 and record.gain >= options["worthwhile"] * record.loss:
        return Outcome.PASSED, pays, numbers
    if options["newer"] and evidence.newer:
        return Outcome.PASSED, f"newer, and not worse: {text}", numbers
    return Outcome.INCONCLUSIVE, f"not proven to gain the {worth:.4f} that are worth it: {text}", numbers


def latency(options: dict[str, Any], evidence: Evidence) -> _Said:
    """The candidate loads in a clean process and answers single rows within the budget."""
    if evidence.latency is None:
        return Outcome.ERROR, "latency was not measured", {}
    numbers = {"p99": evidence.latency, "budget": options["p99"]}
    text = f"p99 {evidence.latency * 1000:.2f} ms of {options['p99'] * 1000:g} ms"
    return (Outcome.PASSED if evidence.latency <= options["p99"] else Outcome.FAILED), text, numbers


def agreement(options: dict[str, Any], evidence: Evidence) -> _Said:
    """The refitted model that ships says what the judged candidate said."""
    if evidence.agreement is None:
        return Outcome.ERROR, "agreement was not measured", {}
    numbers = {"correlation": evidence.agreement, "needed": options["correlation"]}
    text = f"correlation {evidence.agreement:.3f} of refit and candidate, {options['correlation']:g} needed"
    return (Outcome.PASSED if evidence.agreement >= options["correlation"] else Outcome.FAILED), text, numbers


CHECKS: dict[str, Callable[[dict[str, Any], Evidence], _Said]] = {
    "enough-rows": enough_rows,
    "finite": finite,
    "beats-baseline": beats_baseline,
    "better-than-champion": better_than_champion,
    "latency": latency,
    "agreement": agreement,
}


def _gain(seen: Comparison) -> str:
    of = "squared error" if seen.metric == "rmse" else seen.metric  # rows have no root of their own
    return (
        f"{of} {seen.gain:+.4f} ({seen.low:+.4f} to {seen.high:+.4f}, {seen.rows} rows, {seen.blocks} blocks)"
    )


def _numbers(seen: Comparison) -> dict[str, float]:
    return {"gain": seen.gain, "low": seen.low, "high": seen.high, "rows": seen.rows, "blocks": seen.blocks}
