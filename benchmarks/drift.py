"""How often monitors of drift cry wolf: on flights in a random order of weeks, and on independent rows."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.environments import environment, pinned_version
from benchmarks.evidence import ROOT, Found, Skipped, table
from benchmarks.still.streams import Stream
from benchmarks.still.weeks import LEARNT, Shuffled, kind, shuffled
from noria.core.drift.statistic import shares
from noria.core.profile.grid import NumberBins
from noria.core.profile.profile import total
from noria.demo.flights import FEATURES
from noria.monitor.day import Day
from noria.monitor.drift import drift
from noria.rows import SignalRow

SHUFFLES = 50
FLAGGED, PAGED = 0.05, 0.1
"""Targets: the share of feature-weeks that are flagged, and pages a week."""
PEER_WEEKS = 6
"""Weeks of the first shuffle that the peers are shown, which take seconds for each."""
MONTH, SHARE_OF_BUDGET = 365 / 12, 1 / 8
STREAMS = tuple(
    Stream(features=features, rows=rows, learnt=learnt)
    for features, rows, learnt in (
        (5, 10**3, 10**3), (20, 10**3, 10**3), (200, 10**3, 10**3), (20, 10**4, 10**4), (20, 10**5, 10**5),
        (20, 10**6, 10**6), (20, 10**7, 10**7), (20, 10**6, 10**2), (20, 10**2, 10**6),
    )
)  # fmt: skip
SEEDS = 5


@dataclass(slots=True, kw_only=True)
class Tally:
    """What was said of some weeks: flagged feature-weeks of all, and the pages."""

    weeks: int = 0
    features: int = 0
    flagged: int = 0
    pages: int = 0

    def add(self, flagged: int, pages: int) -> None:
        """Count a week."""
        self.weeks += 1
        self.features += len(FEATURES)
        self.flagged += flagged
        self.pages += pages

    def row(self, name: str) -> list[object]:
        return [name, self.weeks, self.flagged / self.features, 10 * self.pages / self.weeks]


def measure(scratch: Path) -> Found:
    """Return the false alarms of noria and of its peers, and whether noria's are as few as declared."""
    noria, low, high = Tally(), Tally(), Tally()
    for seed in range(SHUFFLES):
        said: list[SignalRow] = []
        for week in shuffled(seed).days():
            before = len(said)
            said += watch(week, said)
            noria.add(len({row.subject for row in said[before:] if row.level != "ok"}), pages(said, before))
            found = stability(week)
            for tally, limit in ((low, 0.1), (high, 0.2)):
                tally.add(int((found > limit).sum()), int((found > limit).any()))
    streams = [_stream(stream) for stream in STREAMS]
    return Found(
        title="False alarms of drift",
        how="\n\n".join([_how(), table(STREAM_HEADER, streams), "The flights:"]),
        header=("method", "weeks", "share of feature-weeks flagged", "pages in ten weeks"),
        rows=[
            noria.row("noria"),
            low.row("PSI > .1"),
            high.row("PSI > .2"),
            *_peers(shuffled(0), scratch),
        ],
        target="Target: at most 5% of feature-weeks, one page in ten weeks, and the budget on each stream",
        reached=noria.flagged / noria.features <= FLAGGED
        and noria.pages / noria.weeks <= PAGED
        and all(float(str(row[-2])) <= float(str(row[-1])) for row in streams),
    )


STREAM_HEADER = (
    "features", "rows a day", "rows a day learnt from", "days", "share of days with a notice",
    "pages a month", "budget",
)  # fmt: skip


def watch(days: Iterable[Day], before: Sequence[SignalRow] = ()) -> Iterator[SignalRow]:
    """Yield what noria says of days, each of which knows what was said before."""
    said = list(before)
    for day in days:
        fresh = drift(replace(day, before=said[-2 * len(day.reference.grid.columns) :]))
        said += fresh
        yield from fresh


def pages(said: Sequence[SignalRow], begin: int = 0) -> int:
    """Return how many of the days from a row on have an alert where the day before had none."""
    alarmed = sorted({row.day for row in said if row.level == "alert"})
    days = sorted({row.day for row in said})
    after = dict(zip(days[1:], days, strict=False))
    return sum(day >= said[begin].day and after.get(day) not in alarmed for day in alarmed)


def stability(week: Sequence[Day]) -> np.ndarray:
    """Return the population stability index of each feature, in ten bins: sum (p - q) ln(p / q)."""
    reference, grid = week[0].reference, week[0].reference.grid
    now, before = total([day.profile for day in week], grid).counts, reference.whole.counts
    found = []
    for name, bins in grid.columns.items():
        p, q = now[grid.slices[name]], before[grid.slices[name]]
        if isinstance(bins, NumberBins):
            begins = np.unique(np.linspace(0, bins.size, 11)[:-1].astype(int))
            p, q = np.add.reduceat(p, begins), np.add.reduceat(q, begins)
        p, q = (np.maximum(shares(np.maximum(counts, 1e-9)), 1e-4) for counts in (p, q))
        found.append(((p - q) * np.log(p / q)).sum())
    return np.array(found)


def _stream(stream: Stream) -> list[object]:
    days = noticed = paged = 0
    for seed in range(SEEDS):
        said = list(watch(stream.draw(seed)))
        days += stream.days
        noticed += len({row.day for row in said if row.level != "ok"})
        paged += pages(said)
    budget = round(SHARE_OF_BUDGET, 3)
    return [
        stream.features, stream.rows, stream.learnt, days, noticed / days,
        round(paged * MONTH / days, 3), budget,
    ]  # fmt: skip


def _peers(first: Shuffled, scratch: Path) -> Iterator[list[object]]:
    """Yield a row for each method of Evidently and River, or one that says why it cannot be asked."""
    weeks = {f"week-{number:02}": pl.concat(week) for number, week in enumerate(first.watched[:PEER_WEEKS])}
    for name, rows in {"reference": first.reference, **weeks}.items():
        rows.select(FEATURES).write_parquet(scratch / f"{name}.parquet")
        numbers = rows.select(each for each in FEATURES if kind(each) == "number")
        np.savez(scratch / f"{name}.npz", **{each.name: each.drop_nulls().to_numpy() for each in numbers})
    for peer in ("evidently", "river"):
        try:
            python = environment(peer) / "python"
        except Skipped as reason:
            yield [f"{peer}: {reason}", 0, "-", "-"]
            continue
        script = ROOT / "benchmarks" / "peers" / f"{peer}_weeks.py"
        asked = subprocess.run(
            [python, "-W", "ignore", script, scratch], check=True, capture_output=True, text=True
        )
        for method, weeks in json.loads(asked.stdout.splitlines()[-1]).items():
            tally = Tally()
            for flagged, paged in weeks:
                tally.add(flagged, paged)
            yield tally.row(f"{peer} {pinned_version(peer, peer)}: {method}")


def _how() -> str:
    return (
        f"Flights: the 51 whole weeks of 2013 in {SHUFFLES} random orders; {LEARNT} weeks are learnt from, "
        "the others come in day by day. A feature-week is flagged if one of its days has a notice; a page is "
        "the first of the days with an alert, under the default budget of one false alarm a month, of which "
        "drift has an eighth. PSI looks at whole weeks, in ten bins, and pages if a feature is above its "
        f"limit. Evidently and River see {PEER_WEEKS} weeks of the first order: Evidently's drift preset "
        "with its defaults pages if half of the features drifted; each of River's detectors follows every "
        "number, row by row, and pages with any of them. Streams: independent rows, 60 days learnt from and "
        f"60 watched, {SEEDS} times."
    )
