"""The verdicts on a run's candidate: given once, and kept in one transaction with their ledger entry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from noria.core.gates import AFTER_REFIT, CHECKS, Evidence, Gate, Verdict, judge, opens, refusals
from noria.loop.run import Run
from noria.rows import RunRow

MEASURED = (
    "rows",
    "newer",
    "is_champion",
    "not_finite",
    "not_repeatable",
    "latency",
    "agreement",
    "faults",
)
"""Of the evidence, what the gates judge and no trial holds."""


def passes(run: Run, evidence: Evidence, *, after_refit: bool = False) -> bool:
    """Return whether the gates of this stage let the run go on; if they do not, it ends here."""
    judged = [gate for gate in run.parts.project.gates if gate.check in CHECKS]
    gates = [gate for gate in judged if (gate.check in AFTER_REFIT) == after_refit]
    names = {gate.check for gate in gates}
    verdicts = tuple(verdict for verdict in run.row.verdicts if verdict.gate in names)
    if not verdicts:
        verdicts = judge(gates, evidence)
        _keep(run, verdicts, gates, evidence)
    return opens(verdicts)


def examined(run: Run, verdicts: tuple[Verdict, ...]) -> bool:
    """Return whether what the examining gates said lets the run go on; if it does not, it ends here."""
    kept = run.row.verdicts[-len(verdicts) :] == verdicts
    if verdicts and not kept:
        gates = [gate for gate in run.parts.project.gates if gate.check not in CHECKS]
        run.save(_after(run, verdicts), "examined", verdicts=verdicts, passed=opens(verdicts), gates=gates)
    return opens(verdicts)


def _keep(run: Run, verdicts: tuple[Verdict, ...], gates: Sequence[Gate], evidence: Evidence) -> None:
    """Keep them with all that they follow from: the gates, the trial, and what else was measured."""
    row, passed = run.row, opens(verdicts)
    trial = {} if row.verdicts else {name: row.facts[name] for name in ("window", "trial")}
    measured = {name: getattr(evidence, name) for name in MEASURED}
    after = _after(run, verdicts)
    run.save(after, "judged", verdicts=verdicts, passed=passed, gates=gates, measured=measured, **trial)


def _after(run: Run, verdicts: tuple[Verdict, ...]) -> RunRow:
    """Return the run's row with further verdicts; one that did not pass ends it."""
    after = replace(run.row, verdicts=(*run.row.verdicts, *verdicts))
    if opens(verdicts):
        return after
    return replace(after, status="refused", ended=run.parts.clock.now(), error=refusals(verdicts))
