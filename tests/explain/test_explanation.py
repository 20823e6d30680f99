from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from noria import segment
from noria.block import FLOAT, Block
from noria.errors import ArtifactError, StateError
from noria.explain.explanation import explanation
from noria.explain.prediction import find
from noria.explain.version import Version


def test_contributions_of_a_past_prediction_add_up_to_its_score(kept, version) -> None:
    for number in range(20):
        told = explanation(find(kept.project, f"id-{number}"), version)
        assert told.base + sum(part.contribution for part in told.parts) == pytest.approx(
            told.score, abs=1e-6
        )
        assert told.scale == "log-odds"
        sizes = [abs(part.contribution) for part in told.parts]
        assert sizes == sorted(sizes, reverse=True)
        assert {part.column: part.value for part in told.parts} == kept.rows.select(
            "age", "rooms", "city"
        ).row(number, named=True)


def test_an_unknown_id_says_what_is_asked_next(kept) -> None:
    with pytest.raises(StateError, match="no prediction id-9999 of the model late") as caught:
        find(kept.project, "id-9999")
    assert caught.value.hint


def test_an_id_that_was_answered_twice_needs_a_time_or_an_entity(kept, more: Callable[..., None]) -> None:
    later = pl.col("at") + pl.duration(days=1)
    more(3, at=later, _day=later.dt.date(), entity=pl.lit("another"))
    with pytest.raises(
        StateError, match="answered 2 times: 2026-01-01T00:10:00 of e-1, 2026-01-02T00:10:00 of another"
    ):
        find(kept.project, "id-1")
    assert find(kept.project, "id-1", at="2026-01-02").entity == "another"
    assert find(kept.project, "id-1", entity="e-1").at.day == 1
    with pytest.raises(StateError, match="at 2026-02"):
        find(kept.project, "id-1", at="2026-02")


def test_copies_for_shadows_are_no_second_answer(kept, more: Callable[..., None]) -> None:
    more(3, role=pl.lit("shadow"), version=pl.lit(2))
    assert find(kept.project, "id-1").version == 1


@pytest.mark.parametrize(
    ("role", "reason"),
    [("fallback", "serve.fallback"), ("abstained", "monitor.outliers"), ("shadow", "shadows only")],
)
def test_what_no_version_answered_is_not_explained(kept, more: Callable[..., None], role, reason) -> None:
    more(1, id=pl.lit("odd"), role=pl.lit(role), version=pl.lit(0))
    with pytest.raises(StateError, match=reason):
        find(kept.project, "odd")


def test_a_project_without_predictions_knows_none(kept, tmp_path) -> None:
    shutil.rmtree(kept.project.home)
    with pytest.raises(StateError, match="no prediction id-1"):
        find(kept.project, "id-1")


def test_an_artifact_that_is_gone_or_altered_is_not_asked(kept) -> None:
    file = next(Path(kept.version.artifact).glob("data/model.txt"))
    file.write_text(file.read_text().replace("leaf_value=", "leaf_value=9 ", 1))
    with pytest.raises(ArtifactError, match=r"data/model.txt was changed"):
        Version(kept.version, kept.project.home)
    with pytest.raises(ArtifactError, match="late/1 is gone"):
        Version(replace(kept.version, artifact="/nowhere/model"), kept.project.home)


def test_an_answer_that_the_version_does_not_give_is_not_explained(
    kept, version, more: Callable[..., None]
) -> None:
    more(1, id=pl.lit("odd"), output=pl.lit(0.123))
    with pytest.raises(ArtifactError, match=r"said 0.123 then"):
        explanation(find(kept.project, "odd"), version)


def test_a_prediction_that_the_collector_has_not_taken_over_yet_is_found(kept, version) -> None:
    row = kept.rows[0]
    numbers = np.array([row["age"][0], row["rooms"][0]], FLOAT)
    record = {
        "k": "p",
        "at": row["_time"][0].timestamp(),
        "model": "late",
        "plan": 1,
        "version": 1,
        "role": "champion",
        "ids": ["fresh"],
        "entities": ["e"],
        "columns": Block(1, ("age", "rooms"), numbers.tobytes(), {"city": row["city"].to_list()}),
        "outputs": version.model.predict(row).tobytes(),
        "latencies": np.array([0.001]).tobytes(),
        "error": None,
    }
    log = kept.project.home / "log"
    log.mkdir()
    (log / "0-1-000000.seg").write_bytes(
        segment.encode(record) + segment.encode({**record, "model": "other"})
    )
    told = explanation(find(kept.project, "fresh"), version)
    assert told.output == version.model.predict(row)[0]
    assert told.entity == "e"
