"""Prequential evaluation: who is trained, who is judged in whose place, and against whom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from noria.core.compare import Block, Loss, pooled
from noria.core.gates import Evidence, Gate
from noria.errors import PipelineError
from noria.loop.durable import Step, StepFault
from noria.loop.parts import Parts
from noria.loop.past import trials
from noria.loop.retrain import STEPS, retrain
from noria.project.model import Evaluation, Train
from noria.rows import Checkout, Rival, RunRow, Snapshot
from noria.testing import MemoryJobs

DAY = timedelta(days=1)
PREQUENTIAL = Train(evaluation=Evaluation.PREQUENTIAL, holdout=7 * DAY)
BETTER = Gate(
    check="better-than-champion",
    options={"metric": "log_loss", "margin": 0.0, "confidence": 0.95, "worthwhile": 0.005, "newer": False},
)
GATES = (
    Gate(check="enough-rows", options={"rows": 10}),
    Gate(check="agreement", options={"correlation": 0.9}),
)


class GrowingJobs(MemoryJobs):
    """Jobs on rows that come day by day and are labelled a day later; `knows` is up to when a model does."""

    def __init__(self, clock: Any) -> None:
        super().__init__()
        self.clock, self.diff = clock, ""
        self.judged: list[tuple[str, str]] = []
        self.knows: dict[str, datetime] = {}
        self.cut: dict[str, datetime] = {}
        self.gain, self.recent = 0.01, 0.0

    def checkout(self, run: str, commit: str | None) -> Checkout:
        return replace(super().checkout(run, commit), diff=self.diff)

    def snapshot(self, run: str, windows: tuple[str, ...], since: str | None) -> Snapshot:
        newest = self.clock.now() - DAY
        used = since if since and newest - datetime.fromisoformat(since) >= 2 * DAY else None
        before = datetime.fromisoformat(used) if used else newest - 7 * DAY
        self.cut = {"train": before, "full": newest}
        return replace(
            super().snapshot(run, windows, used),
            version=int(newest.timestamp()),
            holdout_from=(before + timedelta(minutes=1)).isoformat(),
            before=before.isoformat(),
            newest=newest.isoformat(),
        )

    def train(self, run: str, checkout: Checkout, rows: str, name: str, champion: str | None) -> Any:
        made = super().train(run, checkout, rows, name, champion)
        self.knows[made.artifact] = self.cut[rows.partition("-")[0]]
        return made

    def evaluate(
        self, run: str, snapshot: Snapshot, candidate: str, rival: Rival | None, newer: bool
    ) -> Evidence:
        seen = super().evaluate(run, snapshot, candidate, rival, newer)
        assert self.knows[candidate] < datetime.fromisoformat(snapshot.holdout_from)
        assert rival is None or candidate != rival.shipped
        self.judged.append((candidate, rival.name if rival else ""))
        first = datetime.fromisoformat(snapshot.before).toordinal()
        days = range(first, first + 5)
        gains = [Block(block=day, rows=10, gain=self.gain, loss=0.5) for day in days]
        loss = 0.5 - (self.recent if "recent" in candidate else 0)
        return replace(
            seen,
            rival=rival.name if rival else "",
            losses=tuple(Loss(block=day, rows=10, loss=loss) for day in days),
            against_champion={"log_loss": pooled("log_loss", gains)} if rival else {},
        )


def faulted(name: str, work: Callable[[], Any], kind: type[Any]) -> Any:
    try:
        return work()
    except PipelineError as error:
        raise StepFault(error.message, error.hint) from None


@dataclass
class Weeks:
    """A loop whose runs are told by their number: `r2/full-all` is what the second trained on all rows."""

    parts: Parts
    jobs: GrowingJobs
    count: int = 0
    step: Step = faulted

    def run(self, after: timedelta = 7 * DAY) -> RunRow:
        self.parts.clock.advance(after)
        self.count += 1
        name = f"r{self.count}"
        self.jobs.done.clear()
        self.jobs.judged.clear()
        row = RunRow(
            id=name, model="m", trigger="schedule", reason="due", status="running", stage="queued",
            started=self.parts.clock.now(), commit=self.parts.commits.head(),
        )  # fmt: skip
        self.parts.state.save_run(row)
        retrain(self.parts, name, self.step)
        ended = self.parts.state.run(name)
        assert ended is not None
        assert ended.ended is not None
        return ended

    def promote(self, version: int | None) -> None:
        row = self.parts.state.model("m")
        self.parts.state.change(row, replace(row, champion=version), [])

    def commit(self, name: str) -> None:
        self.parts.commits.commit = name

    @property
    def trained(self) -> list[str]:
        return [job for job in self.jobs.done if job.startswith(("train-", "full-"))]


@pytest.fixture
def weeks(make) -> Callable[..., Weeks]:
    def build(train: Train = PREQUENTIAL, gates: tuple[Gate, ...] = GATES) -> Weeks:
        parts = make(train=train, gates=gates)
        jobs = GrowingJobs(parts.clock)
        return Weeks(parts=replace(parts, jobs=jobs), jobs=jobs)

    return build


def first_champion(weeks: Weeks) -> None:
    weeks.run()
    weeks.promote(1)


def two_champions(weeks: Weeks) -> None:
    first_champion(weeks)
    weeks.run()
    weeks.promote(2)


def taken_back(weeks: Weeks) -> None:
    two_champions(weeks)
    weeks.promote(1)


def not_promoted(weeks: Weeks) -> None:
    first_champion(weeks)
    weeks.run()


def refused(weeks: Weeks) -> None:
    first_champion(weeks)
    weeks.jobs.rows = 9
    weeks.run()
    weeks.jobs.rows = 100


def failed(weeks: Weeks) -> None:
    two_champions(weeks)
    weeks.jobs.raises = {"full-all": PipelineError("no memory")}
    weeks.run()
    weeks.jobs.raises = {}


def other_code(weeks: Weeks) -> None:
    two_champions(weeks)
    weeks.commit("c2")


def since_other_code(weeks: Weeks) -> None:
    other_code(weeks)
    weeks.run()


def changed_tree(weeks: Weeks) -> None:
    two_champions(weeks)
    weeks.jobs.diff = "+1"


def the_same_tree(weeks: Weeks) -> None:
    changed_tree(weeks)
    weeks.run()


def since_a_changed_tree(weeks: Weeks) -> None:
    the_same_tree(weeks)
    weeks.jobs.diff = ""


TWICE = ["train-all", "full-all"]
ONCE = ["full-all"]
ITSELF = "version 1 as it was before its refit"


@pytest.mark.parametrize(
    ("before", "trained", "judged", "rival"),
    [
        (lambda weeks: None, TWICE, "r1/train-all", ""),
        (first_champion, ONCE, "r1/full-all", ITSELF),
        (two_champions, ONCE, "r2/full-all", "version 1"),  # version 2 itself, against the one before
        (not_promoted, ONCE, "r2/full-all", "version 1"),  # version 2, which was never champion
        (taken_back, ONCE, "r2/full-all", "version 1"),
        (refused, ONCE, "r2/full-all", "version 1"),  # it has no number, and is judged all the same
        (failed, ONCE, "r2/full-all", "version 1"),  # the run that failed left no model
        (other_code, TWICE, "r3/train-all", "version 2"),
        (since_other_code, ONCE, "r3/full-all", "version 2"),
        (changed_tree, TWICE, "r3/train-all", "version 2"),
        (the_same_tree, ONCE, "r3/full-all", "version 2"),
        (since_a_changed_tree, TWICE, "r4/train-all", "version 2"),
    ],
)
def test_who_is_trained_and_judged_against_whom(
    weeks, before: Callable[[Weeks], None], trained: list[str], judged: str, rival: str
) -> None:
    loop = weeks()
    before(loop)
    row = loop.run()
    assert loop.trained == trained
    assert loop.jobs.judged == [(f"/{judged}", rival)]
    assert row.status == "registered"
    assert row.facts["forerunner"] == (judged[:2] if trained == ONCE else None)


def test_what_ships_knows_all_rows_and_its_twin_is_what_was_judged(weeks) -> None:
    loop = weeks(replace(PREQUENTIAL, refit=False))
    first_champion(loop)
    version = loop.parts.state.version("m", loop.run().version)
    assert (version.artifact, version.facts["twin"]) == ("/r2/full-all", "/r1/full-all")
    assert version.facts["refit"]
    assert loop.parts.state.version("m", 1).artifact == "/r1/full-all"  # refit = false has no say


def test_a_run_on_too_little_that_is_new_holds_rows_out(weeks) -> None:
    loop = weeks()
    first_champion(loop)
    row = loop.run(after=DAY)
    assert loop.trained == TWICE
    assert row.facts["forerunner"] is None
    assert loop.run(after=2 * DAY).facts["forerunner"] == "r2"


@pytest.mark.parametrize(
    "train", [replace(PREQUENTIAL, holdout=0.0), replace(PREQUENTIAL, evaluation=Evaluation.HOLDOUT)]
)
def test_only_where_it_is_asked_for_and_something_is_held_out(weeks, train: Train) -> None:
    loop = weeks(train)
    first_champion(loop)
    loop.run()
    assert [name for name, _ in loop.jobs.judged] == ["/r2/train-all"]


def test_the_champion_itself_is_promoted_by_the_record_alone(weeks) -> None:
    """It is worse than the one before it: its successor is not refused for that, nor let in by it."""
    loop = weeks(gates=(BETTER,))
    two_champions(loop)  # the second gained .01 on 5 days
    loop.jobs.gain = -0.001  # together .0045 on 10 days, with a standard error of .0018
    row = loop.run()
    assert (row.status, row.verdicts[0].outcome) == ("registered", "passed")
    assert row.verdicts[0].reason.startswith("retraining pays: log_loss -0.0010")
    loop.promote(3)
    loop.jobs.gain = -0.02
    assert loop.run().verdicts[0].outcome == "inconclusive"


def test_a_model_that_was_not_promoted_is_refused_where_it_is_worse(weeks) -> None:
    loop = weeks(gates=(BETTER,))
    not_promoted(loop)
    loop.jobs.gain = -0.02
    assert loop.run().verdicts[0].outcome == "failed"


def test_gains_tell_how_much_newer_the_judged_model_is(weeks) -> None:
    loop = weeks()
    rows = [loop.run()]
    loop.promote(1)
    rows.append(loop.run())
    loop.promote(2)
    rows += [loop.run() for _ in range(2)]
    found = [row.facts.get("gain", {}).get("newer") for row in rows]
    week = 7 * 86400
    # no champion; version 1 and the twin that lacks a week; 2 over 1, a week; 3 over 2, a week
    assert found == [None, pytest.approx(week, abs=60), week, week]


@pytest.mark.parametrize("stop_after", [step for step in STEPS if step != "refit"])
def test_what_was_decided_once_holds_after_a_crash(weeks, stop_after: str) -> None:
    """The run forgets every result, the champion changes, and the project file asks for a holdout."""
    loop = weeks()
    two_champions(loop)

    class Dead(Exception):
        pass

    def dying(name: str, work: Callable[[], Any], kind: type[Any]) -> Any:
        result = work()
        if name == stop_after:
            raise Dead
        return result

    loop.step = dying
    with pytest.raises(Dead):
        loop.run()
    if stop_after not in ("checkout", "snapshot", "train"):
        loop.promote(1)
    project = replace(loop.parts.project, train=Train(evaluation=Evaluation.HOLDOUT, window="recent"))
    if stop_after != "checkout":  # by then the code is known, and who came before
        loop.parts = replace(loop.parts, read_project=lambda: project)
    retrain(loop.parts, "r3", faulted)
    row = loop.parts.state.run("r3")
    assert row is not None
    assert (row.status, row.facts["forerunner"], row.facts["rival"]) == ("registered", "r2", 2)
    assert set(loop.jobs.judged) == {("/r2/full-all", "version 1")}
    assert set(loop.trained) == set(ONCE)
    assert len(loop.parts.state.versions("m")) == 3


AUTO = replace(PREQUENTIAL, window="auto")


def test_a_window_that_is_looked_at_again_is_measured_a_run_later(weeks) -> None:
    loop = weeks(AUTO, gates=())
    loop.jobs.recent = 0.02
    seen = [
        (loop.run().facts["window"], loop.trained, [name for name, _ in loop.jobs.judged]) for _ in range(7)
    ]
    both = ["full-all", "full-recent"]
    assert seen == [
        ("recent", ["train-all", "train-recent", "full-recent"], ["/r1/train-all", "/r1/train-recent"]),
        ("recent", ["full-recent"], ["/r1/full-recent"]),
        ("recent", ["full-recent"], ["/r2/full-recent"]),
        ("recent", ["full-recent"], ["/r3/full-recent"]),
        ("recent", both, ["/r4/full-recent"]),  # looked at again: no run before has trained the other
        ("recent", ["full-recent"], ["/r5/full-all", "/r5/full-recent"]),  # measured, not trained again
        ("recent", ["full-recent"], ["/r6/full-recent"]),
    ]
    assert [trial.trained for trial in trials(loop.parts, before="")][4] == ("all", "recent")


def test_where_the_other_window_has_won_no_run_before_has_trained_it(weeks) -> None:
    loop = weeks(AUTO, gates=())
    loop.jobs.recent = 0.02
    for _ in range(5):
        loop.run()
    loop.jobs.recent = -0.5
    loop.run()  # all of the past has won by far, but only the recent window was trained
    assert loop.trained == ["full-recent"]
    row = loop.run()
    assert (row.facts["window"], row.facts["forerunner"]) == ("all", None)
    assert loop.trained == TWICE


EVENTS = st.lists(
    st.one_of(
        st.integers(1, 20).map(lambda days: ("run", days)),
        st.sampled_from(["c1", "c2"]).map(lambda name: ("commit", name)),
        st.sampled_from(["", "+1"]).map(lambda diff: ("edit", diff)),
        st.sampled_from(["", "checkout", "train-all", "full-all", "agree", "register"]).map(
            lambda job: ("break", job)
        ),
        st.sampled_from([9, 100]).map(lambda rows: ("hold", rows)),
        st.integers(0, 5).map(lambda back: ("promote", back)),
    ),
    max_size=25,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=EVENTS)
def test_whatever_happens_nobody_is_judged_on_rows_that_it_knows(
    weeks, events: list[tuple[str, Any]]
) -> None:
    """`GrowingJobs.evaluate` asserts it; and what ships knows all rows, and was trained at most twice."""
    loop = weeks()
    for what, value in events:
        if what == "run":
            row = loop.run(after=value * DAY)
            assert len(loop.trained) <= (1 if row.facts.get("forerunner") else 2)
            if version := loop.parts.state.version("m", row.version or 0):
                assert loop.jobs.knows[version.artifact].isoformat() == version.facts["learnt"]
                assert loop.jobs.knows[version.artifact] == loop.jobs.cut["full"]
                assert loop.jobs.knows[version.facts["twin"]] < loop.jobs.cut["full"]
        elif what == "commit":
            loop.commit(value)
        elif what == "edit":
            loop.jobs.diff = value
        elif what == "break":
            loop.jobs.raises = {value: PipelineError("broken")} if value else {}
        elif what == "hold":
            loop.jobs.rows = value
        elif versions := loop.parts.state.versions("m"):
            loop.promote(versions[-1 - value % len(versions)].version)
