"""The guard, turn by turn on a virtual clock: promoted, watched, and taken back or left alone."""

from dataclasses import replace
from datetime import timedelta

import pytest

from noria.core.gain import QualityLimit
from noria.core.paired import Moments, Paired
from noria.core.policy import Triggers
from noria.loop.advance import rollback
from noria.loop.parts import Parts
from noria.loop.projection import publish
from noria.loop.turn import turn
from noria.project.model import RolloutPolicy
from noria.rows import ModelRow, QualityRow

GUARDED = RolloutPolicy(guard=timedelta(days=14))


@pytest.fixture
def parts(make, register) -> Parts:
    """A loop in which version 2 was promoted over version 1 at the start."""
    parts = make(rollout=GUARDED, triggers=Triggers(commit=False))
    for number in (1, 2):
        register(parts, number)
        promote(parts)
    return parts


def row(parts: Parts) -> ModelRow:
    return parts.state.model("m")


def tick(parts: Parts) -> bool:
    moved = turn(parts, parts.clock.now(), lambda _: None).moved
    publish(parts)
    return moved


def promote(parts: Parts) -> None:
    while tick(parts):
        pass


def mature(parts: Parts, *, before_gains: float) -> bool:
    """Let a day pass and mature, on which the model before was so much better; return what a turn did."""
    plan = row(parts).plan
    version, champion = plan.shadow, plan.champion
    day = parts.clock.now().date().isoformat()
    quality = QualityRow(
        model="m", day=day, version=version, role="shadow", predictions=1000, rows=1000, metrics={},
        loss="log_loss",
        losses=Moments(rows=1000, mean=0.5, variance=0.1),
        paired=Paired(gains=Moments(rows=1000, mean=before_gains, variance=0.1)),
    )  # fmt: skip
    own = replace(quality, version=champion, role="champion", paired=None)
    parts.state.save_quality([quality, own])
    parts.clock.advance(timedelta(days=1))
    return tick(parts)


def kinds(parts: Parts) -> list[str]:
    return [entry["kind"] for entry in parts.state.ledger("m")]


def test_after_a_promotion_the_model_before_goes_on_as_a_shadow(parts) -> None:
    assert (row(parts).champion, row(parts).previous, row(parts).guard) == (2, (1,), 1)
    assert parts.gateways.plans[-1].shadow == 1
    assert not tick(parts)


def test_the_first_champion_needs_no_guard(make, register) -> None:
    parts = make(rollout=GUARDED, triggers=Triggers(commit=False))
    register(parts, 1)
    promote(parts)
    assert (row(parts).champion, row(parts).guard) == (1, None)


def test_what_is_worse_is_taken_back_within_a_week(parts) -> None:
    days = [mature(parts, before_gains=gain) for gain in (0.09, 0.05, 0.06, 0.04)]
    # the day of the promotion, a Friday, does not count; of the three days after it two prove nothing
    assert days == [False, False, False, True]
    assert (row(parts).champion, row(parts).previous, row(parts).guard) == (1, (), None)
    assert [arm.version for arm in row(parts).plan.arms] == [1]
    last = parts.state.ledger("m")[-1]
    assert (last["kind"], last["actor"]) == ("rollback", "noria")
    assert (last["body"]["version"], last["body"]["instead_of"]) == (1, 2)
    assert last["body"]["reason"].startswith("the model before would have gained +0.0500 (+0.")
    assert last["body"]["numbers"]["guard: days"] == 3
    assert not tick(parts)  # and version 2 is not tried again


def test_what_is_fine_is_left_alone_and_the_shadow_goes(parts) -> None:
    moved = [mature(parts, before_gains=gain) for gain in (0.0, *[-0.01, 0.005, 0.01] * 5)]
    assert moved.index(True) == 13  # the fourteenth day
    assert (row(parts).champion, row(parts).previous, row(parts).guard) == (2, (1,), None)
    assert row(parts).plan.shadow is None
    assert kinds(parts)[-1] == "guard ended"
    assert parts.state.ledger("m")[-1]["body"]["traffic"]["shadow"] is None
    rollback(parts, row(parts), actor="ada", reason="by hand it still goes back")
    assert row(parts).champion == 1


def test_a_guard_acts_while_all_else_is_paused(parts) -> None:
    parts.state.change(row(parts), replace(row(parts), paused=True), [])
    assert [mature(parts, before_gains=0.05 + i / 1000) for i in range(4)][-1]
    assert row(parts).champion == 1


def test_a_new_rollout_ends_the_guard(parts, register) -> None:
    register(parts, 3)
    assert tick(parts)
    assert (row(parts).plan.standby, row(parts).plan.shadow, row(parts).guard) == (3, None, None)
    promote(parts)
    assert (row(parts).champion, row(parts).previous, row(parts).guard) == (3, (1, 2), 2)


def test_evidence_comes_before_a_new_rollout(parts, register) -> None:
    for gain in (0.09, 0.05, 0.06):
        mature(parts, before_gains=gain)
    register(parts, 3)
    assert mature(parts, before_gains=0.04)
    assert kinds(parts)[-1] == "rollback"
    assert tick(parts)
    assert (row(parts).rollout.version, row(parts).rollout.champion) == (3, 1)


def test_a_run_starts_once_the_guard_has_acted(make, register) -> None:
    parts = make(rollout=GUARDED)
    parts.commits.commit = None
    for number in (1, 2):
        register(parts, number)
        promote(parts)
    for gain in (0.09, 0.05, 0.06):
        mature(parts, before_gains=gain)
    parts.commits.commit = "c2"
    assert mature(parts, before_gains=0.04)
    assert kinds(parts)[-2:] == ["rollback", "run"]  # its rival is version 1


def test_days_of_another_metric_do_not_count(make, register) -> None:
    limit = QualityLimit(metric="brier", margin=0.01)
    parts = make(rollout=replace(GUARDED, quality=limit), triggers=Triggers(commit=False))
    for number in (1, 2):
        register(parts, number)
        promote(parts)
    assert not any(mature(parts, before_gains=0.05 + i / 1000) for i in range(6))


def test_a_guard_taken_back_by_hand_is_over(parts) -> None:
    rollback(parts, row(parts), actor="ada", reason="complaints")
    assert row(parts).guard is None
    parts.clock.advance(timedelta(days=20))
    assert not tick(parts)
