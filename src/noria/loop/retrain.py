"""One run: from a reason to a registered version, or to a refusal with its reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

from noria.core.gates import AFTER_REFIT, Evidence, Gate, Verdict, judge, opens, refusals
from noria.core.policy import Cause
from noria.core.trials import Trial, pays
from noria.core.windows import AUTO, choose, windows_to_train
from noria.loop.durable import Step, StepFault
from noria.loop.forerunner import Forerunner, code_of, forerunner, left_by, twin_of
from noria.loop.parts import Parts
from noria.loop.past import found, gained, learnt_before, learnt_until, remembering, trials
from noria.project.model import Train
from noria.rows import Checkout, Cut, Entry, Rival, RunRow, Snapshot, Training, VersionRow

STEPS = ("checkout", "snapshot", "train", "evaluate", "judge", "refit", "agree", "judge-refit", "register")


def retrain(parts: Parts, run: str, step: Step) -> None:
    """Carry a run out. Its end, whatever it is, stands in the run's row and in the ledger."""
    try:
        _retrain(parts, run, step)
    except StepFault as fault:
        _end(parts, run, "failed", fault.message, hint=fault.hint)


def _retrain(parts: Parts, run: str, step: Step) -> None:
    jobs, row, past = parts.jobs, _row(parts, run), trials(parts, before=run)
    commit = None if row.trigger == Cause.MANUAL else row.commit  # by hand: the working tree as it is
    _enter(parts, run, "checkout", **_begun(row, parts.project.train, past))
    checkout = step("checkout", lambda: jobs.checkout(run, commit), Checkout)
    _enter(parts, run, "snapshot", diff=checkout.diff, code=code_of(checkout))
    windows = tuple(_row(parts, run).facts["windows"])
    before = forerunner(parts, run, checkout, windows)
    since = before.learnt if before else None
    snapshot = step("snapshot", lambda: jobs.snapshot(run, windows, since), Snapshot)
    _enter(parts, run, "train", **_of_snapshot(snapshot), forerunner=before and before.run)
    trained = _candidates(parts, run, step, checkout, snapshot, full=before is not None)
    judged = {name: before.models[name] for name in trained if name in before.models} if before else trained
    measured = _measured(parts, run, step, snapshot, judged, before)
    window = choose({name: seen.losses for name, seen in measured.items()}, past)
    _enter(
        parts,
        run,
        "judge",
        **found(measured, window),
        **gained(measured[window], _newer(parts, run, snapshot, before)),
        **left_by(snapshot, trained, full=before is not None),
        train_seconds=sum(one.seconds for one in trained.values()),
        train_rows=sum(one.rows for one in trained.values()),
    )
    evidence = remembering(measured[window], past)
    if not step("judge", lambda: _judge(parts, run, evidence, after_refit=False), bool):
        return
    twin, shipped = judged[window], trained[window]
    if before is None and _row(parts, run).facts["refit"] and snapshot.holdout_rows:
        _enter(parts, run, "refit")
        rows = next(cut.full for cut in snapshot.cuts if cut.window == window)
        shipped = step("refit", lambda: _train(parts, run, checkout, rows, f"full-{window}"), Training)
        left = left_by(snapshot, {window: shipped}, full=True)
        _enter(parts, run, "refit", refit_seconds=shipped.seconds, **left)
    if shipped != twin:
        _enter(parts, run, "agree", refit=True)
        agreed = step("agree", lambda: jobs.agree(run, snapshot, twin.artifact, shipped.artifact), Evidence)
        if not step("judge-refit", lambda: _judge(parts, run, agreed, after_refit=True), bool):
            return
    _enter(parts, run, "register")
    step("register", lambda: _register(parts, run, shipped, twin), int)


def _begun(row: RunRow, train: Train, past: list[Trial]) -> dict[str, Any]:
    """Return what was decided when the run began: its windows, and whether what ships is refitted."""
    refit = pays(past) if train.refit == AUTO else train.refit
    decided = {"windows": windows_to_train(train.window, past), "refit": refit}
    return {name: row.facts.get(name, value) for name, value in decided.items()}


def _candidates(
    parts: Parts, run: str, step: Step, checkout: Checkout, snapshot: Snapshot, *, full: bool
) -> dict[str, Training]:
    """Train on each window, with or without the holdout; the step of a run's first one has a plain name."""

    def train(cut: Cut) -> Training:
        if full:
            return _train(parts, run, checkout, cut.full, f"full-{cut.window}")
        return _train(parts, run, checkout, cut.train, f"train-{cut.window}")

    first, *others = snapshot.cuts
    trained = {first.window: step("train", lambda: train(first), Training)}
    return trained | {
        cut.window: step(f"train-{cut.window}", partial(train, cut), Training) for cut in others
    }


def _measured(
    parts: Parts,
    run: str,
    step: Step,
    snapshot: Snapshot,
    judged: Mapping[str, Training],
    before: Forerunner | None,
) -> dict[str, Evidence]:
    """Measure each model on the holdout; where nothing is held out, nothing is measured."""
    champion = _row(parts, run).facts.get("rival", parts.state.model(parts.model).champion)
    _enter(parts, run, "evaluate", rival=champion)
    if not snapshot.holdout_rows:
        return {window: Evidence() for window in judged}
    rival, is_champion = opponent(parts, champion, before)

    def evaluate(window: str) -> Evidence:
        newer = _is_newer(parts, run, rival, snapshot)
        seen = parts.jobs.evaluate(run, snapshot, judged[window].artifact, rival, newer)
        return replace(seen, is_champion=is_champion)

    first, *others = judged
    measured = {first: step("evaluate", lambda: evaluate(first), Evidence)}
    return measured | {name: step(f"evaluate-{name}", partial(evaluate, name), Evidence) for name in others}


def opponent(parts: Parts, champion: int | None, before: Forerunner | None) -> tuple[Rival | None, bool]:
    """Return whom the judged model is compared with, and whether it is itself the champion.

    If it is, its opponent is the one before it: what that one lacks is what retraining gained.
    """
    rival = rival_of(parts, champion)
    if rival is None or before is None or before.version != champion:
        return rival, False
    return rival_of(parts, before.rival) or twin_of(rival), True


def _newer(parts: Parts, run: str, snapshot: Snapshot, before: Forerunner | None) -> timedelta | None:
    """Return how much more of the world the judged model knows than its opponent."""
    row = _row(parts, run)
    champion = row.facts["rival"] and parts.state.version(parts.model, row.facts["rival"])
    if not champion:
        return None
    judged = before.started if before else learnt_before(snapshot.holdout_from, row.started)
    if before is None or before.version != champion.version:
        return judged - learnt_until(champion)
    older = before.rival and parts.state.version(parts.model, before.rival)
    if older:
        return judged - learnt_until(older)
    return judged - learnt_before(champion.facts["holdout_from"], champion.registered)


def rival_of(parts: Parts, champion: int | None) -> Rival | None:
    """Return the champion that a candidate has to beat, None before the first one."""
    row = None if champion is None else parts.state.version(parts.model, champion)
    return None if row is None else _rival(row)


def _rival(row: VersionRow) -> Rival:
    return Rival(
        version=row.version,
        shipped=row.artifact,
        twin=row.facts["twin"],
        refit=row.facts["refit"],
        data_version=row.facts["data_version"],
        holdout_from=row.facts["holdout_from"],
    )


def _train(parts: Parts, run: str, checkout: Checkout, rows: str, name: str) -> Training:
    rival = rival_of(parts, parts.state.model(parts.model).champion)
    return parts.jobs.train(run, checkout, rows, name, rival.shipped if rival else None)


def _is_newer(parts: Parts, run: str, rival: Rival | None, snapshot: Snapshot) -> bool:
    """Return whether the candidate knows newer data or other code than the champion."""
    if rival is None or snapshot.version > rival.data_version:
        return True
    champion = parts.state.version(parts.model, rival.version)
    row = _row(parts, run)
    return champion is None or bool(row.facts.get("diff")) or row.commit != champion.facts["commit"]


def _judge(parts: Parts, run: str, evidence: Evidence, *, after_refit: bool) -> bool:
    """Judge the gates of this stage; the verdicts and their ledger entry are kept together, once."""
    gates = [gate for gate in parts.project.gates if (gate.check in AFTER_REFIT) == after_refit]
    row = _row(parts, run)
    judged = {verdict.gate for verdict in row.verdicts}
    if any(gate.check in judged for gate in gates):
        verdicts = tuple(verdict for verdict in row.verdicts if _is_among(verdict, gates))
    else:
        verdicts = judge(gates, evidence)
        _keep(parts, row, verdicts)
    return opens(verdicts)


def _is_among(verdict: Verdict, gates: list[Gate]) -> bool:
    return any(gate.check == verdict.gate for gate in gates)


def _keep(parts: Parts, row: RunRow, verdicts: tuple[Verdict, ...]) -> None:
    after = replace(row, verdicts=(*row.verdicts, *verdicts))
    if not opens(verdicts):
        after = replace(after, status="refused", ended=parts.clock.now(), error=refusals(verdicts))
    parts.state.save_run(after, [_judged(parts, row, verdicts)])


def _judged(parts: Parts, row: RunRow, verdicts: tuple[Verdict, ...]) -> Entry:
    """Tell the verdicts, with the trial: from it and those before, they can be computed again."""
    trial = {} if row.verdicts else {"trial": row.facts["trial"]}
    return _entry(parts, row.id, "judged", verdicts=verdicts, passed=opens(verdicts), **trial)


def _register(parts: Parts, run: str, shipped: Training, twin: Training) -> int:
    row = _row(parts, run)
    if row.version is not None:
        return row.version
    version = parts.jobs.register(row, shipped, twin)
    parts.state.save_version(version)
    body = {"version": version.version, "digest": version.digest, "metrics": version.facts["metrics"]}
    ended = replace(row, status="registered", version=version.version, ended=parts.clock.now())
    parts.state.save_run(ended, [_entry(parts, run, "registered", **body)])
    return version.version


def _of_snapshot(snapshot: Snapshot) -> dict[str, Any]:
    return {
        "data_version": snapshot.version,
        "rows": snapshot.rows,
        "new_rows": snapshot.new_rows,
        "quarantined": snapshot.quarantined,
        "holdout_rows": snapshot.holdout_rows,
        "holdout_from": snapshot.holdout_from,
        "origin": snapshot.origin,
    }


def _row(parts: Parts, run: str) -> RunRow:
    row = parts.state.run(run)
    if row is None:
        raise StepFault(f"there is no run {run}", "noria runs")
    return row


def _enter(parts: Parts, run: str, stage: str, **facts: Any) -> None:
    """Show where the run is, and what the stage before it found."""
    row = _row(parts, run)
    version = facts.get("data_version", row.data_version)
    parts.state.save_run(replace(row, stage=stage, data_version=version, facts={**row.facts, **facts}))


def _end(parts: Parts, run: str, status: str, error: str, *, hint: str) -> None:
    row = _row(parts, run)
    if row.ended is None:
        ended = replace(row, status=status, error=error, ended=parts.clock.now())
        body = {"stage": row.stage, "error": error, "hint": hint}
        parts.state.save_run(
            replace(ended, facts={**row.facts, "hint": hint}), [_entry(parts, run, status, **body)]
        )


def _entry(parts: Parts, run: str, kind: str, **body: Any) -> Entry:
    return Entry(at=parts.clock.now(), actor="noria", kind=kind, body={"run": run, **body})
