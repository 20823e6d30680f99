"""The verdicts on a run's candidate: given once, and kept in one transaction with their ledger entry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from noria.core.gates import AFTER_REFIT, Evidence, Gate, Verdict, judge, opens, refusals
from noria.loop.run import Run

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
    gates = [gate for gate in run.parts.project.gates if (gate.check in AFTER_REFIT) == after_refit]
    names = {gate.check for gate in gates}
    verdicts = tuple(verdict for verdict in run.row.verdicts if verdict.gate in names)
    if not verdicts:
        verdicts = judge(gates, evidence)
        _keep(run, verdicts, gates, evidence)
    return opens(verdicts)


def _keep(run: Run, verdicts: tuple[Verdict, ...], gates: Sequence[Gate], evidence: Evidence) -> None:
    """Keep them with all that they follow from: the gates, the trial, and what else was measured."""
    row, passed = run.row, opens(verdicts)
    after = replace(row, verdicts=(*row.verdicts, *verdicts))
    if not passed:
        after = replace(after, status="refused", ended=run.parts.clock.now(), error=refusals(verdicts))
    trial = {} if row.verdicts else {name: row.facts[name] for name in ("window", "trial")}
    measured = {name: getattr(evidence, name) for name in MEASURED}
    run.save(after, "judged", verdicts=verdicts, passed=passed, gates=gates, measured=measured, **trial)
