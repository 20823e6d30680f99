"""What the gates say of a candidate: those that judge what was measured, and those that examine it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from noria.core import gates as core
from noria.core.gates import Gate, Outcome, Verdict
from noria.gates.examine import examine
from noria.gates.subject import Subject
from noria.pipeline.evaluate import Evaluation, agree, evaluate


def refused(verdicts: Sequence[Verdict]) -> dict[str, str]:
    """Return the reasons of the gates that did not pass, by name."""
    return {
        verdict.gate: f"{verdict.outcome}: {verdict.reason}"
        for verdict in verdicts
        if verdict.outcome is not Outcome.PASSED
    }


def verdicts(subject: Subject, gates: Sequence[Gate]) -> list[Verdict]:
    """Return every gate's verdict, as a run would reach it."""
    judged = [gate for gate in gates if gate.check in core.CHECKS]
    others = [gate for gate in gates if gate.check not in core.CHECKS]
    return [*(_judged(subject, judged) if judged else ()), *examine(subject, others)]


def _judged(subject: Subject, gates: Sequence[Gate]) -> tuple[Verdict, ...]:
    try:
        evidence = evaluate(
            Evaluation(
                holdout=str(subject.holdout_file),
                train=str(subject.train_file),
                candidate=str(subject.judged),
                rival=None,
                newer=True,
                label=subject.project.data.label,
                task=str(subject.project.task),
                gates=tuple(gates),
            )
        )
        both = agree(str(subject.train_file), str(subject.judged), str(subject.shipped))
    except Exception as error:  # a run ends with it, and registers nothing
        reason = f"{type(error).__name__}: {error}"
        return (Verdict(gate="evaluation", outcome=Outcome.ERROR, reason=reason),)
    return core.judge(gates, replace(evidence, agreement=both.agreement))
