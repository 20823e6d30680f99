from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import lightgbm as lgb
import numpy as np
import polars as pl
import pytest

from noria.artifact import package
from noria.core.gates import Gate
from noria.errors import PipelineError
from noria.pipeline.evaluate import Evaluation, agree, evaluate
from noria.rows import Rival

START = datetime(2013, 1, 1, tzinfo=UTC)
GATES = (
    Gate(check="beats-baseline", options={"metric": "log_loss", "margin": 0.0}),
    Gate(check="better-than-champion", options={"metric": "log_loss", "margin": 0.0, "confidence": 0.9}),
)


def table(rows: int, *, version: int = 1, day: int = 0, seed: int = 0) -> pl.DataFrame:
    """Rows of 100 a day from `day` on; y follows x, and z is noise. All came with data version `version`."""
    random = np.random.default_rng(seed)
    x = random.normal(size=rows)
    return pl.DataFrame(
        {
            "x": x,
            "z": random.normal(size=rows),
            "y": (x + random.normal(size=rows) > 0).astype(int),
            "_version": [version] * rows,
            "_time": [START + timedelta(days=day, minutes=14 * n) for n in range(rows)],
        },
        schema_overrides={"_time": pl.Datetime("us", "UTC")},
    )


@pytest.fixture(scope="module")
def fit(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """Return the way to fit and package a model on some features; `trees` 0 answers the share of ones."""

    def make(rows: pl.DataFrame, *features: str, trees: int = 20) -> str:
        directory = tmp_path_factory.mktemp("artifact") / "model"
        frame = rows.select(features).to_pandas()
        model = lgb.LGBMClassifier(n_estimators=trees, num_leaves=4, n_jobs=1, verbosity=-1)
        model.fit(frame, rows["y"].to_numpy())
        package.save(
            model, directory, task="binary", features=dict.fromkeys(features, "number"), example=rows.head(20)
        )
        return str(directory)

    return make


@pytest.fixture
def asked(tmp_path: Path) -> Callable[..., Evaluation]:
    """Return the maker of an evaluation on 700 rows of a week, of data version 2 unless said otherwise."""

    def make(candidate: str, holdout: pl.DataFrame | None = None, rival: Rival | None = None) -> Evaluation:
        held = table(700, version=2, day=10, seed=1) if holdout is None else holdout
        held.write_parquet(tmp_path / "holdout.parquet")
        table(1000).write_parquet(tmp_path / "train.parquet")
        return Evaluation(
            holdout=str(tmp_path / "holdout.parquet"),
            train=str(tmp_path / "train.parquet"),
            candidate=candidate,
            rival=rival,
            newer=True,
            label="y",
            task="binary",
            gates=GATES,
        )

    return make


def rival(shipped: str, twin: str, *, refit: bool = True, data_version: int = 1, day: int = 10) -> Rival:
    held_out_from = (START + timedelta(days=day)).isoformat()
    return Rival(
        name="version 6",
        shipped=shipped,
        twin=twin,
        refit=refit,
        data_version=data_version,
        holdout_from=held_out_from,
        learnt=START,
    )


def test_a_model_is_measured_beside_the_baseline(fit, asked) -> None:
    seen = evaluate(asked(fit(table(1000), "x")))
    assert seen.rows == 700
    assert 0.7 < seen.metrics["auc"] < 0.9  # x decides, with as much noise beside it
    assert seen.against_baseline["log_loss"].low > 0
    assert (seen.not_finite, seen.not_repeatable, seen.faults) == (0, 0, {})
    assert 0 < seen.latency < 1
    assert (seen.rival, seen.against_champion) == ("", {})


def test_a_model_that_knows_nothing_does_not_beat_the_baseline(fit, asked) -> None:
    seen = evaluate(asked(fit(table(1000), "z", trees=1)))
    assert seen.against_baseline["log_loss"].gain < 0.01


def test_the_shipped_champion_is_compared_on_rows_that_came_after_it(fit, asked) -> None:
    good, poor = fit(table(1000), "x"), fit(table(1000), "z")
    seen = evaluate(asked(good, rival=rival(poor, good)))
    found = seen.against_champion["log_loss"]
    assert seen.rival == "version 6"
    assert found.rows == 700
    assert found.confidence == 0.9
    assert found.low > 0
    assert evaluate(asked(poor, rival=rival(good, poor))).against_champion["log_loss"].high < 0


def test_a_row_that_the_champion_was_refitted_on_never_counts(fit, asked) -> None:
    """Half of the week came with the data version that the champion was refitted on."""
    half = pl.concat([table(350, version=1, day=10), table(350, version=2, day=14)])
    good, poor = fit(table(1000), "x"), fit(table(1000), "z")
    seen = evaluate(asked(good, half, rival(poor, good)))
    assert (seen.rival, seen.against_champion["log_loss"].rows) == ("version 6", 350)


def test_a_slow_label_of_an_old_row_never_counts(fit, asked) -> None:
    """Their rows came before the champion's newest: of those only the slow outcomes are new to it."""
    half = pl.concat([table(350, version=2, day=10), table(350, version=2, day=14)])
    good, poor = fit(table(1000), "x"), fit(table(1000), "z")
    champion = replace(rival(poor, good), learnt=START + timedelta(days=14) - timedelta(seconds=1))
    assert evaluate(asked(good, half, champion)).against_champion["log_loss"].rows == 350


def test_without_newer_rows_the_twin_stands_in_on_its_own_holdout(fit, asked) -> None:
    """A commit on old data: the champion was refitted on the whole week, its twin on the days before."""
    good, poor = fit(table(1000), "x"), fit(table(1000), "z")
    week = table(700, version=1, day=10)
    seen = evaluate(asked(good, week, rival(good, poor, day=12)))
    found = seen.against_champion["log_loss"]
    assert seen.rival == "version 6 as it was before its refit"
    assert found.rows == 700 - 206  # 1440 / 14 = 102.9 rows a day: 206 in the two days that the twin saw
    assert found.low > 0  # against the poor twin, not against the good champion


def test_without_a_refit_the_champions_own_holdout_counts(fit, asked) -> None:
    good, poor = fit(table(1000), "x"), fit(table(1000), "z")
    seen = evaluate(asked(good, table(700, version=1, day=10), rival(poor, good, refit=False, day=12)))
    assert (seen.rival, seen.against_champion["log_loss"].rows) == ("version 6", 494)


def test_rows_with_an_order_but_no_time_are_compared_too(fit, asked) -> None:
    good, poor = fit(table(1000), "x"), fit(table(1000), "z")
    rows = table(700, version=1).with_columns(_time=pl.int_range(9_900, 10_600))
    numbered = replace(rival(good, poor), holdout_from="10000")
    found = evaluate(asked(good, rows, numbered)).against_champion["log_loss"]
    assert found.rows == 600  # from row 10,000 to 10,599; as texts, "9900" would be above "10000"
    # 700 / 20 = 35: blocks of 32 rows, the power of two below; from 9,984 = 312 x 32 to 10,592 = 331 x 32
    assert [found.by_block[0].block, found.by_block[-1].block, found.blocks] == [9_984, 10_592, 20]


def test_a_model_that_does_not_load_alone_is_a_fault_of_the_gates_that_ask_it(
    fit, asked, monkeypatch
) -> None:
    candidate = fit(table(1000), "x")
    monkeypatch.setenv("PYTHONPATH", "")
    monkeypatch.setattr("sys.executable", "/bin/false")
    seen = evaluate(asked(candidate))
    assert set(seen.faults) == {"latency", "finite"}
    assert "exit code 1" in seen.faults["latency"]


def test_each_day_has_its_metrics_and_its_loss(fit, asked) -> None:
    seen = evaluate(asked(fit(table(1000), "x")))
    assert {name: len(days) for name, days in seen.daily.items()} == dict.fromkeys(seen.metrics, 7)
    rows = [loss.rows for loss in seen.losses]
    assert sum(rows) == 700
    mean = sum(loss.rows * loss.loss for loss in seen.losses) / 700
    assert mean == pytest.approx(seen.metrics["log_loss"])
    assert seen.daily["log_loss"] == pytest.approx([loss.loss for loss in seen.losses])


def test_the_champion_s_refit_is_measured_where_it_is_asked_for(fit, asked) -> None:
    good, poor = fit(table(1000), "x"), fit(table(1000), "z")
    asks = asked(good, rival=rival(good, poor))
    assert evaluate(asks).refit == ()
    gained = evaluate(replace(asks, refit=True)).refit
    assert (len(gained), sum(block.rows for block in gained)) == (7, 700)
    assert all(block.gain > 0 for block in gained)
    assert evaluate(replace(asks, rival=rival(good, poor, refit=False), refit=True)).refit == ()


def test_a_class_that_the_model_does_not_know_is_named(fit, asked) -> None:
    with pytest.raises(PipelineError, match="class '2'"):
        evaluate(asked(fit(table(1000), "x"), table(700).with_columns(y=pl.lit(2))))


def test_agreement_is_the_correlation_on_common_rows(fit, tmp_path: Path) -> None:
    path = str(tmp_path / "rows.parquet")
    table(1000).write_parquet(path)
    one, same, other = fit(table(1000), "x"), fit(table(1000), "x"), fit(table(1000, seed=5), "z")
    assert agree(path, one, same).agreement == 1.0
    assert abs(agree(path, one, other).agreement) < 0.5
