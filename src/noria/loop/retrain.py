"""One run: from a reason to a registered version, or to a refusal with its reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from noria.core.gates import Evidence, Verdict
from noria.core.policy import Cause
from noria.core.trials import Trial, pays
from noria.core.windows import AUTO, choose, windows_to_train
from noria.loop.candidates import measure_all, train, train_all
from noria.loop.durable import Step, StepFault
from noria.loop.forerunner import Forerunner, code_of, forerunner, left_by, of_run
from noria.loop.parts import Parts
from noria.loop.past import found, gained, remembering, trials
from noria.loop.rivals import learnt, opponent, rival_of
from noria.loop.run import Run
from noria.loop.verdicts import examined, passes
from noria.project.model import Evaluation, Train
from noria.project.policy import policy_digest
from noria.rows import Checkout, Examined, Rival, Snapshot, Training

STEPS = (
    "checkout", "snapshot", "train", "evaluate", "judge", "refit", "agree", "judge-refit", "examine",
    "judge-examined", "register",
)  # fmt: skip


def retrain(parts: Parts, run: str, step: Step) -> None:
    """Carry a run out. Its end, whatever it is, stands in the run's row and in the ledger."""
    this = Run(parts=parts, id=run, step=step)
    try:
        _retrain(this, trials(parts, before=run))
    except StepFault as fault:
        this.fail(fault)


def _retrain(run: Run, past: list[Trial]) -> None:
    checkout = _checkout(run, past)
    snapshot, before = _snapshot(run, checkout)
    trained = train_all(run, checkout, snapshot, full=before is not None)
    models = before.models if before else trained
    champion = run.parts.state.model(run.parts.model).champion
    run.enter("evaluate", **_once(run, {"rival": champion}))
    rival, is_champion = opponent(run.parts, run.facts["rival"], before)
    measured = measure_all(run, snapshot, models, rival, is_champion=is_champion)
    window = choose({name: seen.losses for name, seen in measured.items() if name in trained}, past)
    run.enter(
        "judge",
        **found(measured, window, tuple(trained)),
        **gained(measured[window], _newer(run, snapshot, before, rival)),
        **left_by(snapshot, trained, full=before is not None),
        train_seconds=sum(one.seconds for one in trained.values()),
        train_rows=sum(one.rows for one in trained.values()),
    )
    evidence = remembering(measured[window], past)
    if not run.step("judge", lambda: passes(run, evidence), bool):
        return
    twin, shipped = models[window], trained[window]
    if before is None and run.facts["refit"] and snapshot.holdout_rows:
        shipped = _refit(run, checkout, snapshot, window)
    if shipped != twin and not _agree(run, snapshot, twin, shipped):
        return
    if not _examine(run, snapshot, window, twin, shipped):
        return
    run.enter("register")
    run.step("register", lambda: _register(run, shipped, twin), int)


def intended(train: Train, past: Sequence[Trial]) -> dict[str, Any]:
    """Return what the next run decides when it begins: its windows, and whether what ships is refitted.

    In prequential evaluation what ships knows all rows in any case.
    """
    refit = pays(past) if train.refit == AUTO else train.refit
    is_full = train.evaluation is Evaluation.PREQUENTIAL
    return {"windows": windows_to_train(train.window, past), "refit": refit or is_full}


def _checkout(run: Run, past: list[Trial]) -> Checkout:
    row = run.row
    run.enter("checkout", **_once(run, intended(run.parts.project.train, past)))
    commit = None if row.trigger == Cause.MANUAL else row.commit  # by hand: the working tree as it is
    checkout = run.step("checkout", lambda: run.parts.jobs.checkout(run.id, commit), Checkout)
    policy = policy_digest(run.parts.project)
    run.enter("snapshot", diff=checkout.diff, code=code_of(checkout), **_once(run, {"policy": policy}))
    return checkout


def _snapshot(run: Run, checkout: Checkout) -> tuple[Snapshot, Forerunner | None]:
    """Cut the rows; return with them the run before, if it left models and enough has come since."""
    windows = tuple(run.facts["windows"])
    before = forerunner(run.parts, run.id, checkout, windows)
    run.enter("snapshot", **_once(run, {"forerunner": before and before.run}))
    row = run.parts.state.run(run.facts["forerunner"] or "")
    before = of_run(row) if row else None
    since = before.learnt if before else None
    snapshot = run.step("snapshot", lambda: run.parts.jobs.snapshot(run.id, windows, since), Snapshot)
    made = {cut.window for cut in snapshot.cuts}
    if before and (snapshot.since is None or not made & set(before.models)):
        before = None
    run.enter("train", **_of_snapshot(snapshot), forerunner=before and before.run)
    return snapshot, before


def _newer(run: Run, snapshot: Snapshot, before: Forerunner | None, rival: Rival | None) -> timedelta | None:
    """Return how much more of the world the judged model knows than its opponent."""
    known = learnt(before.learnt, before.started) if before else learnt(snapshot.before, run.row.started)
    return known - rival.learnt if rival else None


def _refit(run: Run, checkout: Checkout, snapshot: Snapshot, window: str) -> Training:
    """Train again on the chosen window, with the holdout."""
    run.enter("refit")
    rows = next(cut.full for cut in snapshot.cuts if cut.window == window)
    shipped = run.step("refit", lambda: train(run, checkout, rows, f"full-{window}"), Training)
    left = left_by(snapshot, {window: shipped}, full=True)
    run.enter("refit", refit_seconds=shipped.seconds, **left)
    return shipped


def _agree(run: Run, snapshot: Snapshot, twin: Training, shipped: Training) -> bool:
    """Return whether what ships says what was judged, where it was trained on other rows."""
    run.enter("agree", refit=True)
    jobs = run.parts.jobs
    agreed = run.step(
        "agree", lambda: jobs.agree(run.id, snapshot, twin.artifact, shipped.artifact), Evidence
    )
    return run.step("judge-refit", lambda: passes(run, agreed, after_refit=True), bool)


def _examine(run: Run, snapshot: Snapshot, window: str, twin: Training, shipped: Training) -> bool:
    """Return whether what would ship passes the gates that need it in hand."""
    run.enter("examine")
    cut = next(cut for cut in snapshot.cuts if cut.window == window)
    champion = run.parts.version(run.facts["rival"])
    asked = Examined(
        shipped=shipped.artifact,
        judged=twin.artifact,
        champion=rival_of(champion) if champion else None,
        train=cut.train,
        full=cut.full,
        holdout=snapshot.holdout,
    )
    verdicts = run.step("examine", lambda: run.parts.jobs.examine(run.id, asked), tuple[Verdict, ...])
    return run.step("judge-examined", lambda: examined(run, verdicts), bool)


def _register(run: Run, shipped: Training, twin: Training) -> int:
    row = run.row
    if row.version is not None:
        return row.version
    version = run.parts.jobs.register(row, shipped, twin)
    ended = replace(row, status="registered", version=version.version, ended=run.parts.clock.now())
    body = {"version": version.version, "digest": version.digest, "metrics": version.facts["metrics"]}
    # One write: the version is no sooner known, and rolled out, than the ledger says who registered it.
    run.parts.state.save_version(version, ended, [run.entry("registered", **body)])
    return version.version


def _once(run: Run, decided: dict[str, Any]) -> dict[str, Any]:
    """Return what was decided, or what was before a crash: the world may have changed since."""
    return {name: run.facts.get(name, value) for name, value in decided.items()}


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
