"""What a version goes by: quiet where nothing changes, and the column is named where something does."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl
import pytest
from lightgbm import LGBMRegressor
from sklearn.linear_model import LinearRegression

from noria.artifact import background, package
from noria.artifact.contributions import Contribute, Contributions, exact
from noria.artifact.model import Model
from noria.monitor.attribution import Asked, attribution
from noria.project.model import Data, Project, Task
from noria.rows import SignalRow

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
LEARNT = 40
KINDS = {"wind": "number", "snow": "number", "idle": "number"}
PROJECT = Project(
    root=Path("/p"),
    name="late",
    task=Task.REGRESSION,
    data=Data(source=("data/*",), label="late", features=tuple(KINDS)),
    gates=(),
)


def rows(day: int, count: int = 150, gust: float = 1.0) -> pl.DataFrame:
    """Rows of a day with weather of its own. Snow matters where there is any, which is seldom; idle never."""
    random = np.random.default_rng(day)
    wind = gust * random.lognormal(0, 0.3) * np.abs(random.normal(size=count))
    snow = np.maximum(0, random.normal(-1, 1, count))
    return pl.DataFrame(
        {
            "_time": [FIRST + timedelta(days=day, seconds=row) for row in range(count)],
            "wind": wind,
            "snow": snow,
            "idle": random.normal(size=count),
            "late": wind + 2 * snow + random.normal(size=count) / 10,
        }
    )


@pytest.fixture(scope="module")
def learnt() -> pl.DataFrame:
    return pl.concat([rows(day) for day in range(LEARNT)])


@pytest.fixture(scope="module")
def known(learnt: pl.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    return pl.read_parquet(background.save(learnt, list(KINDS), tmp_path_factory.mktemp("lineage")))


@pytest.fixture(scope="module")
def tell(learnt: pl.DataFrame, known: pl.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Contribute:
    frame = learnt.to_pandas()
    trees = LGBMRegressor(n_estimators=20, verbosity=-1, n_jobs=1).fit(frame[list(KINDS)], frame["late"])
    folder = tmp_path_factory.mktemp("model") / "model"
    package.save(trees, folder, task="regression", features=KINDS, example=frame.head(9))
    found = exact(Model(folder), known)
    assert found
    return found


def said(
    tell: Contribute | None, known: pl.DataFrame, sent: pl.DataFrame, day: int, before: list[SignalRow]
) -> list[SignalRow]:
    at = (FIRST + timedelta(days=day)).date()
    asked = Asked(project=PROJECT, version=1, day=at, features=list(KINDS), before=before)
    with TemporaryDirectory() as cache:
        return attribution(asked, tell, known, sent, Path(cache))


def test_what_is_usual_is_computed_once(tell: Contribute, known: pl.DataFrame, tmp_path: Path) -> None:
    asked_for: list[int] = []

    def counting(sent: pl.DataFrame) -> Contributions:
        asked_for.append(sent.height)
        return tell(sent)

    day = Asked(project=PROJECT, version=1, day=date(2026, 3, 1), features=list(KINDS), before=[])
    found = [attribution(day, counting, known, rows(90), tmp_path / "cache") for _ in range(2)]
    assert found[0] == found[1]
    assert asked_for == [100] * (LEARNT + 1 + 1)


def test_days_like_those_that_were_learnt_raise_no_alert(tell: Contribute, known: pl.DataFrame) -> None:
    before: list[SignalRow] = []
    noticed = 0
    for day in range(LEARNT, LEARNT + 60):
        before = said(tell, known, rows(day), day, before)
        assert "alert" not in {row.level for row in before}
        noticed += before[0].level == "notice"
    assert noticed <= 8  # 5% of the days, and what chance adds to that


def test_a_column_that_moves_answers_more_is_named_at_once(tell: Contribute, known: pl.DataFrame) -> None:
    (row,) = said(tell, known, rows(90, gust=6.0), 90, [])
    assert (row.subject, row.level, row.monitor) == ("wind", "alert", "attribution")
    assert row.reason.startswith("wind moves answers more than it did: ")
    assert row.value > row.limit > 0


def test_a_smaller_change_is_an_alert_on_its_second_day(tell: Contribute, known: pl.DataFrame) -> None:
    stormy = rows(91, gust=3.0)
    (first,) = said(tell, known, stormy, 91, [])
    assert (first.subject, first.level) == ("wind", "notice")
    (second,) = said(tell, known, stormy, 92, [first])
    assert (second.subject, second.level) == ("wind", "alert")


def test_a_column_that_moves_answers_less_is_named_too(tell: Contribute, known: pl.DataFrame) -> None:
    still = rows(90).with_columns(wind=pl.lit(known["wind"].mean()))
    told = {row.subject: row for row in said(tell, known, still, 90, [])}
    assert told["wind"].level == "alert"
    assert "less than it did" in told["wind"].reason
    assert told["wind"].value < told["wind"].limit


def test_a_drift_that_moves_no_answer_is_not_told(tell: Contribute, known: pl.DataFrame) -> None:
    (row,) = said(tell, known, rows(90).with_columns(idle=pl.lit(1e6)), 90, [])
    assert (row.subject, row.level) == ("", "ok")


def test_what_cannot_be_judged_says_why(tell: Contribute, known: pl.DataFrame) -> None:
    def reason(tell: Contribute | None, known: pl.DataFrame, count: int = 150) -> str:
        (row,) = said(tell, known, rows(90, count), 90, [])
        assert (row.subject, row.level) == ("", "ok")
        return row.reason

    assert "no contributions of its own" in reason(None, known)
    assert "40 days to learn from, and 12 rows" in reason(tell, known, 12)
    assert "5 days to learn from" in reason(tell, known.filter(pl.col("_time").dt.date() >= date(2026, 2, 5)))
    assert "0 days to learn from" in reason(tell, known.with_columns(_time=pl.int_range(pl.len())))


def test_a_linear_model_has_no_contributions_of_its_own(learnt: pl.DataFrame, known, tmp_path: Path) -> None:
    frame = learnt.to_pandas()
    line = LinearRegression().fit(frame[list(KINDS)], frame["late"])
    package.save(line, tmp_path / "m", task="regression", features=KINDS, example=frame.head(9))
    assert exact(Model(tmp_path / "m"), known) is None
