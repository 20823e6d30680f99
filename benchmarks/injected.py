"""Faults put into a day of flights, one at a time: is each found on that day, and the right column named?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random

import polars as pl

from benchmarks.days import asked, by_day, learnt
from benchmarks.evidence import Found
from noria.core.profile.profile import Profile
from noria.core.profile.reference import Reference
from noria.demo.flights import FEATURES, WEATHER
from noria.monitor.daily import MONITORS
from noria.monitor.profiling import profile
from noria.rows import SignalRow

LEARNT = date(2013, 1, 1), date(2013, 5, 31)
LIVE = date(2013, 6, 1), date(2013, 8, 31)
WARM = 28
"""Days in service before the first fault: traffic and scores are learnt from them."""
TIMES = 20
TARGET = 0.95
GAPPY = ("wind_dir", "wind_gust", "pressure")
"""Columns that lack 2%, 70% and 12% of their values by themselves, on one day none and on another all."""
COMPLETE = tuple(name for name in WEATHER if name not in GAPPY)
SWINGS = "the same in a column whose share swings by itself"
CATEGORIES = ("carrier", "origin", "dest")
MOVING = tuple(name for name in FEATURES if name not in ("weekday", "precip", "visib", "wind_gust"))
"""Columns that vary on every day: on a dry one, rain is the same all day long."""
UNITS = {
    "distance": 1.609344, "temp": (5 / 9, -160 / 9), "dewp": (5 / 9, -160 / 9), "wind_speed": 0.44704,
    "wind_gust": 0.44704, "pressure": 0.02953, "visib": 1.609344, "scheduled_minutes": 60.0, "humid": 0.01,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A day's rows with a fault in these columns; none means the whole."""

    rows: pl.DataFrame
    columns: tuple[str, ...]


Fault = Callable[[pl.DataFrame, pl.DataFrame, int, Random], Broken]
"""Breaks a day, given the day before, for the n-th time."""


def measure(scratch: Path) -> Found:
    """Run every fault on twenty days, and the same days without."""
    table = by_day()
    live = {day: rows for day, rows in table.items() if LIVE[0] <= day <= LIVE[1]}
    known = pl.concat([rows for day, rows in table.items() if LEARNT[0] <= day <= LEARNT[1]])
    reference = learnt(known)
    past = {day: profile(rows, reference.grid) for day, rows in live.items()}
    clean = _clean(live, reference, past)
    days = list(live)[WARM:]
    chosen = sorted(Random(5).sample(days, TIMES))
    rows = [_row(name, fault, chosen, live, reference, clean, past) for name, fault in FAULTS.items()]
    alarmed = {row.day for row in clean if row.level == "alert" and date.fromisoformat(row.day) in days}
    noticed = {row.day for row in clean if row.level == "notice" and date.fromisoformat(row.day) in days}
    rows.append(
        (
            f"nothing, all {len(days)} days",
            f"{len(noticed | alarmed)} days",
            f"{len(alarmed)} days",
            "",
            "",
        )
    )
    return Found(
        title="Faults injected into flights",
        how=(
            f"The reference is the flights of January to May 2013, {len(known):,} rows; then come {WARM} "
            f"days in service, and of the days up to August {TIMES} at random, into which one fault at a "
            "time is injected, each time into another column where there is a choice. Found: a monitor "
            "flags the column on the very day, be it by a notice, or by an alert, which counts against the "
            "budget of one false alarm a month. Others: columns that these monitors flag beside, on average. "
            f"All {len(MONITORS)} monitors look."
        ),
        header=("fault", "found", "by an alert", "others", "by"),
        rows=rows,
        target=f"Target: found on the first full day, and the right column named, in {TARGET:.0%}",
        reached=all(int(row[1].split()[0]) >= TARGET * TIMES for row in rows[:-1] if row[0] != SWINGS),
    )


def _row(
    name: str,
    fault: Fault,
    chosen: Sequence[date],
    live: dict[date, pl.DataFrame],
    reference: Reference,
    clean: Sequence[SignalRow],
    past: Mapping[date, Profile],
) -> tuple[object, ...]:
    """Return how often a fault was found, how often by an alert, and which monitors found it."""
    found, alarmed, others, by = 0, 0, 0, set()
    for number, day in enumerate(chosen):
        broken = fault(live[day], live[day - timedelta(days=1)], number, Random(number))
        before = [row for row in clean if row.day < day.isoformat()]
        seen = profile(broken.rows, reference.grid)
        told = asked(day, broken.rows, seen, reference=reference, before=before, profiles=past)
        said = [row for row in told if row.level != "ok"]
        right = [row for row in said if row.subject in broken.columns]
        found += bool(right)
        alarmed += any(row.level == "alert" for row in right)
        by |= {row.monitor for row in right}
        looked = {row.monitor for row in right}
        others += len({row.subject for row in said if row.monitor in looked} - set(broken.columns))
    counts = (f"{times} of {len(chosen)}" for times in (found, alarmed))
    return name, *counts, others / len(chosen), ", ".join(sorted(by))


def _clean(
    live: dict[date, pl.DataFrame], reference: Reference, past: Mapping[date, Profile]
) -> list[SignalRow]:
    said: list[SignalRow] = []
    for day, rows in live.items():
        said += asked(day, rows, past[day], reference=reference, before=said, profiles=past)
    return said


def _some(rows: pl.DataFrame, share: float, dice: Random) -> pl.Series:
    return pl.Series([dice.random() < share for _ in range(rows.height)])


def _recoded(rows: pl.DataFrame, _: pl.DataFrame, number: int, dice: Random) -> Broken:
    one, other = dice.sample(("UA", "B6", "EV", "DL", "AA"), 2)
    changed = (pl.col("carrier") == one) & _some(rows, 0.3, dice)
    return Broken(
        rows=rows.with_columns(carrier=pl.when(changed).then(pl.lit(other)).otherwise("carrier")),
        columns=("carrier",),
    )


def _kilometres(rows: pl.DataFrame, _: pl.DataFrame, number: int, dice: Random) -> Broken:
    changed = pl.when(_some(rows, 0.3, dice)).then(pl.col("distance") * 1.609344).otherwise("distance")
    return Broken(rows=rows.with_columns(distance=changed), columns=("distance",))


def _missing(rows: pl.DataFrame, _: pl.DataFrame, number: int, dice: Random) -> Broken:
    return _gone(rows, COMPLETE[number % len(COMPLETE)], dice)


def _missing_more(rows: pl.DataFrame, _: pl.DataFrame, number: int, dice: Random) -> Broken:
    return _gone(rows, GAPPY[number % len(GAPPY)], dice)


def _gone(rows: pl.DataFrame, column: str, dice: Random) -> Broken:
    gone = pl.when(_some(rows, 0.1, dice)).then(None).otherwise(column)
    return Broken(rows=rows.with_columns(gone.alias(column)), columns=(column,))


def _unseen(rows: pl.DataFrame, _: pl.DataFrame, number: int, dice: Random) -> Broken:
    column = CATEGORIES[number % len(CATEGORIES)]
    new = pl.when(_some(rows, 0.05, dice)).then(pl.lit("XX")).otherwise(column)
    return Broken(rows=rows.with_columns(new.alias(column)), columns=(column,))


def _constant(rows: pl.DataFrame, _: pl.DataFrame, number: int, dice: Random) -> Broken:
    column = MOVING[number % len(MOVING)]
    value = rows[column].drop_nulls()[0]
    return Broken(rows=rows.with_columns(pl.lit(value).alias(column)), columns=(column,))


def _unit(rows: pl.DataFrame, _: pl.DataFrame, number: int, dice: Random) -> Broken:
    column, change = list(UNITS.items())[number % len(UNITS)]
    factor, shift = change if isinstance(change, tuple) else (change, 0)
    return Broken(rows=rows.with_columns(pl.col(column) * factor + shift), columns=(column,))


def _doubled(rows: pl.DataFrame, _: pl.DataFrame, number: int, dice: Random) -> Broken:
    return Broken(rows=pl.concat([rows, rows]), columns=("",))


def _stale(rows: pl.DataFrame, before: pl.DataFrame, number: int, dice: Random) -> Broken:
    last = before.group_by("origin").agg(pl.col(WEATHER).drop_nulls().last())
    return Broken(rows=rows.drop(WEATHER).join(last, on="origin", how="left"), columns=WEATHER)


def _silent(rows: pl.DataFrame, _: pl.DataFrame, number: int, dice: Random) -> Broken:
    return Broken(rows=rows.filter(pl.col("_time").dt.hour() < 15), columns=("",))


FAULTS: dict[str, Fault] = {
    "30% of a carrier recorded as another": _recoded,
    "30% of the distances in kilometres": _kilometres,
    "10% more missing in a weather column": _missing,
    SWINGS: _missing_more,
    "5% of a category never seen": _unseen,
    "a column is constant": _constant,
    "a column in another unit": _unit,
    "the volume doubled": _doubled,
    "the weather is the last of yesterday": _stale,
    "no predictions after 15:00 UTC": _silent,
}
