"""Every decision that the loop took by itself, computed again from what the ledger keeps with it.

The functions that decided decide again, on the facts, blocks and counts that were recorded. So a decision
that comes out otherwise was not taken on what the ledger says, or by other code than this.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import msgspec

from noria.core.compare import Block, Comparison, pooled
from noria.core.gates import Evidence, Gate, judge
from noria.core.ledger import plain
from noria.core.policy import Brakes, Facts, Triggers, decide, triggers
from noria.core.rollout import Phase
from noria.core.trials import Trial
from noria.core.windows import choose
from noria.loop.past import RECENT, remembering
from noria.loop.retest import differing, retested

T = TypeVar("T")
Body = Mapping[str, Any]
PASSED = (Phase.SHADOW, Phase.WEIGHTED, Phase.PROMOTED)
"""The phases that a passed step leads to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recomputed:
    """A decision of the ledger; `fault` says what is wrong with it, "" where it comes out the same."""

    seq: int
    kind: str
    fault: str


def recompute(entries: Iterable[Mapping[str, Any]]) -> list[Recomputed]:
    """Compute the decisions of a model's whole ledger again, oldest first.

    Left out are those that people took, and those that follow from no number, such as that a version serves
    once it is loaded.
    """
    past: dict[str, Trial | None] = {}
    found = []
    for entry in entries:
        kind, body = entry["kind"], entry["body"]
        if kind == "run":
            past[body["run"]] = None
            fault = _run(body)
        elif kind == "judged":
            fault = _judged(body, past)
        elif entry["actor"] == "noria" and body.get("numbers"):
            fault = _look(kind, body["numbers"])
        else:
            continue
        found.append(Recomputed(seq=entry["seq"], kind=kind, fault=fault))
    return found


def _run(body: Body) -> str:
    """Return what is wrong with the start of a run; "" if nothing."""
    facts, brakes = _read(body["facts"], Facts), _read(body["policy"]["brakes"], Brakes)
    found = triggers(_read(body["policy"]["triggers"], Triggers), facts)
    decision = decide(brakes, facts, found)
    if not decision.run:
        return f"on its facts no run starts: {decision.reason}"
    if (decision.run_id, plain(decision.triggers)) != (body["run"], body["triggers"]):
        return f"on its facts another run starts: {decision.reason}"
    return ""


def _judged(body: Body, past: dict[str, Trial | None]) -> str:
    """Return which verdicts do not follow from the trials, and keep the run's own for those to come."""
    gates, evidence = _read(body["gates"], list[Gate]), _read(body["measured"], Evidence)
    if "trial" in body:
        before = [trial for trial in list(past.values())[-RECENT:] if trial]
        past[body["run"]] = trial = _read(body["trial"], Trial)
        evidence = remembering(_compared(evidence, trial, gates), before)
        own = {window: losses for window, losses in trial.losses.items() if window in trial.trained}
        if choose(own, before) != body["window"]:
            return f"the window {body['window']} was judged, and {choose(own, before)} is the better one"
    again = plain(judge(gates, evidence))
    off = [new["gate"] for new, kept in zip(again, body["verdicts"], strict=True) if new != kept]
    return f"other verdicts follow from what was measured: {', '.join(off)}" if off else ""


def _compared(evidence: Evidence, trial: Trial, gates: Sequence[Gate]) -> Evidence:
    """Return the evidence with the comparisons that a trial's blocks come from."""

    def compared(check: str, blocks: Mapping[str, Sequence[Block]]) -> dict[str, Comparison]:
        options = [gate.options for gate in gates if gate.check == check]
        levels = {option["metric"]: option.get("confidence", 0.95) for option in options}
        return {metric: pooled(metric, gains, levels[metric]) for metric, gains in blocks.items()}

    return replace(
        evidence,
        rival=trial.rival,
        against_champion=compared("better-than-champion", trial.gains),
        against_baseline=compared("beats-baseline", trial.baseline),
    )


def _look(kind: str, numbers: Mapping[str, Any]) -> str:
    """Return what is wrong with a move on a look's numbers; "" if nothing."""
    findings = retested(numbers)
    if off := differing(numbers, findings):
        return f"its counts give other numbers: {', '.join(off)}"
    proven = [finding.test for finding in findings if finding.proven]
    if kind in PASSED and numbers["challenger_requests"] < numbers["needed_requests"]:
        return "too few requests were seen"
    if kind in (Phase.ROLLED_BACK, "rollback"):
        return "" if proven else "nothing was proven against the version"
    return f"it went on, although there was proof against it: {', '.join(proven)}" if proven else ""


def _read(value: Any, kind: type[T]) -> T:
    return msgspec.convert(value, kind, strict=False)
