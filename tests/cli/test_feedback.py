import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from noria.cli import app
from noria.delta import Table
from noria.errors import DataError
from noria.outcomes import HOLDS
from noria.project.parse import load
from noria.rows import SignalRow
from noria.wiring import state

PROJECT = """
[model]
name = "churn"
task = "binary"
[data]
source = "customers.csv"
label = "churned"
features = ["age"]
"""
NOON = datetime(2013, 1, 1, 12, tzinfo=UTC)
MOMENT = pl.Datetime("us", "UTC")


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two predictions; `a` was labelled by the shop, whose labels are held."""
    (tmp_path / "noria.toml").write_text(PROJECT)
    monkeypatch.chdir(tmp_path)
    lake = tmp_path / ".noria" / "lake"
    at = pl.lit(datetime.now(UTC)).cast(MOMENT)
    predictions = pl.DataFrame({"id": ["a", "b"], "output": [0.5, 0.9], "age": [30.0, 40.0]}).with_columns(
        client=pl.lit(None, pl.String), at=at, role=pl.lit("champion"), version=1, plan=1, latency=0.1
    )
    Table(lake / "predictions", by_day=True).append(predictions.with_columns(_day=pl.col("at").dt.date()), {})
    noon = pl.lit(NOON).cast(MOMENT)
    labels = pl.DataFrame({"id": ["a"], "label": [1.0], "source": ["shop"]}).with_columns(
        at=noon, as_of=noon, client=pl.lit(None, pl.String), _day=date(2013, 1, 1)
    )
    Table(lake / "labels", by_day=True).append(labels, {})
    span = {"source": "shop", "kind": "cap", "begin": NOON, "end": NOON.replace(hour=13)}
    held = {"said": NOON, "state": "held", "reason": "more than 9 labels", "by": "noria"}
    Table(lake / "holds").append(pl.DataFrame([{**span, **held}], schema=HOLDS), {})
    return lake


def said(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def test_the_sources_and_what_is_held_of_them_are_shown(lake: Path) -> None:
    shown = said("feedback")
    assert "shop" in shown
    assert "shop, 2013-01-01 12:00:00 to 2013-01-01 13:00:00: held by noria, more than 9 labels" in shown
    facts = json.loads(said("feedback", "--json"))
    assert (facts["sources"][0]["held"], facts["holds"][0]["state"]) == (1, "held")


def test_released_labels_count_and_the_ledger_knows_who_said_so(lake: Path) -> None:
    assert json.loads(said("feedback", "--id", "a", "--json"))["labels"][0]["state"] == "held"
    assert said("feedback", "--release", "shop", "--yes", "--message", "an import") == (
        "1 held stretch of labels of shop: released\n"
    )
    assert json.loads(said("feedback", "--id", "a", "--json"))["labels"][0]["state"] == "counts"
    (entry,) = state(load(lake.parents[1])).ledger("churn")
    assert (entry["kind"], entry["body"]["source"]) == ("labels released", "shop")
    assert entry["body"]["reason"] == "an import"
    assert "labels released" in said("ledger")


def test_what_nobody_holds_cannot_be_dropped(lake: Path) -> None:
    with pytest.raises(DataError, match="no labels of 'desk' are held"):
        said("feedback", "--drop", "desk", "--yes")
    with pytest.raises(DataError, match="no label came for 'b'"):
        said("feedback", "--id", "b")


def test_status_tells_what_waits_and_what_nobody_knows(lake: Path) -> None:
    store, now = state(load(lake.parents[1])), datetime.now(UTC)
    assert "held" not in said("status")
    store.beat("collector", now, {"held_labels": 1200, "unaudited": "the artifact was changed"})
    reason = "5 of 100 labelled ids are of no known prediction"
    day = (now - timedelta(days=1)).date().isoformat()
    what = {"model": "churn", "day": day, "version": 1, "monitor": "feedback", "subject": ""}
    row = SignalRow(**what, level="notice", value=0.05, limit=0.01, reason=reason)
    store.save_signals([row])
    shown = " ".join(said("status").split())
    assert "held 1,200 labels wait to be released or dropped: noria feedback" in shown
    assert f"unknown {reason}, on {day}" in shown
    assert "skew is not looked for: the artifact was changed" in shown


def test_a_queue_is_filled_in_and_given_back(lake: Path, tmp_path: Path) -> None:
    assert "b" in said("queue")
    assert "1 rows: fill in the labels, then noria label queue.csv" in said("queue", "--csv", "queue.csv")
    (row,) = pl.read_csv(tmp_path / "queue.csv").iter_rows(named=True)
    assert (row["id"], row["label"], row["age"], row["source"]) == ("b", None, 40.0, "queue")
    assert json.loads(said("queue", "--json"))[0]["score"] == pytest.approx(0.2)  # 1 - |2 * .9 - 1|
