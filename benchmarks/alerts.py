"""Alerts on flights whose weeks come in random order: nothing drifts, so each of them is a false alarm."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random

import polars as pl

from benchmarks.days import PROJECT, asked, by_day, learnt
from benchmarks.evidence import Found
from noria.core.alarms import Alarms
from noria.core.causes import Scene
from noria.demo.flights import FEATURES
from noria.monitor.alerts import INFO, Serving, follow
from noria.monitor.daily import MONITORS
from noria.monitor.profiling import profile
from noria.rows import AlertRow, SignalRow

BEGIN, ONE = date(2013, 1, 8), timedelta(days=1)
"""The first week is left out: in UTC, its first day begins in the morning."""
WEEKS, LEARNT = 51, 21
SHUFFLES = 10


def measure(scratch: Path) -> Found:
    """Live through the weeks of the year in ten random orders."""
    table = by_day()
    rows, total = [], Counter[str]()
    for seed in range(SHUFFLES):
        days = _shuffled(table, seed)
        alerts = [alert for alert in live(days) if alert.severity != INFO]
        watched = len(days) - 7 * LEARNT
        seen = Alarms(false=len(alerts), days=watched, declared=PROJECT.alerts.false_alarms)
        sides = Counter(alert.about for alert in alerts)
        total += sides
        named = ", ".join(f"{about} {count}" for about, count in sorted(sides.items()))
        rows.append((seed, watched, len(alerts), round(seen.expected, 1), named))
    watched = sum(int(row[1]) for row in rows)
    seen = Alarms(false=total.total(), days=watched, declared=PROJECT.alerts.false_alarms)
    named = ", ".join(f"{about} {count}" for about, count in sorted(total.items()))
    rows.append(("all", watched, seen.false, round(seen.expected, 1), named))
    return Found(
        title="Alerts on flights without drift",
        how=(
            f"{WEEKS} weeks of 2013 in random order: the version learns from the first {LEARNT}, and the "
            f"others come in day by day. All {len(MONITORS)} monitors look at each, with the default budget "
            "of one false alarm a month, and their signals become alerts as in the collector. Nothing "
            "drifts, by construction, so each alert that would tell somebody counts as false, even where "
            "weather stations failed."
        ),
        header=("order", "days watched", "alerts", "allowed", "about"),
        rows=rows,
        target="Target: no more than the declared rate brings by chance, all orders together",
        reached=not seen.over,
    )


def live(days: Mapping[date, pl.DataFrame]) -> list[AlertRow]:
    """Return the alerts of the days that come after those that were learnt from."""
    first = BEGIN + 7 * LEARNT * ONE
    reference = learnt(pl.concat([rows for day, rows in days.items() if day < first]))
    coming = {day: rows for day, rows in days.items() if day >= first}
    profiles = {day: profile(rows, reference.grid) for day, rows in coming.items()}
    said: list[SignalRow] = []
    known: dict[str, AlertRow] = {}
    for day, rows in coming.items():
        fresh = asked(day, rows, profiles[day], reference=reference, before=said, profiles=profiles)
        said += fresh
        scene = Scene(day=day, promoted=None, features=len(FEATURES))
        serving = Serving(champion=1, versions=(1,), scene=scene)
        at = datetime.combine(day + ONE, time(), UTC)
        known |= {alert.id: alert for alert in follow(list(known.values()), fresh, at, serving)}
    return list(known.values())


def _shuffled(table: Mapping[date, pl.DataFrame], seed: int) -> dict[date, pl.DataFrame]:
    """Return the days in a random order of their weeks, each with the time at which it then comes."""
    order = list(range(WEEKS))
    Random(seed).shuffle(order)
    days = {}
    for place, week in enumerate(order):
        for number in range(7):
            came, comes = (BEGIN + (7 * each + number) * ONE for each in (week, place))
            days[comes] = table[came].with_columns(_time=pl.col("_time") + (comes - came))
    return days
