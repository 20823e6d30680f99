from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from noria.core.compare import Block
from noria.core.gain import QualityLimit
from noria.core.gates import Gate
from noria.core.ledger import plain
from noria.core.paired import Moments, Paired
from noria.core.policy import Brakes, Cadence, QualityTrigger, Rate, Triggers
from noria.core.rollout import Step
from noria.core.trials import Trial
from noria.core.window import ArmCounts
from noria.loop.advance import set_paused
from noria.loop.durable import immediate
from noria.loop.outlook import outlook
from noria.loop.parts import Parts
from noria.loop.retrain import retrain
from noria.loop.turn import turn
from noria.project.model import Evaluation, RolloutPolicy, Train
from noria.rows import QualityRow, RunRow
from tests.loop.conftest import NOW

DAY = timedelta(days=1)
BETTER = Gate(
    check="better-than-champion",
    options={"metric": "log_loss", "margin": 0.0, "confidence": 0.95, "worthwhile": 0.005, "newer": False},
)
GUARDED = RolloutPolicy(
    steps=(Step(weight=0, requests=50),), quality=QualityLimit(metric="log_loss", margin=0.01, labels=20),
    guard=14 * DAY,
)  # fmt: skip


def told(parts: Parts) -> dict[str, str]:
    """Every line, by part and by what it is about."""
    seen = outlook(parts)
    sections = ("triggers", "brakes", "training", "evidence", "rollout")
    return {f"{part}.{line.about}": line.said for part in sections for line in getattr(seen, part)}


def live(parts: Parts) -> None:
    """Turn the wheel until nothing follows any more."""
    while (seen := turn(parts, NOW, lambda run: retrain(parts, run, immediate))).moved or seen.started:
        plan = parts.state.model("m").plan
        if plan is not None:
            versions = {version: parts.state.version("m", version) for version in plan.versions}
            parts.gateways.publish(plan, versions)


def measured(parts: Parts, day: int, version: int, role: str, loss: float, gain: float | None = None) -> None:
    """Keep a day's quality of a version: ten rows, whose loss and gain over the champion are as said."""
    values = Moments(rows=10, mean=loss)
    paired = None if gain is None else Paired(gains=Moments(rows=10, mean=gain, variance=1e-8))
    row = QualityRow(
        model="m", day=(NOW + day * DAY).date().isoformat(), version=version, role=role, predictions=12,
        rows=10, metrics={"log_loss": loss}, loss="log_loss", losses=values, paired=paired,
    )  # fmt: skip
    parts.state.save_quality([row])


def ran(parts: Parts, days_ago: int, rival: str, gains: tuple[float, ...]) -> None:
    """Keep a run that gained so much over a rival on the days before it."""
    first = 15_000 - 10 * days_ago
    blocks = tuple(Block(block=first + day, rows=100, gain=gain, loss=0.5) for day, gain in enumerate(gains))
    run = RunRow(
        id=f"r{days_ago}", model="m", trigger="schedule", reason="", status="refused", stage="judge",
        started=NOW - days_ago * DAY, ended=NOW - days_ago * DAY, commit="c1",
        facts={"trial": plain(Trial(rival=rival, gains={"log_loss": blocks}))},
    )  # fmt: skip
    parts.state.save_run(run)


def test_a_fresh_project_would_run_its_commit_and_has_no_champion(make) -> None:
    parts = make()
    seen = outlook(parts)
    assert (seen.decision.run, seen.next_at) == (True, NOW)
    lines = told(parts)
    assert lines["triggers.commit"] == "calls for a run: commit c1"
    assert lines["training.windows"] == "all: as the project file says"
    assert lines["training.judged"].endswith("without a champion to beat")
    assert lines["evidence.champion"].startswith("none yet")
    assert not any(key.startswith("rollout.") for key in lines)


def test_it_waits_for_the_cadence_and_says_until_when(make) -> None:
    cadence = Triggers(cadence=Cadence(floor=7 * DAY, ceiling=56 * DAY))
    parts = make(triggers=cadence, brakes=Brakes(cooldown=8 * DAY, promotions=Rate(count=3, period=7 * DAY)))
    live(parts)
    seen = outlook(parts)
    assert not seen.decision.run
    assert seen.next_at == NOW + 8 * DAY  # due after seven days, and held for one more
    assert told(parts)["brakes.promotions"] == "1 of 3 in 7 days"
    assert told(parts)["evidence.champion"] == (
        # it serves since today; a prediction of today is mature when the day is over
        "version 1 has no mature day yet: the first not before 2013-03-02 00:00"
    )


def test_what_it_says_comes_true(make) -> None:
    """A run starts at the moment that was foretold, and not a second before."""
    cadence = Triggers(cadence=Cadence(floor=7 * DAY, ceiling=56 * DAY))
    parts = make(triggers=cadence, brakes=Brakes(cooldown=8 * DAY))
    live(parts)
    foretold = outlook(parts).next_at
    started = len(parts.state.runs("m"))
    parts.clock.advance(foretold - NOW - timedelta(seconds=1))
    live(parts)
    assert len(parts.state.runs("m")) == started
    parts.clock.advance(timedelta(seconds=1))
    live(parts)
    assert len(parts.state.runs("m")) == started + 1


def test_paused_nothing_comes_by_itself(make) -> None:
    parts = make(triggers=Triggers(schedule="0 3 * * MON"))
    set_paused(parts, True, actor="ann", reason="holidays")
    seen = outlook(parts)
    assert (seen.decision.run, seen.next_at) == (False, None)
    assert told(parts)["brakes.paused"] == "by hand: `noria resume` lifts it"


def test_a_step_tells_requests_and_labels(make, register) -> None:
    parts = make(rollout=GUARDED)
    live(parts)
    register(parts, 2)
    live(parts)
    plan = parts.state.model("m").plan
    parts.state.add_traffic("m", ("s", 1), {(plan.number, 2): ArmCounts(requests=60)})
    measured(parts, 0, 2, "shadow", 0.5, gain=0.001)
    lines = told(parts)
    assert lines["rollout.rollout"] == "version 2 shadow, step 1 of 1, since 2013-03-01 09:00"
    assert lines["rollout.requests"] == "60 of 50"
    assert lines["rollout.labels"] == "10 of 20 matured ones"
    assert lines["rollout.look"] == "goes on: 10 of 20 matured labels seen"
    assert lines["brakes.rollout"].startswith("one is in progress")


def test_the_guard_tells_until_when_and_its_gain_so_far(make, register) -> None:
    parts = make(rollout=replace(GUARDED, quality=None))
    live(parts)
    register(parts, 2)
    live(parts)
    parts.state.add_traffic("m", ("s", 1), {(parts.state.model("m").plan.number, 2): ArmCounts(requests=60)})
    live(parts)
    assert parts.state.model("m").guard == 1
    # the promotion was in the morning: the next day is the first whole one
    assert told(parts)["rollout.guard"].endswith("since the promotion is mature at 2013-03-03 00:00")
    for day in (1, 2):
        measured(parts, day, 1, "shadow", 0.5, gain=-0.01)
    line = told(parts)["rollout.guard"]
    assert line.startswith("version 1 comes back, until 2013-03-15 09:00, if it proves better by 0.5%: ")
    assert "would have gained -0.0100 (-inf to +inf, 20 rows, 2 days)" in line


def test_the_gate_says_what_it_would_of_the_record(make, register) -> None:
    parts = make(gates=(BETTER,), triggers=Triggers(commit=False))
    register(parts, 1)
    before = parts.state.model("m")
    parts.state.change(before, replace(before, champion=1), [])
    assert told(parts)["evidence.gate"].endswith("inconclusive, 0 rows, of fewer than two blocks, "
                                                 "were untouched by both models")  # fmt: skip
    ran(parts, 20, "version 0", (0.02, 0.021, 0.019))
    assert told(parts)["evidence.record"] == (
        # mean .02; half an interval of three blocks: 4.303 * .001 / sqrt(3) = .0025
        "candidates over the champions of their time: "
        "log_loss +0.0200 (+0.0175 to +0.0225, 300 rows, 3 blocks)"
    )
    assert told(parts)["evidence.gain"] == "no candidates over version 1 yet"
    ran(parts, 30, "version 0", (0.02,) * 9)
    ran(parts, 10, "version 1 as it was before its refit", (0.001, 0.001, 0.002))
    lines = told(parts)
    assert "version 1 as it was before its refit: log_loss +0.0013" in lines["evidence.gain"]
    # .0013 is less than half a percent of .5, but the record speaks for it
    assert "would say of that alone: passed, not worse, and retraining pays" in lines["evidence.gate"]


def test_after_a_run_of_the_same_code_its_models_are_judged(make) -> None:
    prequential = Train(evaluation=Evaluation.PREQUENTIAL, window="auto", holdout=7 * DAY)
    parts = make(train=prequential)
    assert "as no run of this code came before" in told(parts)["training.judged"]
    live(parts)
    lines = told(parts)
    run = parts.state.runs("m")[0].id
    assert lines["training.judged"].startswith(
        f"prequential: the models of run {run[:8]}, on all that came after"
    )
    assert "version 1, which serves, against version 1 as it was before its refit" in lines["training.judged"]
    assert lines["training.windows"] == "all and recent: nobody knows yet which is better"
    assert lines["training.refit"] == "no: what is trained knows every row already"
    parts.commits.commit = "c2"
    assert told(parts)["training.judged"].startswith("holdout: ")


@pytest.mark.parametrize(
    ("train", "said"),
    [
        (Train(), "yes: as the project file says"),
        (Train(refit=False), "no: as the project file says"),
        (Train(refit="auto"), "yes: it is not proven to be in vain"),
        (Train(holdout=0.0), "no: nothing is held out"),
    ],
)
def test_a_refit_has_a_reason(make, train: Train, said: str) -> None:
    assert told(make(train=train))["training.refit"] == said


def test_quality_tells_the_days_that_are_missing(make) -> None:
    watched = QualityTrigger(metric="log_loss", worse_by=0.1)
    parts = make(triggers=Triggers(quality=watched))
    live(parts)
    parts.clock.advance(3 * DAY)
    for day in range(3):
        measured(parts, day, 1, "champion", 0.51)
    lines = told(parts)
    assert lines["triggers.quality"].startswith(
        "3 of 7 mature days since the last run, the last not before 2013-03-08"
    )
    assert lines["evidence.champion"] == (
        "version 1 has 3 mature days with 30 labels, the last is 2013-03-03"
    )


def test_all_of_it_is_json(make) -> None:
    parts = make(triggers=Triggers(cadence=Cadence(floor=DAY, ceiling=DAY)))
    live(parts)
    made = msgspec.json.decode(msgspec.json.encode(replace(outlook(parts), next_reason="r")))
    assert {"decision", "facts", "next_at", "triggers", "brakes", "training", "evidence"} <= set(made)
    assert made["triggers"][1]["numbers"] == {"days": 1.0}
