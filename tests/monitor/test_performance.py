from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from noria.core.maturity import DELAYS
from noria.monitor.performance import performance
from noria.rows import ModelRow
from noria.testing import MemoryState
from tests.monitor.days import FIRST, measured, project
from tests.monitor.test_slices import biased

MODEL = project(slices=("region",), sensitive=("sex",))
NOW = datetime(2026, 1, 25, 6, tzinfo=UTC)


@pytest.fixture(scope="module")
def cohorts() -> list:
    """Twenty days of version 1, then as many of version 2 that it shadowed."""
    chance = np.random.default_rng(2)
    days = [biased(number, chance) for number in range(20)]
    return [
        measured(MODEL, number, rows, None, version) for number, rows in enumerate(days) for version in (1, 2)
    ]


@pytest.fixture
def state(cohorts) -> MemoryState:
    state = MemoryState()
    state.save_quality([], cohorts)
    state._models["churn"] = ModelRow(name="churn", champion=2)
    return state


def test_each_version_has_its_days_with_an_interval(state) -> None:
    newest, older = performance(MODEL, state, NOW).versions
    assert (newest.version, older.version) == (2, 1)
    assert (len(newest.days), newest.predictions, newest.rows) == (20, 12_000, 12_000)
    mean = newest.metrics["log_loss"]
    assert mean.low < mean.value < mean.high
    assert mean.value == pytest.approx(np.mean(newest.daily["log_loss"]))  # as many labels each day


def test_the_champion_is_looked_at_closely(state) -> None:
    found = performance(MODEL, state, NOW)
    # a score of .8 comes true in .8 of the south and half of the north: .7 * .8 + .3 * .5 = .71; .2 in .29
    assert [round(group.truth, 1) for group in found.calibration.groups] == [0.3, 0.7]
    assert found.calibration.error.value == pytest.approx(0.09, abs=0.02)
    assert [one.value for one in found.slices] == ["north", "south"]
    assert {one.rate for one in found.gaps} == {
        "selection rate", "true positive rate", "false positive rate", "loss",
    }  # fmt: skip


def test_without_a_champion_and_without_days_there_is_nothing() -> None:
    found = performance(MODEL, MemoryState(), NOW)
    assert found.versions == found.slices == found.gaps == ()
    assert found.calibration is found.maturity is None


def test_labels_that_come_as_declared_are_no_warning(state) -> None:
    maturity = performance(MODEL, state, NOW).maturity
    assert maturity.almost_all == timedelta(hours=6)  # they took 5 hours
    assert maturity.warning == ""
    # at the 25th, 6:00, the day of the 21st is mature; the next ones are not, and of today nothing is in yet
    assert list(maturity.waiting) == ["2026-01-22", "2026-01-23", "2026-01-24", "2026-01-25"]
    assert maturity.waiting["2026-01-24"] == 1
    assert maturity.waiting["2026-01-25"] == 0


def test_labels_that_come_later_than_declared_are_a_warning(cohorts) -> None:
    late = [0] * (len(DELAYS) + 1)
    late[DELAYS.index(timedelta(days=2))] = 300
    late[DELAYS.index(timedelta(days=7))] = 300
    state = MemoryState()
    state.save_quality([], [replace(row, delays=tuple(late)) for row in cohorts])
    maturity = performance(MODEL, state, NOW).maturity
    assert (maturity.half, maturity.almost_all) == (timedelta(days=2), timedelta(days=7))
    # 3 days: half, and none between 3 and 5
    assert maturity.warning.startswith("only 50% of the labels come within data.label_delay, 3 days")


def test_only_the_last_three_months_count(state) -> None:
    assert performance(MODEL, state, NOW + timedelta(days=100)).versions == ()
    assert FIRST.isoformat() == "2026-01-01"
