"""What a demo's year came to, counted from the system's own tables and held against the airport's counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from noria.artifact.model import Model
from noria.core.ledger import verify
from noria.core.quality import METRICS
from noria.core.rollout import Phase
from noria.delta import Table
from noria.demo.client import Tally
from noria.demo.wheel import Wheel
from noria.outcomes import ROLES, counting, outcomes
from noria.rows import RunRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """Metrics on labelled predictions; nan without any."""

    auc: float
    log_loss: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """A month of the demo, or all of it.

    `acknowledged` is the airport's count, `logged` are predictions of the table, each once; `labels` are
    those that the airport told, `joined` those that met exactly one prediction. `static` is the first
    version's quality on the same rows. `trainings` are runs that trained, the first one included; each that
    passed its gates was refitted once more (`refits`).
    """

    requests: int
    failed: int
    acknowledged: int
    logged: int
    labels: int
    joined: int
    auc: float
    log_loss: float
    static: Quality
    trainings: int
    refits: int
    promotions: int
    refusals: int
    rollbacks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    wall_s: float
    total: Count
    months: dict[int, Count]
    weeks: list[tuple[datetime, Quality, Quality]]
    timeline: list[dict[str, Any]]
    ledger_ok: bool

    def as_json(self) -> dict[str, Any]:
        """Return the numbers as plain values: those of the whole, and a list of the same by month."""
        months = [{"month": month, **msgspec.to_builtins(count)} for month, count in self.months.items()]
        whole = msgspec.to_builtins(self.total)
        return {"wall_s": self.wall_s, **whole, "ledger_ok": self.ledger_ok, "months": months}


def measure(wheel: Wheel, tallies: Mapping[int, Tally], wall_s: float) -> Result:
    """Count and score everything that was predicted."""
    name, state = wheel.project.name, wheel.state
    rows, entries = _judged(wheel), state.ledger(name)
    events = _events(state.runs(name, 1000), entries)
    months = {
        month: _count(rows.filter(month=month), [tally], [kind for at, kind in events if at.month == month])
        for month, tally in sorted(tallies.items())
    }
    return Result(
        wall_s=wall_s,
        total=_count(rows, list(tallies.values()), [kind for _, kind in events]),
        months=months,
        weeks=_weeks(rows),
        timeline=entries,
        ledger_ok=not verify(entries, state.head(name)),
    )


def _judged(wheel: Wheel) -> pl.DataFrame:
    """Return the answered predictions with label, month, and what the first version would have said."""
    lake = wheel.project.home / "lake"
    predictions = Table(lake / "predictions", by_day=True).scan().filter(pl.col("role").is_in(ROLES))
    counts = predictions.group_by("id").len(name="copies")
    labels = counting(Table(lake / "labels", by_day=True).scan(), Table(lake / "holds").scan())
    rows = outcomes(predictions, labels).join(counts, on="id").collect()
    first = wheel.state.version(wheel.project.name, 1)
    assert first is not None
    static = pl.Series("static", Model(Path(first.artifact)).predict(rows))
    month = pl.col("id").str.slice(5, 2).cast(pl.Int64)
    return rows.with_columns(static, month=month).sort("at", "id")


def _events(runs: list[RunRow], entries: list[dict[str, Any]]) -> list[tuple[datetime, str]]:
    """Return what happened to the model, by its moment."""
    told = [(datetime.fromtimestamp(entry["at"], UTC), entry["kind"]) for entry in entries]
    trained = [(run.started, "trained") for run in runs if "train_seconds" in run.facts]
    refitted = [(run.started, "refitted") for run in runs if "refit_seconds" in run.facts]
    refused = [(run.started, "refused") for run in runs if run.status == "refused"]
    return [*told, *trained, *refitted, *refused]


def _count(rows: pl.DataFrame, tallies: Sequence[Tally], events: Sequence[str]) -> Count:
    scored = rows.filter(pl.col("label").is_not_null())
    quality = _quality(scored, "output")
    return Count(
        requests=sum(tally.requests for tally in tallies),
        failed=sum(tally.failed for tally in tallies),
        acknowledged=sum(tally.acknowledged for tally in tallies),
        logged=len(rows.filter(pl.col("copies") == 1)),
        labels=sum(tally.labels for tally in tallies),
        joined=len(scored),
        auc=quality.auc,
        log_loss=quality.log_loss,
        static=_quality(scored, "static"),
        trainings=events.count("trained"),
        refits=events.count("refitted"),
        promotions=events.count(Phase.PROMOTED),
        refusals=events.count("refused"),
        rollbacks=events.count(Phase.ROLLED_BACK) + events.count("rollback"),
    )


def _quality(rows: pl.DataFrame, output: str) -> Quality:
    truth, said = rows["label"].cast(pl.Float64).to_numpy(), rows[output].to_numpy()
    return Quality(auc=METRICS["auc"].score(truth, said), log_loss=METRICS["log_loss"].score(truth, said))


def _weeks(rows: pl.DataFrame) -> list[tuple[datetime, Quality, Quality]]:
    """Return each week's beginning, and the quality of what served and of the first version in it."""
    scored = rows.filter(pl.col("label").is_not_null()).with_columns(week=pl.col("at").dt.truncate("7d"))
    return [
        (week, _quality(part, "output"), _quality(part, "static"))
        for (week,), part in scored.group_by("week", maintain_order=True)
    ]
