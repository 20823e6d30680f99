"""What do all gates that examine a candidate cost beside its training?

Both as in a run: jobs forked from a warm worker, with the pipeline and the gates of the flights project, and
two gates more that need a word of the project.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from shutil import rmtree
from statistics import median
from typing import Any

import msgspec
import polars as pl

from benchmarks.broken.flights import labelled
from benchmarks.evidence import Found
from benchmarks.project import NORIA
from noria.adapters.compute import Workshop
from noria.adapters.jobs import PIPELINES
from noria.core.gates import CHECKS
from noria.project.parse import load
from noria.rows import Examined, Rival

SPANS = {"a quarter": timedelta(days=90), "a year": timedelta(days=364)}
HELD = timedelta(days=7)
TURNS = 2
MOST = 2.0
"""So many times the training's own time all gates may take."""
ATTACK = 60.0
ASKED = """
[[gates]]
check = "attack"
columns = { distance = 1, minute = 2 }
[[gates]]
check = "backdoor"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A candidate's way, in seconds: trained, trained again with the holdout, and examined by each gate."""

    once: float
    refit: float
    gates: dict[str, float]

    @property
    def examined(self) -> float:
        return sum(self.gates.values())

    @property
    def ratio(self) -> float:
        return self.examined / (self.once + self.refit)


def measure(scratch: Path) -> Found:
    words = ["init", "flights", "--template", "flights", "--months", "12"]
    subprocess.run([*NORIA, *words], cwd=scratch, check=True, capture_output=True)
    root = scratch / "flights"
    with (root / "noria.toml").open("a") as policy:
        policy.write(ASKED)
    turns = {name: list(_turns(root, name, span)) for name, span in SPANS.items()}
    ratio = max(median(turn.ratio for turn in each) for each in turns.values())
    attack = max(turn.gates["attack"] for each in turns.values() for turn in each)
    return Found(
        title="What gates cost",
        how=f"The flights of a quarter and of a year, the newest week held out: trained by the template's "
        "pipeline, trained again with that week, and examined by the gates of the template that need the "
        f"candidate in hand, by attack and by backdoor. Medians of {TURNS} turns, in seconds.",
        header=[
            "rows",
            "training",
            "refit",
            "gates",
            "gates / both",
            "gates / training",
            "the slowest gates",
        ],
        rows=[[name, *_row(each)] for name, each in turns.items()],
        target=f"all gates take at most {MOST:g} times the training's own time, with its refit, and the "
        f"attack {ATTACK:g} s (found: {ratio:.2f} times, {attack:.1f} s)",
        reached=ratio <= MOST and attack <= ATTACK,
    )


def _row(turns: list[Turn]) -> list[str]:
    gates = {name: median(turn.gates[name] for turn in turns) for name in turns[0].gates}
    slowest = sorted(gates, key=lambda name: -gates[name])[:5]
    told = [(t.once, t.refit, t.examined, t.ratio, t.examined / t.once) for t in turns]
    medians = [f"{median(values):.2f}" for values in zip(*told, strict=True)]
    return [*medians, ", ".join(f"{name} {gates[name]:.2f}" for name in slowest)]


def _turns(root: Path, name: str, span: timedelta) -> Iterator[Turn]:
    """Yield what a candidate takes of so many days, one time after the other."""
    run = root / ".noria" / "runs" / name.replace(" ", "-")
    files = _cut(root, run, span)
    jobs = Workshop()
    _job(jobs, "checkout", root, run, commit=None)
    champion = _trained(jobs, root, run, files["older"], "champion")
    for _ in range(TURNS):
        begun = time.monotonic()
        judged = _trained(jobs, root, run, files["train"], "judged")
        trained = time.monotonic()
        shipped = _trained(jobs, root, run, files["full"], "shipped")
        refitted = time.monotonic()
        rival = Rival(
            name="version 1",
            shipped=champion,
            twin=champion,
            refit=False,
            data_version=1,
            holdout_from="",
            learnt=pl.read_parquet(files["older"])["_time"].max(),  # type: ignore[arg-type]
        )
        rows = {part: str(files[part]) for part in ("train", "full", "holdout")}
        examined = Examined(shipped=shipped, judged=judged, champion=rival, **rows)
        gates = _examined(jobs, root, run, examined)
        yield Turn(once=trained - begun, refit=refitted - trained, gates=gates)
    jobs.close()


def _cut(root: Path, run: Path, span: timedelta) -> dict[str, Path]:
    """Write the rows: those to train on, those of the champion, and those of the newest week."""
    rows = labelled(root).drop("pilot_age")
    end = rows["_time"].max() + timedelta(seconds=1)  # type: ignore[operator]
    since = pl.col("_time") >= end - span
    held, week = pl.col("_time") >= end - HELD, pl.col("_time") >= end - 2 * HELD
    full = rows.filter(since).with_columns(_version=pl.when(week).then(2).otherwise(1).cast(pl.Int64))
    parts = {
        "full": full,
        "train": full.filter(~held),
        "older": full.filter(~week),
        "holdout": full.filter(held),
    }
    (run / "rows").mkdir(parents=True)
    for name, part in parts.items():
        part.write_parquet(run / "rows" / f"{name}.parquet")
    return {name: run / "rows" / f"{name}.parquet" for name in parts}


def _trained(jobs: Workshop, root: Path, run: Path, rows: Path, name: str) -> str:
    rmtree(root / ".noria" / "cache", ignore_errors=True)
    rmtree(run / name, ignore_errors=True)
    return str(_job(jobs, "train", root, run, rows=str(rows), name=name, champion=None)["artifact"])


def _examined(jobs: Workshop, root: Path, run: Path, examined: Examined) -> dict[str, float]:
    """Return the seconds of each gate: from the end of the one before it to its finding."""
    rmtree(run / "gates", ignore_errors=True)
    gates = [gate for gate in load(root).gates if gate.check not in CHECKS]
    begun = time.time()
    verdicts = _job(jobs, "examine", root, run, gates=gates, examined=examined)
    print(json.dumps({each["gate"]: each["reason"] for each in verdicts if each["outcome"] != "passed"}))
    files = sorted((run / "gates").glob("*/finding.json"), key=lambda file: file.stat().st_mtime)
    ends = [begun, *(file.stat().st_mtime for file in files)]
    names = [file.parent.name.partition("-")[2] for file in files]
    return {name: end - start for name, start, end in zip(names, ends, ends[1:], strict=False)}


def _job(jobs: Workshop, job: str, root: Path, run: Path, **keys: Any) -> Any:
    payload = msgspec.to_builtins({"root": str(root), "run_dir": str(run), **keys})
    return jobs.call(
        f"noria.jobs:{job}",
        payload,
        log=run / "log.txt",
        timeout=600,
        preload=[*PIPELINES, "lightgbm"],
        cwd=root,
    )
