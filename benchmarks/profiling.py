"""What monitoring costs: beside Evidently, behind many predictions and few, and in the collector."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from statistics import median

import numpy as np
import polars as pl

from benchmarks.environments import environment, pinned_version
from benchmarks.evidence import ROOT, Found
from noria import segment
from noria.adapters.state import SqlState
from noria.artifact.lineage import REFERENCE, place
from noria.collector.collect import Collector
from noria.core.profile.grid import Grid, number_bins
from noria.core.profile.profile import Profile, decode, encode, total
from noria.core.profile.reference import Reference
from noria.monitor import reference
from noria.monitor.daily import MONITORS
from noria.monitor.day import Day
from noria.monitor.profiling import LATENCY, OUTPUT, TRAFFIC, profile
from noria.project.model import Data, Project, Task
from noria.project.table import Column, TableSchema
from noria.rows import VersionRow
from noria.testing import FixedClock

ROWS, FEATURES = 1_000_000, tuple(f"x{number}" for number in range(20))
TIMES = 20
"""How many times faster than Evidently a million rows are to be profiled."""
WIDE = 200
BLOCKS = 150
FEW, MANY = 10**4, 10**8
MOST, APART = 0.05, 0.2
"""Seconds that a check of 200 features may take, and how much longer behind many predictions."""
GATEWAY, AHEAD = 12_000, 3
"""Rows a second that the gateway answers at most, and how many times more the collector is to take."""
TURN = 0.2
SECONDS = 10
ROUNDS = 2
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def measure(scratch: Path) -> Found:
    """Measure each in turns with what it is compared with; medians."""
    ours, theirs = _beside_evidently(scratch)
    few, many = _checks()
    rows = _collected(scratch)
    return Found(
        title="What monitoring costs",
        how=(
            f"A profile of {ROWS:,} rows of {len(FEATURES)} numbers, and the check of all monitors, beside "
            f"Evidently {pinned_version('evidently', 'evidently')}'s data-drift preset, {ROWS // 10:,} rows "
            f"its reference; a check of {WIDE} features against {BLOCKS} days, profiles read from their "
            f"stored form; the collector takes records of 1 to 32 rows over, a turn each {TURN:g} s, with "
            f"tables and profiles written. {ROUNDS} rounds in turns, medians."
        ),
        header=("what", "seconds of processor", "target"),
        rows=[
            ("Evidently's preset", theirs, ""),
            ("noria's profile and check", ours, f"a {TIMES}th: it is 1 / {theirs / ours:.0f}"),
            (f"a check behind {FEW:,} predictions", few, f"{MOST:g}"),
            (f"a check behind {MANY:,} predictions", many, f"{1 + APART:g} of that: {many / few:.2f}"),
            (
                f"the collector, a second of {GATEWAY:,} rows",
                GATEWAY / rows,
                f"1 / {AHEAD}: {rows:,.0f} rows a second",
            ),
        ],
        target="Target: each as in its row",
        reached=all(
            (ours * TIMES <= theirs, few <= MOST, many <= few * (1 + APART), rows >= GATEWAY * AHEAD)
        ),
    )


def _beside_evidently(scratch: Path) -> tuple[float, float]:
    """Return the seconds that noria and Evidently take for the same rows."""
    dice = np.random.default_rng(1)
    files = [scratch / "before.parquet", scratch / "now.parquet"]
    for file, count in zip(files, (ROWS // 10, ROWS), strict=True):
        pl.DataFrame({name: dice.normal(size=count) for name in FEATURES}).write_parquet(file)
    before = pl.read_parquet(files[0]).with_columns(_time=pl.int_range(pl.len()))
    learnt = reference.counted(before, reference.grid_of(before, dict.fromkeys(FEATURES, "number")))
    now = pl.read_parquet(files[1])
    peer = [environment("evidently") / "python", ROOT / "benchmarks" / "peers" / "drift_preset.py", *files]
    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours.append(_seconds(lambda: _ask(profile(now, learnt.grid), learnt)))
        told = subprocess.run(peer, capture_output=True, text=True, check=True).stdout
        theirs.append(float(told.split()[-1]))
    return median(ours), median(theirs)


def _checks() -> tuple[float, float]:
    """Return the seconds of a check behind few and behind many predictions."""
    dice = np.random.default_rng(2)
    grid = Grid(columns={f"x{at}": number_bins(dice.normal(size=10_000)) for at in range(WIDE)})
    days = {str(BEGIN.date() + timedelta(days=at)): _drawn(grid, 10_000, dice) for at in range(BLOCKS)}
    learnt = Reference(grid=grid, blocks=days)
    stored = {rows: [encode(_drawn(grid, rows // 24, dice)) for _ in range(24)] for rows in (FEW, MANY)}

    def check(rows: int) -> None:
        _ask(total(map(decode, stored[rows]), grid), learnt)

    check(FEW)  # what is usual is learnt once
    seconds = [(_seconds(lambda: check(FEW)), _seconds(lambda: check(MANY))) for _ in range(4 * ROUNDS)]
    few, many = (median(each) for each in zip(*seconds, strict=True))
    return few, many


def _drawn(grid: Grid, rows: int, dice: np.random.Generator) -> Profile:
    """Return a profile of so many rows, spread evenly over the bins of each column."""
    sizes = [bins.size for bins in grid.columns.values()]
    counts = np.concatenate([dice.multinomial(rows, [1 / size] * size) for size in sizes])
    columns = len(sizes)
    mean, variance = dice.normal(0, 1 / rows**0.5, columns), dice.chisquare(rows, columns) / rows
    return Profile(
        grid=grid.digest,
        tallies=np.column_stack([np.full(columns, rows), np.zeros((columns, 3))]).astype(np.int64),
        moments=np.column_stack([mean * rows, (variance + mean**2) * rows]),
        counts=counts,
    )


def _ask(seen: Profile, learnt: Reference) -> None:
    day = Day(
        project=PROJECT, version=1, day=date(2026, 7, 1), reference=learnt, hours={}, profile=seen, before=[]
    )
    for monitor in MONITORS:
        monitor(day)


def _collected(scratch: Path) -> float:
    """Return the rows a second of processor that a collector takes over."""
    dice = np.random.default_rng(3)
    learnt = pl.DataFrame({name: dice.random(10_000) for name in FEATURES})
    grid = reference.grid_of(learnt, dict.fromkeys(FEATURES, "number"))
    whole = Grid(columns={**grid.columns, OUTPUT: number_bins(dice.random(10_000)), **TRAFFIC.columns})
    learnt = learnt.with_columns(_time=pl.int_range(10_000), **{OUTPUT: pl.lit(0.5), LATENCY: pl.lit(0.01)})
    project = Project(
        root=scratch, name="m", task=Task.BINARY, gates=(),
        data=Data(source=(), label="late", features=FEATURES, label_delay=timedelta(days=1)),
    )  # fmt: skip
    artifact = scratch / "version" / "artifact"
    folder = place(artifact, REFERENCE).parent
    folder.mkdir(parents=True)
    reference.save(reference.counted(learnt, whole), folder)
    log = project.home / "log"
    log.mkdir(parents=True)
    state = SqlState(f"sqlite:///{project.home}/state.db")
    state.save_version(
        VersionRow(model="m", version=1, run="r", artifact=str(artifact), digest="", registered=BEGIN)
    )
    numbers = [Column(name=name, kind="number", nullable=True) for name in FEATURES]
    schema = TableSchema(columns=(*numbers, Column(name="late", kind="integer")))
    collector = Collector(project, schema, state, FixedClock(BEGIN + timedelta(minutes=5)))
    spent = 0.0
    for turn in range(round(SECONDS / TURN)):
        with (log / "0-1000-0.seg").open("ab") as file:
            file.writelines(_records(turn, Random(turn)))
        begin = time.process_time()
        collector.turn(last=turn % 25 == 24)  # as every five seconds
        spent += time.process_time() - begin
    return SECONDS * GATEWAY / spent


def _records(turn: int, dice: Random) -> Iterator[bytes]:
    """Yield what a gateway under load writes in one turn: micro-batches of 1 to 32 rows."""
    left, number = round(GATEWAY * TURN), 0
    while left:
        rows = min(dice.randint(1, 32), left)
        values = np.random.default_rng(dice.getrandbits(32)).random((len(FEATURES), rows))
        ids = [f"0193b2c4-{turn:04x}-{number:04x}-{row:04x}-0123456789ab" for row in range(rows)]
        yield segment.encode(
            {
                "k": "p", "at": BEGIN.timestamp() + turn * TURN, "model": "m", "plan": 1, "version": 1,
                "role": "champion", "ids": ids, "entities": ids, "outputs": values[0].tobytes(),
                "latencies": np.full(rows, 0.01).tobytes(), "error": None,
                "columns": {"rows": rows, "numbers": FEATURES, "values": values.tobytes(), "others": {}},
            }
        )  # fmt: skip
        left, number = left - rows, number + 1


def _seconds(work: Callable[[], object]) -> float:
    begin = time.process_time()
    work()
    return time.process_time() - begin


PROJECT = Project(
    root=Path(), name="m", task=Task.BINARY, gates=(), data=Data(source=(), label="late", features=FEATURES)
)
