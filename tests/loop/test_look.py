"""Which days of which versions speak for a rollout's step."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from noria.core.paired import Moments, Paired
from noria.core.rollout import Phase, Step, open_rollout
from noria.loop.look import matured
from noria.rows import QualityRow
from noria.testing import MemoryState

ENTERED = datetime(2013, 3, 2, 9, tzinfo=UTC)
STEPS = (Step(weight=0, requests=5), Step(weight=10, requests=5))
SHADOW = replace(
    open_rollout("r", model="m", version=8, champion=7, steps=STEPS, now=ENTERED, reason="new"),
    phase=Phase.SHADOW,
    step=0,
)
WEIGHTED = replace(SHADOW, phase=Phase.WEIGHTED, step=1)


@pytest.fixture
def state() -> MemoryState:
    """Three days: version 8 in shadow on the first and second, with a weight on the second and third."""
    state = MemoryState()
    for number, role in ((1, "shadow"), (2, "shadow"), (2, "challenger"), (3, "challenger")):
        state.save_quality([day(number, 8, role, loss=0.4)])
    state.save_quality([day(number, 7, "champion", loss=0.5) for number in (1, 2, 3, 4)])
    return state


def day(number: int, version: int, role: str, *, loss: float) -> QualityRow:
    losses = Moments(rows=100 * number, mean=loss, variance=0.1)
    paired = Paired(gains=Moments(rows=number, mean=0.1)) if role == "shadow" else None
    return QualityRow(
        model="m", day=f"2013-03-{number:02}", version=version, role=role, predictions=999, rows=999,
        metrics={}, loss="log_loss", losses=losses, paired=paired,
    )  # fmt: skip


def test_in_shadow_the_pairs_since_the_day_on_which_it_began(state) -> None:
    assert [each.gains.rows for each in matured(state, SHADOW, "log_loss")] == [2]


def test_with_a_weight_both_arms_on_whole_days(state) -> None:
    (only,) = matured(state, WEIGHTED, "log_loss")  # the third: on the fourth the challenger did not answer
    assert (only.gains.rows, only.gains.mean) == (300, pytest.approx(0.1))


def test_days_that_were_measured_by_another_metric_are_left_out(state) -> None:
    assert matured(state, SHADOW, "brier") == matured(state, WEIGHTED, "brier") == []


def test_without_a_step_or_a_champion_there_is_nothing_to_compare(state) -> None:
    assert matured(state, replace(SHADOW, step=-1), "log_loss") == []
    assert matured(state, replace(SHADOW, champion=None), "log_loss") == []
    later = replace(SHADOW, entered=ENTERED + timedelta(days=9))
    assert matured(state, later, "log_loss") == []
