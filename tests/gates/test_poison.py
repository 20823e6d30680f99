from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from noria.core.gates import Outcome
from noria.gates.poison import poison
from noria.gates.subject import Subject
from noria.project.model import Project
from noria.rows import VersionRow
from noria.wiring import state
from tests.gates.conftest import rows

OPTIONS: dict[str, Any] = {"alpha": 0.001, "volume": 1.0}
NEW = pl.int_range(pl.len()) >= 3000
OLD_IN_CHUR = (pl.col("city") == "Chur") & (pl.col("age") > 60)


def fed(seed: int) -> pl.DataFrame:
    """4000 rows, of which the last 1000 came in the data version 2, from two clients."""
    return rows(4000, seed).with_columns(
        _version=pl.when(NEW).then(2).otherwise(1),
        _source=pl.when(~NEW)
        .then(pl.lit("history"))
        .when(pl.int_range(pl.len()) % 4 == 0)
        .then(pl.lit("partner"))
        .otherwise(pl.lit("app")),
    )


def turned(table: pl.DataFrame, which: pl.Expr, count: int) -> pl.DataFrame:
    """Turn the labels of the first so many new rows of a kind."""
    chosen = which & NEW
    labels = pl.when(chosen & (chosen.cum_sum() <= count)).then(1 - pl.col("late")).otherwise("late")
    return table.with_columns(late=labels)


@pytest.mark.parametrize("seed", range(5))
def test_honest_new_rows_pass(changed: Callable[..., Subject], seed: int) -> None:
    found = poison(changed(full=fed(seed)), **OPTIONS)
    assert (found.outcome, found.rows) == (Outcome.PASSED, ())


@pytest.mark.parametrize("seed", range(3))
def test_three_percent_targeted_flips_are_found_and_the_segment_named(
    changed: Callable[..., Subject], seed: int
) -> None:
    table = turned(fed(seed), OLD_IN_CHUR & (pl.col("late") == 1), 30)  # 3% of the 1000 new rows
    found = poison(changed(full=table), **OPTIONS)
    assert found.outcome is Outcome.FAILED
    assert "city = Chur" in found.reason
    assert "than older rows let expect" in found.reason
    assert {"labels 1", "unlikely labels"} >= {row["what"] for row in found.rows}


def test_a_source_that_turns_labels_is_named(changed: Callable[..., Subject]) -> None:
    table = turned(fed(0), (pl.col("_source") == "partner") & (pl.col("late") == 1), 60)
    found = poison(changed(full=table), **OPTIONS)
    assert found.outcome is Outcome.FAILED
    assert "source = partner" in found.reason


def test_a_source_may_give_only_so_much(changed: Callable[..., Subject]) -> None:
    found = poison(changed(full=fed(0)), alpha=0.001, volume=0.5)
    assert found.reason == "app gave 75% of the new rows; allowed is 50%"


def test_what_the_champion_knows_is_not_new(
    changed: Callable[..., Subject], honest: Subject, tmp_path: Path
) -> None:
    table = turned(fed(0), OLD_IN_CHUR & (pl.col("late") == 1), 30)
    subject = changed(full=table, champion_artifact=honest.judged, project=moved(honest.project, tmp_path))
    assert poison(subject, **OPTIONS).outcome is Outcome.FAILED  # no record of it: all but the first is new
    known = VersionRow(
        model="delay",
        version=1,
        run="r",
        artifact=str(honest.judged),
        digest="",
        registered=datetime(2026, 1, 1, tzinfo=UTC),
        facts={"data_version": 2},
    )
    store = state(subject.project)
    store.model("delay")
    store.save_version(known)
    assert poison(subject, **OPTIONS).reason == "too few to tell: 0 new rows against 4000 older ones"


def moved(project: Project, root: Path) -> Project:
    return replace(project, root=root)
