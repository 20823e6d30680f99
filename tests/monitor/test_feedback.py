from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from noria.delta import Table
from noria.monitor.feedback import Feedback
from noria.outcomes import HOLDS

NOON = datetime(2013, 1, 1, 12, tzinfo=UTC)
MOMENT = pl.Datetime("us", "UTC")


def minute(number: float) -> datetime:
    return NOON + timedelta(minutes=number)


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    """Predictions `a` of the shop and `b`; labels of both, and of nobody's `z`."""
    predictions = pl.DataFrame({"id": ["a", "b"], "client": ["shop", None]}).with_columns(
        pl.lit(NOON).cast(MOMENT).alias("at"), version=1, plan=1, latency=0.1, role=pl.lit("champion")
    )
    labels = pl.DataFrame(
        [
            ("a", 1.0, minute(1), minute(1), "shop", "shop"),
            ("a", 0.0, minute(2), minute(5), "desk", None),  # the correction
            ("a", 1.0, minute(9), minute(9), "thief", "thief"),  # another's
            ("a", 1.0, minute(8), minute(8), "burst", None),  # held
            ("b", 1.0, minute(3), minute(3), "desk", None),
            ("z", 1.0, minute(4), minute(4), "desk", None),
        ],
        ["id", "label", "as_of", "at", "source", "client"],
        orient="row",
    ).with_columns(pl.col("as_of", "at").cast(MOMENT))
    for name, rows in (("predictions", predictions), ("labels", labels)):
        Table(tmp_path / name, by_day=True).append(rows.with_columns(_day=pl.col("at").dt.date()), {})
    span = {"source": "burst", "kind": "burst", "begin": minute(0), "end": minute(60)}
    held = {"said": minute(8), "state": "held", "reason": "far off", "by": "noria"}
    Table(tmp_path / "holds").append(pl.DataFrame([{**span, **held}], schema=HOLDS), {})
    return tmp_path


def test_the_history_of_a_prediction_tells_what_became_of_each_label(lake: Path) -> None:
    found = Feedback(lake).history("a")
    assert found.select("label", "source", "state").rows() == [
        (1.0, "shop", "corrected"),
        (0.0, "desk", "counts"),
        (1.0, "burst", "held"),
        (1.0, "thief", "another's"),
    ]
    assert Feedback(lake).history("z")["state"].to_list() == ["unknown"]
    assert Feedback(lake).history("none").is_empty()


def test_the_sources_tell_what_is_unknown_and_what_is_held(lake: Path) -> None:
    found = Feedback(lake).sources()
    assert found.select("source", "labels", "ids", "unknown", "held", "dropped").rows() == [
        ("burst", 1, 1, 0, 1, 0),
        ("desk", 3, 3, 1, 0, 0),
        ("shop", 1, 1, 0, 0, 0),
        ("thief", 1, 1, 0, 0, 0),
    ]


def test_what_a_person_says_holds(lake: Path) -> None:
    feedback = Feedback(lake)
    assert feedback.say("burst", "dropped", "ann", minute(70)) == 1
    assert feedback.history("a")["state"].to_list()[2] == "dropped"
    assert feedback.spans().select("state", "by").row(0) == ("dropped", "ann")
    assert feedback.say("burst", "released", "ann", minute(80)) == 0  # what was decided is not held
    assert feedback.say("desk", "released", "ann", minute(80)) == 0


def test_before_anything_came_there_is_nothing_to_show(tmp_path: Path) -> None:
    feedback = Feedback(tmp_path)
    assert feedback.sources().is_empty()
    assert feedback.history("a").is_empty()
    assert feedback.spans().is_empty()
