"""Whether the candidate can serve: what clients asked lately is asked again, in a clean process."""

from __future__ import annotations

from math import inf
from typing import Any

import numpy as np
import polars as pl

from noria.artifact.model import columns_of
from noria.artifact.probe import Probed, probe
from noria.delta import Table
from noria.errors import ArtifactError
from noria.gates.finding import Finding, failed, passed
from noria.gates.subject import Subject
from noria.outcomes import stored
from noria.pipeline.evaluate import plain

NEWEST = 1000
"""Requests that are asked again."""
FEW = 100
"""Requests below which the rows of the holdout are asked instead."""
DAYS = 7
"""Days with requests that are read."""
TRIES = 3
"""Other work on the machine only slows, so that the fastest of these counts."""
BUDGET = 10.0
"""Seconds after which no further request is asked."""
PATIENCE = 50.0
"""Seconds after which the process is given up: it hangs, or loads for too long."""


def serving(subject: Subject, *, p99: float, load: float, memory: int | None) -> Finding:
    """The candidate loads in a clean process and answers the newest recorded requests within its budgets."""
    requests = _recorded(subject)
    what = "recorded requests"
    if requests.height < FEW:
        requests, what = subject.holdout.tail(NEWEST), "rows of the holdout"
    elif reason := _unfit(subject, requests):
        return failed(reason, rows=requests.tail(5).to_dicts())
    try:
        found = _asked(subject, requests, p99)
    except (ArtifactError, pl.exceptions.PolarsError) as error:
        return failed(f"{what}: {error}", rows=requests.tail(5).to_dicts())
    return _within(found, what, p99, load, memory or subject.project.serve.memory)


def _recorded(subject: Subject) -> pl.DataFrame:
    """Return the newest requests that a champion has answered, the newest last."""
    table = Table(subject.project.home / "lake" / "predictions", by_day=True)
    rows = table.scan(sorted(table.days())[-DAYS:])
    if not rows.collect_schema():
        return pl.DataFrame()
    own = (pl.col("role") == "champion") & (pl.col("model") == subject.project.name)
    names = [stored(name) for name in subject.features if stored(name) in table.schema]
    newest = rows.filter(own).sort("at").tail(NEWEST).select("id", *names).collect()
    return newest.rename({stored(name): name for name in subject.features if stored(name) in names})


def _unfit(subject: Subject, requests: pl.DataFrame) -> str:
    """Say which feature the candidate has learnt from and clients do not send; "" where there is none.

    A feature that as many training rows in a row lacked, such as gusts on a calm day, may be missing.
    """
    for name in subject.candidate.features:
        sent = requests[name].count() if name in requests.columns else 0
        if not sent and _always_there(subject.train[name], requests.height):
            return f"none of the {requests.height} newest requests has {name!r}, which it learnt from"
    return ""


def _always_there(values: pl.Series, rows: int) -> bool:
    """Say whether each stretch of so many rows has a value."""
    stretches = values.is_not_null().to_frame("there").group_by(pl.int_range(pl.len()) // rows)
    return bool(stretches.agg(pl.col("there").any())["there"].all())


def _asked(subject: Subject, requests: pl.DataFrame, p99: float) -> Probed:
    """Return what a clean process says; if it is too slow, of all tries the fastest."""
    columns = plain(columns_of(requests, subject.candidate.predictor))
    tries: list[Probed] = []
    while not tries or (_p99(tries[-1]) > p99 and len(tries) < TRIES):
        tries.append(probe(subject.shipped, columns, budget=BUDGET, timeout=PATIENCE))
    return min(tries, key=_p99)


def _within(found: Probed, what: str, p99: float, load: float, memory: int) -> Finding:
    numbers: dict[str, Any] = {
        "asked": len(found.seconds),
        "p99": _p99(found),
        "load": found.load,
        "memory": found.memory,
    }
    nothing = sum(not np.isfinite(output).all() for output in found.outputs)
    faults = {
        f"{nothing} of {numbers['asked']} answers are NaN or infinite": nothing > 0,
        f"none was answered within {BUDGET:g} s": not found.seconds,
        f"p99 is {numbers['p99'] * 1e3:.3g} ms, and {p99 * 1e3:g} ms are allowed": p99 < numbers["p99"] < inf,
        f"it loads in {found.load:.3g} s, and {load:g} s are allowed": found.load > load,
        f"its process takes {found.memory / 1e6:.0f} MB, and {memory / 1e6:.0f} MB are allowed": found.memory
        > memory,
    }
    wrong = [fault for fault, true in faults.items() if true]
    if wrong:
        return failed(f"{what}: {'; '.join(wrong)}", **numbers)
    said = f"p99 {numbers['p99'] * 1e3:.3g} ms, loaded in {found.load:.2g} s, {found.memory / 1e6:.0f} MB"
    return passed(f"{numbers['asked']} {what} answered: {said}", **numbers)


def _p99(found: Probed) -> float:
    return float(np.quantile(found.seconds, 0.99)) if found.seconds else inf
