"""The decisions of a loop in memory, computed again from its ledger: whole, and with one thing changed."""

from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from noria.core.compare import Block, pooled
from noria.core.gates import Evidence, Gate
from noria.core.paired import Moments, Paired
from noria.core.policy import Cadence, Triggers
from noria.core.rollout import Step
from noria.core.window import AbortRule, ArmCounts, histogram
from noria.loop.durable import immediate
from noria.loop.parts import Parts
from noria.loop.projection import publish
from noria.loop.recompute import recompute
from noria.loop.retrain import retrain
from noria.loop.turn import turn
from noria.project.model import RolloutPolicy
from noria.rows import QualityRow
from noria.testing import MemoryJobs

GATES = (
    Gate(check="enough-rows", options={"rows": 10}),
    Gate(
        check="better-than-champion",
        options={"metric": "log_loss", "margin": 0.0, "confidence": 0.95, "worthwhile": 0.0, "newer": False},
    ),
    Gate(check="agreement", options={"correlation": 0.9}),
)
ERRORS = AbortRule(measure="error_rate", limit=0.01, of_champion=False, text="error_rate > 1%")
DAY = timedelta(days=1)


class Compared(MemoryJobs):
    """Jobs in which each candidate is better than the champion on three days, by other gains each time."""

    def evaluate(self, run: str, snapshot: Any, candidate: str, rival: Any, newer: bool) -> Evidence:
        seen = super().evaluate(run, snapshot, candidate, rival, newer)
        first = 3 * self.registered
        gains = [
            Block(block=first + number, rows=100, gain=0.01 * (number + 1 + first), loss=0.5)
            for number in range(3)
        ]
        compared = {"log_loss": pooled("log_loss", gains)} if rival else {}
        return replace(seen, rival=rival.name if rival else "", against_champion=compared)


def play(parts: Parts, errors: int = 0) -> None:
    """Turn until nothing follows any more; in a step both versions answer, the challenger with errors."""
    while True:
        seen = turn(parts, parts.clock.now(), lambda run: retrain(parts, run, immediate))
        publish(parts)
        row = parts.state.model("m")
        if not seen.started and not seen.moved:
            if row.rollout is None or row.rollout.ended:
                return
            serve(parts, row.plan, row.rollout.version, errors)


def serve(parts: Parts, plan: Any, challenger: int, errors: int) -> None:
    bins = histogram([0.001] * 60)
    arms = {
        (plan.number, version): ArmCounts(
            requests=60, errors=errors if version == challenger else 0, bins=bins
        )
        for version in plan.versions
    }
    parts.state.add_traffic("m", (f"segment {plan.number}", 1), arms)


def guarded_days(parts: Parts, gain: float) -> None:
    """Let four days mature on which the model before was better by so much."""
    plan = parts.state.model("m").plan
    for number in range(1, 5):
        day = (parts.clock.now() + number * DAY).date().isoformat()
        quality = QualityRow(
            model="m", day=day, version=plan.shadow, role="shadow", predictions=900, rows=900, metrics={},
            loss="log_loss", losses=Moments(rows=900, mean=0.5, variance=0.1),
            paired=Paired(gains=Moments(rows=900, mean=gain + number / 1000, variance=0.1)),
        )  # fmt: skip
        parts.state.save_quality([quality])


@pytest.fixture
def ledger(make: Callable[..., Parts]) -> list[dict[str, Any]]:
    """Five runs: of their versions the second is taken back by its guard, the third by its rollout."""
    steps = (Step(weight=0, requests=50), Step(weight=50, requests=50))
    parts = make(
        gates=GATES,
        triggers=Triggers(cadence=Cadence(floor=7 * DAY, ceiling=7 * DAY)),
        rollout=RolloutPolicy(steps=steps, abort=(ERRORS,), guard=6 * DAY),
    )
    parts = replace(parts, jobs=Compared())
    for errors, gain in ((0, 0.0), (0, 0.05), (30, 0.0), (0, -0.05)):
        play(parts, errors)
        if parts.state.model("m").guard:
            guarded_days(parts, gain)
        parts.clock.advance(7 * DAY)
    play(parts)
    return parts.state.ledger("m")


def test_every_decision_comes_out_the_same(ledger: list[dict[str, Any]]) -> None:
    found = recompute(ledger)
    assert [one.fault for one in found if one.fault] == []
    kinds = Counter(one.kind for one in found)
    # the first version needs no steps; of the four others one is rolled back in the shadow
    assert kinds == {
        "run": 5,
        "judged": 10,
        "weighted": 3,
        "promoted": 3,
        "rolled back": 1,
        "rollback": 1,
        "guard ended": 1,
    }


def changed(ledger: list[dict[str, Any]], kind: str, change: Callable[[dict[str, Any]], None]) -> list[str]:
    """Return the faults that are found after the last entry of a kind was changed."""
    entries = deepcopy(ledger)
    change(next(entry for entry in reversed(entries) if entry["kind"] == kind)["body"])
    return [one.fault for one in recompute(entries) if one.fault]


def test_a_run_without_its_reason_is_a_fault(ledger: list[dict[str, Any]]) -> None:
    (fault,) = changed(ledger, "run", lambda body: body["facts"].update(now=body["facts"]["runs"][-1]))
    assert fault == "on its facts no run starts: nothing calls for a run"
    (fault,) = changed(ledger, "run", lambda body: body.update(run="another"))[:1]
    assert fault.startswith("on its facts another run starts: 7 days after the last run")


def test_a_verdict_that_does_not_follow_is_a_fault(ledger: list[dict[str, Any]]) -> None:
    (fault,) = changed(ledger, "judged", lambda body: body["measured"].update(agreement=0.1))
    assert fault == "other verdicts follow from what was measured: agreement"


def test_a_block_that_was_changed_is_a_fault_of_all_runs_that_remember_it(ledger) -> None:
    entries = deepcopy(ledger)
    trials = [entry["body"]["trial"] for entry in entries if "trial" in entry["body"]]
    trials[1]["gains"]["log_loss"][0]["gain"] = 9.0  # of the second run: the first had no champion
    faults = [one.fault for one in recompute(entries) if one.fault]
    assert faults == ["other verdicts follow from what was measured: better-than-champion"] * 4


def test_moves_against_the_numbers_are_faults(ledger: list[dict[str, Any]]) -> None:
    def unproven(body: dict[str, Any]) -> None:
        body["numbers"] = {"error_rate > 1%: errors": 0, "error_rate > 1%: rows": 90} | {
            "error_rate > 1%: statistic": 0.0,
            "error_rate > 1%: bound": 0.0,
        }

    said = changed(ledger, "rolled back", unproven)
    assert said[0].startswith("its counts give other numbers: error_rate > 1%: statistic, ")
    assert changed(ledger, "promoted", lambda body: body["numbers"].update(challenger_requests=9)) == [
        "too few requests were seen"
    ]
    taken = next(entry["body"]["numbers"] for entry in ledger if entry["kind"] == "rollback")
    assert changed(ledger, "guard ended", lambda body: body.update(numbers=taken)) == [
        "it went on, although there was proof against it: guard"
    ]
    ended = next(entry["body"]["numbers"] for entry in ledger if entry["kind"] == "guard ended")
    assert changed(ledger, "rollback", lambda body: body.update(numbers=ended)) == [
        "nothing was proven against the version"
    ]


def test_what_people_did_is_left_out(ledger: list[dict[str, Any]]) -> None:
    entries = [{**entry, "actor": "ada"} for entry in ledger if entry["kind"] == "rollback"]
    assert recompute(entries) == []
