from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from benchmarks.histories.history import History, Nature
from benchmarks.policy import Outcome, columns, faults

LOSSES = {
    "never": 0.9, "often": 0.5, "seldom": 0.6, "often, short": 0.55,
    "project": 0.5, "project, all": 0.5, "project, short": 0.55, "ceiling": 0.4,
}  # fmt: skip


def history(nature: Nature, days: int = 364, time: str | None = "at") -> History:
    start = datetime(2024, 1, 1, tzinfo=UTC)
    frame = pl.DataFrame({"at": [start, start + timedelta(days=days)], "y": [0, 1]})
    return History(frame=frame, nature=nature, source="", label="y", time=time)


def outcome(nature: Nature, project: dict[str, Any], loss: float) -> Outcome:
    quiet = {"promotions": 1, "refusals": 20, "causes": {"commit": 1, "schedule": 20}, "fault": ""}
    losses = LOSSES | {"project": loss}
    policies = {name: quiet | {"metrics": {"log_loss": loss}} for name, loss in losses.items()}
    policies["project"] |= project
    return Outcome(name="h", history=history(nature), metric="log_loss", policies=policies)


@pytest.mark.parametrize(
    ("nature", "project", "loss", "found"),
    [
        (Nature.STILL, {}, 0.5, []),
        # 1 promotion after the first in 21 decisions is within ceil(21 / 20) = 2; 3 are not
        (Nature.STILL, {"promotions": 2}, 0.5, []),
        (Nature.STILL, {"promotions": 4}, 0.5, ["promotions"]),
        (Nature.STILL, {"causes": {"quality": 1}}, 0.5, ["forced runs"]),
        # few rows: what is learnt from more of them is no chance, and yet nothing falls
        (Nature.LEARNING, {"promotions": 9, "causes": {"quality": 1}}, 0.5, ["forced runs"]),
        # where there is drift, promotions and runs may be
        (Nature.ABRUPT, {"promotions": 9, "causes": {"quality": 3}}, 0.5, []),
        # .56 is above 1.1 times the best fixed .5, the worse window .55, and 1.03 times the better one
        (Nature.ABRUPT, {}, 0.56, ["best fixed policy", "worst window", "better window"]),
        (Nature.SEASONAL, {}, 0.54, ["better window"]),
        (Nature.ABRUPT, {"fault": "no rows", "metrics": {}}, 0.5, ["could not be played"]),
    ],
)
def test_each_missed_figure_is_named(
    nature: Nature, project: dict[str, Any], loss: float, found: list[str]
) -> None:
    assert list(faults(outcome(nature, project, loss))) == found


def test_a_year_has_weeks_and_a_longer_span_longer_ones() -> None:
    year = columns(history(Nature.STILL))
    assert (year["often"], year["seldom"]) == ("every-7d:train.window=all", "every-28d:train.window=all")
    assert year["project, short"] == "project:train.window=60d"
    # 2 * 364 days: twice a week, twice 60 days
    longer = columns(history(Nature.STILL, days=728))
    assert (longer["often"], longer["often, short"]) == (
        "every-14d:train.window=all",
        "every-14d:train.window=120d",
    )


def test_where_there_is_only_an_order_the_short_window_is_the_newest_rows() -> None:
    order = columns(history(Nature.STILL, time=None))
    assert order["often, short"] == "every-7d:train.window=recent"
    assert order["project, short"] == "project:train.window=recent"


def test_a_window_that_could_not_be_played_leaves_the_other_to_compare_with() -> None:
    found = outcome(Nature.SEASONAL, {}, 0.52)
    found.policies["project, short"] |= {"fault": "no rows", "metrics": {}}
    # .52 is above 1.03 * .5, and above the only window left, .5
    assert list(faults(found)) == ["worst window", "better window"]
