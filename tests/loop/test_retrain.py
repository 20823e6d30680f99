from dataclasses import replace
from datetime import timedelta

import pytest

from noria.core.compare import Block, Loss, pooled
from noria.core.gates import Gate
from noria.core.policy import Brakes, Facts, Triggers
from noria.errors import JobTimedOut, PipelineError
from noria.loop.durable import StepFault, immediate
from noria.loop.parts import Parts
from noria.loop.retrain import STEPS, retrain
from noria.loop.watch import consider, facts, resume, start
from noria.project.model import Train
from noria.project.policy import policy_digest
from noria.rows import RunRow
from noria.testing import MemoryJobs


def begin(parts: Parts) -> str:
    known = facts(parts, parts.clock.now())
    run = start(parts, known, consider(parts, known), lambda _: None)
    assert run is not None
    return run.id


def guarded(name: str, work, kind):
    """A step as the runtime's: an error of noria ends the run."""
    try:
        return work()
    except (PipelineError, JobTimedOut) as error:
        raise StepFault(error.message, error.hint) from None


def ended(parts: Parts) -> RunRow:
    run = begin(parts)
    retrain(parts, run, guarded)
    row = parts.state.run(run)
    assert row is not None
    assert row.ended is not None
    return row


def test_a_commit_becomes_a_version(make) -> None:
    parts = make()
    row = ended(parts)
    assert (row.status, row.version, row.commit) == ("registered", 1, "c1")
    assert parts.jobs.done == [
        "checkout",
        "snapshot",
        "train-all",
        "evaluate",
        "full-all",
        "agree",
        "examine",
        "register",
    ]
    assert [entry["kind"] for entry in parts.state.ledger("m")] == ["run", "judged", "judged", "registered"]
    assert parts.state.version("m", 1).facts["metrics"] == {"log_loss": 0.5}


def test_a_run_keeps_the_digest_of_the_policy_that_judged_it(make) -> None:
    parts = make()
    policy = ended(parts).facts["policy"]
    assert policy == policy_digest(parts.project)
    other = make(gates=(Gate(check="finite"),))
    assert ended(other).facts["policy"] == policy_digest(other.project) != policy


def test_without_refit_the_candidate_ships(make) -> None:
    parts = make(train=Train(refit=False, params={}))
    assert ended(parts).status == "registered"
    assert "full-all" not in parts.jobs.done
    assert parts.state.version("m", 1).artifact.endswith("train-all")


def test_a_refused_candidate_is_not_registered(make) -> None:
    parts = make()
    parts.jobs.rows = 9  # 10 are needed
    row = ended(parts)
    assert (row.status, row.version) == ("refused", None)
    assert row.error == "enough-rows inconclusive: 9 rows held out, 10 needed"
    assert "register" not in parts.jobs.done


def test_a_refit_that_disagrees_is_refused(make) -> None:
    parts = make()
    parts.jobs.agreement = 0.5
    row = ended(parts)
    assert row.status == "refused"
    assert "correlation 0.500" in row.error


@pytest.mark.parametrize(
    "job", ["checkout", "snapshot", "train-all", "evaluate", "full-all", "agree", "register"]
)
def test_an_error_in_any_job_ends_the_run_with_its_reason(make, job: str) -> None:
    parts = make()
    parts.jobs.raises[job] = PipelineError("model: returned a str", hint="noria doctor")
    row = ended(parts)
    assert (row.status, row.error, row.facts["hint"]) == ("failed", "model: returned a str", "noria doctor")
    assert parts.state.ledger("m")[-1]["kind"] == "failed"
    assert parts.state.versions("m") == []


@pytest.mark.parametrize("stop_after", STEPS)
def test_repeated_from_the_start_it_registers_once(make, stop_after: str) -> None:
    """Die after the work of each step, forget every result, begin again: the worst that a crash can do."""
    parts = make()
    run = begin(parts)

    class Dead(Exception):
        pass

    def dying(name: str, work, kind):
        result = work()
        if name == stop_after:
            raise Dead
        return result

    with pytest.raises(Dead):
        retrain(parts, run, dying)
    retrain(parts, run, immediate)
    assert parts.state.run(run).status == "registered"
    assert [entry["kind"] for entry in parts.state.ledger("m")] == ["run", "judged", "judged", "registered"]
    assert len(parts.state.versions("m")) == 1


def test_a_run_that_was_asked_for_is_merged_into_the_one_that_does_it(make) -> None:
    parts = make(triggers=Triggers(commit=False))
    asked = RunRow(
        id="asked", model="m", trigger="manual", reason="by hand", status="queued", stage="queued",
        started=parts.clock.now(),
    )  # fmt: skip
    parts.state.save_run(asked)
    run = begin(parts)
    assert parts.state.run("asked").status == "merged"
    assert parts.state.run("asked").facts == {"into": run}
    assert facts(parts, parts.clock.now()).asked == ()


def test_the_same_triggers_start_one_run(make) -> None:
    parts = make()
    known = facts(parts, parts.clock.now())
    decision = consider(parts, known)
    launched: list[str] = []
    assert start(parts, known, decision, launched.append) is not None
    assert start(parts, known, decision, launched.append) is None
    assert launched == [decision.run_id]


def test_after_a_crash_what_had_begun_is_launched_again(make) -> None:
    parts = make()
    run = begin(parts)
    launched: list[str] = []
    assert resume(parts, launched.append) == launched == [run]
    retrain(parts, run, immediate)
    assert resume(parts, launched.append) == []


def test_a_run_in_progress_holds_the_next(make) -> None:
    parts = make(brakes=Brakes())
    begin(parts)
    parts.commits.commit = "c2"
    known: Facts = facts(parts, parts.clock.now())
    assert known.running
    assert not consider(parts, known).run


class MeasuringJobs(MemoryJobs):
    """Jobs whose candidates gain over the champion what a test says, each on a week of days."""

    def __init__(self, gain: float = 0.0, scatter: float = 0.0, recent: float = 0.0) -> None:
        super().__init__()
        self.gain, self.scatter, self.recent = gain, scatter, recent
        self.week = 0

    def checkout(self, run, commit):
        self.week += 1
        return super().checkout(run, commit)

    def evaluate(self, run, snapshot, candidate, rival, newer):
        days = range(7 * self.week, 7 * self.week + 7)
        swing = {day: self.scatter * (-1) ** day for day in days}
        gains = [Block(block=day, rows=10, gain=self.gain + swing[day], loss=0.5) for day in days]
        loss = 0.5 - (self.recent if "recent" in candidate else 0)
        seen = super().evaluate(run, snapshot, candidate, rival, newer)
        return replace(
            seen,
            losses=tuple(Loss(block=day, rows=10, loss=loss + swing[day]) for day in days),
            rival=rival.name if rival else "",
            against_champion={"log_loss": pooled("log_loss", gains)} if rival else {},
        )


BETTER = Gate(
    check="better-than-champion",
    options={"metric": "log_loss", "margin": 0.0, "confidence": 0.95, "worthwhile": 0.005, "newer": False},
)


def again(parts: Parts) -> RunRow:
    """A run for another commit, a week later."""
    parts.clock.advance(timedelta(days=7))
    parts.commits.commit = f"c{parts.clock.now()}"
    return ended(parts)


def test_evidence_against_the_same_champion_accumulates(make, register) -> None:
    parts = replace(make(gates=(BETTER,)), jobs=MeasuringJobs(gain=0.01, scatter=0.015))
    register(parts, 1)
    parts.state.change(parts.state.model("m"), replace(parts.state.model("m"), champion=1), [])
    rows = [again(parts) for _ in range(2)]
    # 7 days at .01 +- .015: the standard error is about .006, t(6) is 2.4; of 14 about .004, t(13) is 2.2
    assert [row.status for row in rows] == ["refused", "registered"]
    assert [row.verdicts[0].numbers["pooled_blocks"] for row in rows] == [7, 14]
    judged = [entry["body"] for entry in parts.state.ledger("m") if entry["kind"] == "judged"]
    assert [len(body["trial"]["gains"]["log_loss"]) for body in judged[:2]] == [7, 7]


def test_both_windows_are_trained_until_one_is_proven_better(make) -> None:
    train = Train(window="auto", params={})
    parts = replace(make(train=train, gates=()), jobs=MeasuringJobs(recent=0.02))
    assert ended(parts).facts["window"] == "recent"
    done = parts.jobs.done
    assert [job for job in done if "-" in job] == ["train-all", "train-recent", "full-recent"]
    done.clear()
    again(parts)
    assert [job for job in done if "-" in job] == ["train-recent", "full-recent"]


def test_what_retraining_gained_is_a_fact_for_the_cadence(make, register) -> None:
    parts = replace(make(gates=(BETTER,)), jobs=MeasuringJobs(gain=0.01))
    register(parts, 1)  # it knows all until the 28th of February; the candidate's rows end on the 21st
    parts.state.change(parts.state.model("m"), replace(parts.state.model("m"), champion=1), [])
    again(parts)
    [gain] = facts(parts, parts.clock.now()).gains
    assert gain.share == pytest.approx(0.02)  # .01 of .5
    assert gain.newer == timedelta(days=-7)


def test_where_nothing_is_held_out_nothing_is_measured_and_nothing_refitted(make) -> None:
    parts = make(gates=(), train=Train(holdout=0.0, params={}))
    parts.jobs.rows = 0
    assert ended(parts).status == "registered"
    assert [job for job in parts.jobs.done if "-" in job or job == "evaluate"] == ["train-all"]
