"""A month of flights that the real system lived through, on the virtual clock.

It is a thin month: no flight leaves in the night (UTC), when the system comes to rest once a day, so that it
does not matter at which hour of the night it decides. To let every kind of decision happen, the world
changes: a strike makes every flight from ten o'clock on late, and after it each one lands in time.
"""

from __future__ import annotations

import asyncio
import re
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
from running import wait_until

from noria.demo.client import Airport, Client
from noria.demo.flights import FEATURES, flights, local_month
from noria.demo.wheel import Wheel
from noria.project.parse import load

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LAST_HOUR = 23
"""Of a day: the last flight has left then, and most have landed. The others land in the night."""
BEGIN, STRIKE, CALM, END = (
    datetime(2013, month, day, 9, tzinfo=UTC) for month, day in ((2, 1), (2, 13), (2, 19), (3, 5))
)
COLUMNS = [
    *((name, "BYTES") for name in ("flight_id", "scheduled_departure", "carrier", "origin", "dest")),
    *((name, "FP64") for name in FEATURES if name not in ("carrier", "origin", "dest")),
]
USED = ["hour", "distance", "scheduled_minutes"]
POLICY = """
[train]
evaluation = "prequential"
window = "auto"
holdout = "4d"
[train.params]
n_estimators = 20
num_leaves = 15
min_child_samples = 40
n_jobs = 1
verbosity = -1
[triggers]
cadence = { floor = "8d", ceiling = "12d" }
quality = { metric = "log_loss", worse_by = "5%" }
[brakes]
cooldown = "2d"
[[gates]]
check = "enough-rows"
rows = 100
[[gates]]
check = "finite"
[[gates]]
check = "beats-baseline"
[[gates]]
check = "better-than-champion"
margin = 0.01
newer = true
[[gates]]
check = "agreement"
correlation = 0.6
[rollout]
steps = []
guard = "6d"
"""
PIPELINE = f"""
from lightgbm import LGBMClassifier

USED = {USED}

def model(train, params, seed):
    rows = train.select(*USED, "late").to_pandas()
    return LGBMClassifier(random_state=seed, **params).fit(rows[USED].astype(float), rows["late"])
"""


def world() -> pl.DataFrame:
    """Return the flights of January and of the month: a sixth of them, and the strike."""
    leaves = pl.col("scheduled_departure")
    by_day = leaves.dt.hour().is_between(10, 21) & (leaves.dt.minute() % 10 == 5)
    table = flights().filter(by_day, leaves < END)
    strikes = leaves.is_between(STRIKE, CALM) & (pl.col("hour") >= 10)
    known = pl.col("late").is_not_null()
    changed = pl.when(known & strikes).then(1).when(known & (leaves >= CALM)).then(0).otherwise("late")
    return table.with_columns(late=changed.cast(pl.Int64))


def make(root: Path, table: pl.DataFrame) -> Wheel:
    """Make a project with the flights of January as its data; its clock stands at the month's beginning."""
    init = [sys.executable, "-m", "noria", "init", root.name, "--template", "flights"]
    subprocess.run(init, cwd=root.parent, check=True, capture_output=True)
    landed = table.filter(local_month() == 1, pl.col("late").is_not_null())
    landed.write_parquet(root / "data" / "flights-2013-01.parquet")
    head = (root / "noria.toml").read_text().partition("[train]")[0]
    head = re.sub(r"features = \[[^]]*\]", f"features = {USED}", head)
    (root / "noria.toml").write_text(f"{head}{POLICY}[serve]\nport = {_free_port()}\n")
    (root / "pipeline.py").write_text(PIPELINE)
    who = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    subprocess.run(["git", *who, "commit", "-qam", "Fly a thin month"], cwd=root, check=True)
    return Wheel(load(root), BEGIN)


def live(wheel: Wheel, table: pl.DataFrame) -> None:
    """Let `noria up` live through the month: every flight is asked for, every outcome told."""
    wheel.start()
    try:
        asyncio.run(_live(wheel, table.filter(pl.col("scheduled_departure") > BEGIN)))
    finally:
        wheel.stop()


async def _live(wheel: Wheel, table: pl.DataFrame) -> None:
    rows = table.with_columns(
        pl.col("scheduled_departure").dt.to_string("iso:strict"), departs="scheduled_departure"
    ).to_dicts()
    async with Client(wheel.project.serve.host, wheel.project.serve.port) as client:
        airport = Airport(client, wheel.project.name, COLUMNS)
        open_ = [row for row in rows if row["landed_at"]]
        while (morning := wheel.clock.now()) < END:
            for hour in range(1, LAST_HOUR - morning.hour + 1):
                wheel.clock.set(now := morning + hour * HOUR)
                await _ask(airport, [row for row in rows if now - HOUR < row["departs"] <= now])
                await _tell(airport, [row for row in open_ if row["landed_at"] <= now])
                open_ = [row for row in open_ if row["landed_at"] > now]
            wait_until(lambda: _all_copied(wheel), "the shadow got a copy of each request")
            wheel.settle(morning + DAY)
    assert airport.tallies[0].failed == 0


async def _ask(airport: Airport, departing: list[dict[str, Any]]) -> None:
    for flight in departing:
        await airport.ask(flight, 0)
    await airport.answers()


async def _tell(airport: Airport, landed: list[dict[str, Any]]) -> None:
    await airport.tell([row["flight_id"] for row in landed], [row["late"] for row in landed], 0)


def _all_copied(wheel: Wheel) -> bool:
    """Return whether the collector has counted as many answers of the shadow, if any, as of the champion."""
    plan = wheel.model().plan
    assert plan is not None
    arms = wheel.state.window(wheel.project.name, plan.number)
    counts = [arms[version].requests if version in arms else 0 for version in plan.versions]
    return min(counts) == max(counts)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
