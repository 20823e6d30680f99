"""How many truths lie within the margins that are told, month by month on the flights: fixed and adapted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks.evidence import Found
from noria.core.conformal import STEP, Misfits, adapt, calibrate, misfit

COVERAGE, NEAR = 0.9, 0.01
FIRST, LAST = date(2013, 2, 1), date(2013, 12, 31)
EVERY = timedelta(days=7)
HELD_OUT = 0.2
LATE = timedelta(days=2)
"""A day is measured a day after its end, and moves the margins of the day that begins then."""
STEPS = (0.0, 0.05, STEP)
TASKS = {"binary": ("set of late, punctual", "late"), "regression": ("interval of minutes", "minutes")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A day in service: the rising misfits of its answers, and those of the version's holdout."""

    day: date
    misfits: np.ndarray
    held_out: Misfits


def measure(scratch: Path) -> Found:
    """Serve the flights from February on by models that are trained anew each week."""
    rows = _flights()
    columns: dict[str, Sequence[float]] = {}
    widths: list[str] = []
    for task, (name, label) in TASKS.items():
        days = list(_served(rows, task, label))
        for step in STEPS:
            covered, margin = _coverage(days, step)
            columns[f"{name}, {f'step {step:g}' if step else 'fixed'}"] = _monthly(days, covered)
        widths.append(f"{name}: {margin:.3g}")
    months = [f"2013-{month:02}" for month in range(FIRST.month, LAST.month + 1)]
    shown = [
        [month, *(f"{each[place]:.1%}" for each in columns.values())] for place, month in enumerate(months)
    ]
    near = {name: sum(abs(share - COVERAGE) <= NEAR for share in each) for name, each in columns.items()}
    shown.append(["within a point", *(f"{count} of {len(months)}" for count in near.values())])
    adapted = [near[name] for name in columns if name.endswith(f"step {STEP:g}")]
    return Found(
        title="Coverage of conformal sets and intervals on the flights",
        how=(
            "All flights of 2013 that landed; LightGBM, trained anew each week on all the past, the newest "
            f"{HELD_OUT:.0%} of whose days give the margin. {COVERAGE:.0%} of the truths are promised: of "
            "whether a flight is late (a set of classes), and of the minutes from its scheduled departure to "
            "its landing (an interval). Fixed: split conformal. Step: adaptive conformal inference, moved "
            "once a day by what was covered on the days that were mature, two days before. noria's step is "
            f"{STEP:g}; its mean margin is, for the {'; for the '.join(widths)}. All flights of a day share "
            "its weather, which nobody knows two days before: a single day may be covered much worse."
        ),
        header=["month", *columns],
        rows=shown,
        target=f"Within a point of {COVERAGE:.0%} in each month, with step {STEP:g}",
        reached=all(count == len(months) for count in adapted),
    )


def _flights() -> pl.DataFrame:
    from noria.demo.flights import flights

    landed = flights().drop_nulls("late").with_columns(day=pl.col("scheduled_departure").dt.date())
    minutes = (pl.col("landed_at") - pl.col("scheduled_departure")).dt.total_minutes()
    coded = pl.col("carrier", "origin", "dest").rank("dense")
    return landed.filter(pl.col("day") <= LAST).with_columns(coded, minutes=minutes)


def _served(rows: pl.DataFrame, task: str, label: str) -> Iterator[Served]:
    """Yield each day with its answers, by the model that was trained last before it."""
    begin = FIRST
    while begin <= LAST:
        past = rows.filter(pl.col("day") < begin - LATE + timedelta(days=1))
        known = past["day"].unique().sort()
        cut = known[int(len(known) * (1 - HELD_OUT))]
        new = rows.filter(pl.col("day").is_between(begin, begin + EVERY, closed="left"))
        held_out = past.filter(pl.col("day") >= cut)
        twin = _trained(past.filter(pl.col("day") < cut), task, label)
        misfits = calibrate(_misfits(twin, held_out, task, label))
        shipped = _trained(past, task, label)
        for (day,), part in sorted(new.partition_by("day", as_dict=True).items()):
            yield Served(day=day, misfits=_misfits(shipped, part, task, label), held_out=misfits)
        begin += EVERY


def _coverage(days: Sequence[Served], step: float) -> tuple[list[float], float]:
    """Return which share of each day's truths was covered, and the mean of the finite margins."""
    covered: list[float] = []
    margins = []
    for served in days:
        mature = [share for share, each in zip(covered, days, strict=False) if each.day <= served.day - LATE]
        margins.append(served.held_out.margin(adapt(COVERAGE, COVERAGE, mature, step)))
        covered.append(float((served.misfits <= margins[-1]).mean()))
    return covered, float(np.mean([margin for margin in margins if np.isfinite(margin)]))


def _monthly(days: Sequence[Served], covered: Sequence[float]) -> list[float]:
    hits, rows = np.zeros(13), np.zeros(13)
    for served, share in zip(days, covered, strict=True):
        hits[served.day.month] += share * len(served.misfits)
        rows[served.day.month] += len(served.misfits)
    return (hits[FIRST.month :] / rows[FIRST.month :]).tolist()


def _trained(rows: pl.DataFrame, task: str, label: str) -> Any:
    import lightgbm

    params = {"objective": task, "verbosity": -1, "num_threads": 1, "seed": 1}
    return lightgbm.train(
        params, lightgbm.Dataset(_features(rows), rows[label].to_numpy()), num_boost_round=60
    )


def _misfits(model: Any, rows: pl.DataFrame, task: str, label: str) -> np.ndarray:
    return misfit(task, rows[label].to_numpy().astype(float), model.predict(_features(rows)))


def _features(rows: pl.DataFrame) -> np.ndarray:
    from noria.demo.flights import FEATURES

    return rows.select(FEATURES).cast(pl.Float64).to_numpy()
