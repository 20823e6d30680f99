"""What the loop would do now, and why; what it waits for, and which evidence it has and lacks.

It asks the functions that decide, on the state as it is, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from noria.core.compare import Comparison, pooled
from noria.core.gates import Evidence, Gate, judge
from noria.core.maturity import matures_at
from noria.core.outlook import Line, held, moment, next_run, watched
from noria.core.policy import Decision, Facts
from noria.core.trials import Trial, against, record
from noria.core.windows import AUTO, proven, recent_gain
from noria.loop.forerunner import Forerunner, forerunner
from noria.loop.parts import Parts
from noria.loop.past import trials
from noria.loop.progress import progress
from noria.loop.retrain import intended
from noria.loop.rivals import opponent
from noria.loop.watch import consider, facts
from noria.project.model import Evaluation
from noria.rows import Checkout, ModelRow

BETTER = "better-than-champion"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """The decision now, on which facts, and when the next run starts if only time passes, and why (not).

    The rest is in lines: the project's triggers and brakes, how the next run trains and is judged, the
    evidence for its gates so far, and the rollout or the guard.
    """

    decision: Decision
    facts: Facts
    next_at: datetime | None
    next_reason: str
    triggers: tuple[Line, ...]
    brakes: tuple[Line, ...]
    training: tuple[Line, ...]
    evidence: tuple[Line, ...]
    rollout: tuple[Line, ...]


def outlook(parts: Parts) -> Outlook:
    """Return how things stand at the clock's time."""
    known = facts(parts, parts.clock.now())
    project, row = parts.project, parts.state.model(parts.model)
    past = trials(parts, before="")
    decision = consider(parts, known)
    next_at, next_decision = next_run(project.triggers, project.brakes, known)
    before = _forerunner(parts, known, past)
    return Outlook(
        decision=decision,
        facts=known,
        next_at=next_at,
        next_reason=next_decision.reason,
        triggers=tuple(watched(project.triggers, known, project.data.label_delay)),
        brakes=tuple(held(project.brakes, known)),
        training=tuple(_training(parts, row, before, past)),
        evidence=tuple(_evidence(parts, row, before, past)),
        rollout=tuple(progress(parts, row)),
    )


def _forerunner(parts: Parts, known: Facts, past: list[Trial]) -> Forerunner | None:
    """Return whose models would be judged in place of the next run's, if that is of the newest commit."""
    windows = intended(parts.project.train, past)["windows"]
    return forerunner(parts, "", Checkout(path="", commit=known.head), windows)


def _training(parts: Parts, row: ModelRow, before: Forerunner | None, past: list[Trial]) -> Iterator[Line]:
    """Tell on which windows the next run trains, who is judged, on what, against whom, and what ships."""
    next_ = intended(parts.project.train, past)
    yield Line(about="windows", said=f"{' and '.join(next_['windows'])}: {_why_windows(parts, past)}")
    yield Line(about="judged", said=_judged(parts, row, before))
    yield Line(about="refit", said=_refit(parts, before, wanted=next_["refit"]))


def _why_windows(parts: Parts, past: Sequence[Trial]) -> str:
    if parts.project.train.window != AUTO:
        return "as the project file says"
    gain, better = recent_gain(past), proven(past)
    if not gain.blocks:
        return "nobody knows yet which is better"
    seen = f"the recent one gained {_interval(gain)}"
    return f"{better} is proven better: {seen}" if better else f"neither is proven better: {seen}"


def _judged(parts: Parts, row: ModelRow, before: Forerunner | None) -> str:
    """Say which models are judged: those of the run before, on what came since, or twins on a holdout."""
    rival, is_champion = opponent(parts, row.champion, before)
    who = f"against {rival.name}" if rival else "without a champion to beat"
    if is_champion and rival:
        who = f"version {row.champion}, which serves, against {rival.name}"
    if before:
        since = before.learnt[:16].replace("T", " ")
        return f"prequential: the models of run {before.run[:8]}, on all that came after {since}; {who}"
    train = parts.project.train
    new = ", as no run of this code came before" if train.evaluation is Evaluation.PREQUENTIAL else ""
    if not train.holdout:
        return "not at all: nothing is held out"
    return f"holdout: models that are trained without the newest rows, on these{new}; {who}"


def _refit(parts: Parts, before: Forerunner | None, *, wanted: bool) -> str:
    train = parts.project.train
    if before:
        return "no: what is trained knows every row already"
    if not train.holdout:
        return "no: nothing is held out"
    if train.refit != AUTO:
        return f"{'yes' if wanted else 'no'}: as the project file says"
    return "yes: it is not proven to be in vain" if wanted else "no: in the last runs it was in vain"


def _evidence(parts: Parts, row: ModelRow, before: Forerunner | None, past: list[Trial]) -> Iterator[Line]:
    """Tell what is known of the champion in service, and what the gate would say of the record so far."""
    if row.champion is None:
        yield Line(about="champion", said="none yet: the first version that passes the gates becomes it")
        return
    yield _mature_days(parts, row, row.champion)
    rival, is_champion = opponent(parts, row.champion, before)
    for gate in parts.project.gates:
        if rival and gate.check == BETTER:
            yield from _of_gate(gate, row.champion, past, is_champion=is_champion)


def _mature_days(parts: Parts, row: ModelRow, champion: int) -> Line:
    rows = parts.state.quality(parts.model, champion)
    days = [day for day in rows if day.role == "champion" and day.rows]
    delay = parts.project.data.label_delay
    if days:
        labels = sum(day.rows for day in days)
        until = f"{len(days)} mature days with {labels} labels, the last is {days[-1].day}"
        numbers = {"days": len(days), "labels": labels}
        return Line(about="champion", said=f"version {champion} has {until}", numbers=numbers)
    since = row.rollout.entered if row.rollout and row.rollout.version == champion else parts.clock.now()
    at = matures_at(since.date(), delay)
    said = f"version {champion} has no mature day yet: the first not before {moment(at)}"
    return Line(about="champion", said=said, at=at)


def _of_gate(gate: Gate, champion: int, past: Sequence[Trial], *, is_champion: bool) -> Iterator[Line]:
    """Tell the record, and what the gate would say of a candidate that adds nothing to it."""
    metric, confidence = gate.options["metric"], gate.options["confidence"]
    nothing = {metric: pooled(metric, (), confidence)}
    lately = record(nothing, [trial.gains for trial in past])
    name = f"version {champion}"
    names = [trial.rival for trial in past if trial.rival.partition(" as ")[0] == name]
    rival = names[-1] if names else name
    seen = lately if is_champion else against(rival, nothing, past)
    yield _compared("record", lately[metric], "candidates over the champions of their time")
    if not is_champion:
        yield _compared("gain", seen[metric], f"candidates over {rival}")
    said = judge(
        [gate],
        Evidence(rival=rival, against_champion=seen, pooled=seen, record=lately, is_champion=is_champion),
    )
    yield Line(about="gate", said=f"{BETTER} would say of that alone: {said[0].outcome}, {said[0].reason}")


def _compared(about: str, seen: Comparison, who: str) -> Line:
    numbers = {
        "gain": seen.gain,
        "low": seen.low,
        "high": seen.high,
        "rows": seen.rows,
        "blocks": seen.blocks,
    }
    if not seen.blocks:
        return Line(about=about, said=f"no {who} yet", numbers={"blocks": 0})
    return Line(about=about, said=f"{who}: {seen.metric} {_interval(seen)}", numbers=numbers)


def _interval(seen: Comparison) -> str:
    return f"{seen.gain:+.4f} ({seen.low:+.4f} to {seen.high:+.4f}, {seen.rows} rows, {seen.blocks} blocks)"
