"""Concept change on the flights: how soon flipped labels are found, and how often an alarm is false.

The days of 2013 come in random order, so nothing changes from one to the next but what is planted: from some
day on, the labels of a few destinations are flipped.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import inf, isinf
from pathlib import Path
from statistics import median

import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks.environments import environment, pinned_version
from benchmarks.evidence import ROOT, Found
from benchmarks.scored import days, scored
from noria.core.alarms import Alarms
from noria.core.calibration import sums
from noria.core.concept.cusum import cusum, threshold
from noria.core.concept.residual import residuals
from noria.core.policy import Rate
from noria.core.profile.grid import number_bins
from noria.core.quality.log_loss import per_row
from noria.monitor.concept import run_length
from noria.project.model import Alerts

SHARES = (0.0, 0.1, 0.2, 0.3)
REPEATS = 20
LEARNT, DAYS, BEFORE = 120, 120, 60
"""Days that the model learns from, days of a stream, and how many of these pass before the change."""
LATE = 1
"""Days that a label takes."""
MONTH = 30
RUN_LENGTH = run_length(Alerts())
"""Days in which noria's monitor may raise one false alarm, by the default budget."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """Scored flights in a random order of days: day, score and label of each, of shape (n,)."""

    share: float
    day: NDArray[np.int64]
    score: NDArray[np.float64]
    label: NDArray[np.float64]


def measure(scratch: Path) -> Found:
    """Plant changes of each size in streams of their own, and let all detectors look."""
    mixed = np.random.default_rng(0).permutation(np.array(days()))
    others = scored(list(mixed[:LEARNT]))
    streams = {
        f"{share:.0%}-{repeat}": _stream(others, share, 100 * repeat + 1)
        for share in SHARES
        for repeat in range(REPEATS)
    }
    for name, stream in streams.items():
        loss, wrong = per_row(stream.label, stream.score), (stream.score > 0.5) != stream.label
        np.savez(scratch / f"{name}.npz", day=stream.day, wrong=wrong, loss=loss)
    raised = _peers(scratch)
    for name, stream in streams.items():
        raised[name]["noria"] = list(_noria(stream))
    detectors = sorted(raised[next(iter(streams))], key=lambda name: name != "noria")
    rows = [_row(name, streams, raised) for name in detectors]
    return Found(
        title="Concept change, beside River",
        how=(
            f"A LightGBM model that learnt from {LEARNT} days of the flights of 2013 scores other days, in "
            f"random order: {REPEATS} streams of {DAYS} days for each share, about 900 flights a day. From "
            f"day {BEFORE + 1} on the labels of destinations with 10%, 20% or 30% of flights are flipped; "
            "in a fourth set none. Labels come a day late. The delay is from the beginning of the change to "
            "the alarm, in days: the median, and in brackets how many changes were not found within the "
            f"{DAYS - BEFORE} days. False alarms are all that came where nothing had changed: where there is "
            "one every few days, a short delay means nothing. noria's monitor may raise one in "
            f"{RUN_LENGTH:.0f} days. River {pinned_version('river', 'river')} with its defaults, over "
            "whether each row was wrong, and ADWIN also over the mean loss of each day."
        ),
        header=(
            "detector",
            f"false alarms in {MONTH} days",
            *(f"delay at {share:.0%}" for share in SHARES[1:]),
        ),
        rows=rows,
        target="No more false alarms than the budget and chance allow, and every change of 20% or more found",
        reached=_reached(streams, raised),
    )


def _stream(others: pl.DataFrame, share: float, seed: int) -> Stream:
    """Return days in a random order, with the labels of a share of the flights flipped after the change."""
    chance = np.random.default_rng(seed)
    parts = list(others.partition_by("_day", maintain_order=True))
    chosen = pl.concat(
        parts[place].with_columns(_place=pl.lit(number))
        for number, place in enumerate(chance.permutation(len(parts))[:DAYS])
    )
    counts = chosen.group_by("dest").len().sort("dest").sample(fraction=1, shuffle=True, seed=seed)
    region = counts.filter(pl.col("len").cum_sum() <= share * chosen.height)["dest"].to_list()
    flipped = (chosen["dest"].is_in(region) & (chosen["_place"] >= BEFORE)).to_numpy()
    label = chosen["late"].to_numpy().astype(float)
    return Stream(
        share=share,
        day=chosen["_place"].cast(pl.Int64).to_numpy(),
        score=chosen["score"].to_numpy(),
        label=np.where(flipped, 1 - label, label),
    )


def _noria(stream: Stream) -> Iterator[int]:
    """Yield the days on which the statistic first exceeded its limit; a day is judged once it is over."""
    bins = number_bins(stream.score[stream.day == 0])
    places = [stream.day == day for day in range(DAYS)]
    tables = [_sums(bins.place(stream.score[day]), bins.size, stream, day) for day in places]
    values = [value for value in residuals(tables) if value is not None]
    limit, above = threshold(RUN_LENGTH), False
    for day, statistic in enumerate(cusum(values), start=DAYS - len(values)):
        if statistic > limit and not above:
            yield day + 1
        above = statistic > limit


def _sums(place: NDArray[np.int64], bins: int, stream: Stream, day: NDArray[np.bool_]) -> NDArray[np.float64]:
    score, label = stream.score[day], stream.label[day]
    return sums(place, bins, np.full(len(score), True), score, label, per_row(label, score))


def _peers(folder: Path) -> dict[str, dict[str, list[int]]]:
    script = ROOT / "benchmarks" / "peers" / "detectors.py"
    said = subprocess.run(
        [environment("river") / "python", script, folder], stdout=subprocess.PIPE, check=True, text=True
    )
    return dict(json.loads(said.stdout))


Raised = Mapping[str, Mapping[str, Sequence[int]]]
"""The days of the alarms, by stream and detector."""


def _row(detector: str, streams: Mapping[str, Stream], raised: Raised) -> list[object]:
    false, quiet = _false(detector, streams, raised)
    told = [f"{false / quiet * MONTH:.2f}"]
    for share in SHARES[1:]:
        delays = _delays(detector, share, streams, raised)
        misses = sum(map(isinf, delays))
        typical = median(delays)
        told.append(f"{'never' if isinf(typical) else f'{typical:.0f}'} ({misses} missed)")
    return [detector, *told]


def _false(detector: str, streams: Mapping[str, Stream], raised: Raised) -> tuple[int, int]:
    """Return the alarms on days before which nothing had changed, and the number of these days."""
    quiet = {name: BEFORE if stream.share else DAYS for name, stream in streams.items()}
    false = sum(day < end for name, end in quiet.items() for day in raised[name][detector])
    return false, sum(quiet.values())


def _delays(detector: str, share: float, streams: Mapping[str, Stream], raised: Raised) -> list[float]:
    """Return the days from the beginning of each change to its alarm; infinite where it was missed."""
    return [
        min((day - BEFORE + LATE for day in raised[name][detector] if day >= BEFORE), default=inf)
        for name, stream in streams.items()
        if stream.share == share
    ]


def _reached(streams: Mapping[str, Stream], raised: Raised) -> bool:
    found = (max(_delays("noria", share, streams, raised)) < inf for share in SHARES if share >= 0.2)
    false, quiet = _false("noria", streams, raised)
    declared = Rate(count=1, period=timedelta(days=RUN_LENGTH))
    return not Alarms(false=false, days=quiet, declared=declared).over and all(found)
