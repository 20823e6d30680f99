"""Rows unlike all that the model learnt from, and margins, by a real gateway."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from noria.core.bounds import Bounds, pack
from noria.core.conformal import calibrate
from noria.core.outliers import learn

ROW = [0.05 + i / 22 for i in range(20)]
STRANGE = [1e9, 0.05, -1e9, *ROW[3:]]
NAMES = [f"x{i}" for i in range(20)]


@pytest.fixture
def bounded(model: Callable[..., Any]) -> Callable[..., Any]:
    """Make an artifact whose columns were uniform from 0 to 1, with the misfits 0.1 to 0.9 on its holdout."""

    def make() -> Any:
        artifact = model()
        draw = np.random.default_rng(1)
        detector, _ = learn({name: draw.uniform(size=5_000) for name in NAMES}, frozenset(NAMES))
        misfits = calibrate(np.arange(1, 10) / 10)
        path = Path(artifact.path).parent / "lineage" / "bounds.msgpack"
        path.parent.mkdir()
        path.write_bytes(pack(Bounds(detector=detector, misfits=misfits)))
        return artifact

    return make


def test_scores_come_where_they_are_asked_for(gateway: Any, bounded: Callable[..., Any]) -> None:
    gateway.serve(1, {3: 100}, {3: bounded()})
    assert "x-noria-outlier" not in gateway.infer([ROW]).headers
    answer = gateway.infer([ROW, STRANGE], x_noria_outlier="1")
    ordinary, strange = json.loads(answer.headers["x-noria-outlier"])
    assert (answer.status, len(answer.output)) == (200, 2)
    assert ordinary["score"] < ordinary["limit"] < strange["score"]
    assert {"x0", "x2"} <= strange["columns"].keys()
    many = gateway.infer([ROW] * 51, x_noria_outlier="1")
    assert many.status == 400
    assert "50 rows" in many.json["error"]


def test_without_bounds_there_is_no_score_and_no_rule(start: Callable[..., Any], model: Any) -> None:
    gateway = start(outliers="abstain", coverage=0.8)
    gateway.serve(1, {3: 100}, {3: model()})
    answer = gateway.infer([STRANGE], x_noria_outlier="1")
    assert answer.status == 200
    assert not {"x-noria-outlier", "x-noria-margin"} & answer.headers.keys()


def test_damaged_bounds_keep_nobody_from_serving(gateway: Any, bounded: Callable[..., Any]) -> None:
    artifact = bounded()
    (Path(artifact.path).parent / "lineage" / "bounds.msgpack").write_bytes(b"\x93nonsense")
    gateway.serve(1, {3: 100}, {3: artifact})
    assert gateway.infer([STRANGE], x_noria_outlier="1").status == 200


def test_clipped_numbers_reach_the_model(start: Callable[..., Any], bounded: Callable[..., Any]) -> None:
    gateway = start(outliers="clip")
    gateway.serve(1, {3: 100}, {3: bounded()})
    assert gateway.infer([ROW, STRANGE]).status == 200
    rows = np.frombuffer(gateway.records()[0]["columns"]["values"]).reshape(20, 2).T
    assert rows[0].tolist() == ROW
    assert rows[1][3:].tolist() == ROW[3:]
    assert 0.99 < rows[1][0] <= 1
    assert 0 <= rows[1][2] < 0.01
    assert counted(gateway, "clip") == 1


def test_a_fallback_answers_the_outliers_alone(
    start: Callable[..., Any], bounded: Callable[..., Any]
) -> None:
    gateway = start(outliers="fallback", fallback=0.5)
    gateway.serve(1, {3: 100}, {3: bounded()})
    answer = gateway.infer([ROW, STRANGE, ROW], x_request_id="r")
    assert answer.output == [0.25, 0.5, 0.25]
    assert answer.headers["x-noria-role"] == "champion,fallback"
    kept = sorted(gateway.predictions())
    assert [row[:4] for row in kept] == [
        ("r/0", 3, "champion", 0.25),
        ("r/1", 3, "fallback", 0.5),
        ("r/2", 3, "champion", 0.25),
    ]
    assert counted(gateway, "fallback") == 1


@pytest.mark.parametrize("path", ["/v2/models/m/infer", "/invocations", "/v1/models/m:predict"])
def test_who_abstains_says_which_row_and_why(
    start: Callable[..., Any], bounded: Callable[..., Any], path: str
) -> None:
    gateway = start(outliers="abstain")
    gateway.serve(1, {3: 100}, {3: bounded()})
    rows = {"name": "rows", "shape": [2, 20], "datatype": "FP64", "data": ROW + STRANGE}
    body = {"inputs": [rows]} if "v2" in path else {"instances": [ROW, STRANGE]}
    answer = gateway.request("POST", path, body)
    assert answer.status == 422
    assert b"row 1 is unlike all that the model learnt from" in answer.body
    assert [row[1:3] for row in gateway.predictions()] == [(3, "abstained")] * 2
    assert gateway.infer([ROW]).status == 200
    assert counted(gateway, "abstain") == 1


def test_a_margin_is_told_and_recorded_and_follows_the_level(
    start: Callable[..., Any], bounded: Callable[..., Any]
) -> None:
    gateway = start(coverage=0.8)
    gateway.serve(1, {3: 100}, {3: bounded()})
    headers = gateway.infer([ROW]).headers
    # of 9 misfits the rank is 10 x 0.8, the 8th
    assert (headers["x-noria-coverage"], headers["x-noria-margin"]) == ("0.8", "0.8")
    fresh = gateway.home / "gateway" / "coverage.new"
    fresh.write_text('{"level": 0.41}')
    fresh.rename(gateway.home / "gateway" / "coverage.json")
    gateway.wait_until(lambda: gateway.infer([ROW]).headers["x-noria-margin"] == "0.5", "the margin follows")
    margins = [record["margin"] for record in gateway.records()]
    assert margins[0] == 0.8
    assert margins[-1] == 0.5


def counted(gateway: Any, rule: str) -> float:
    """Return how many outliers the metrics say the rule was applied to."""
    page = gateway.request("GET", "/metrics").body.decode()
    line = next(line for line in page.splitlines() if line.startswith("noria_outliers_total{"))
    assert f'rule="{rule}"' in line
    return float(line.split()[-1])
