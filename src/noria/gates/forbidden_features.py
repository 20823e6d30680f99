"""Features that must not count: neither themselves nor, where the project says so, by what answers tell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from noria.errors import ProjectError
from noria.gates.explained import explained, numbers_of
from noria.gates.finding import SHOWN, Finding, failed, passed
from noria.gates.subject import Subject

ROWS = 5000
"""Rows of the holdout that are asked."""


def forbidden_features(
    subject: Subject, *, columns: Sequence[str], tolerance: float, proxy: float | None
) -> Finding:
    """Columns that must not count have no influence on the answers."""
    rows = subject.holdout.tail(ROWS)
    if unknown := [name for name in columns if name not in rows.columns]:
        fault = f"[[gates]] columns: the dataset has no {unknown[0]!r}; allowed: {', '.join(rows.columns)}"
        raise ProjectError((fault,), hint="noria doctor")
    used = [name for name in columns if name in subject.candidate.features]
    for name in used:
        if found := _influence(subject, rows, name, tolerance):
            return found
    said = f"no influence of {', '.join(columns)}; {len(used)} of these are features"
    return _by_proxy(subject, rows, columns, proxy, said) if proxy is not None else passed(said)


def _influence(subject: Subject, rows: pl.DataFrame, name: str, tolerance: float) -> Finding | None:
    """Return what mixing the values of a column changes, or None where that is nothing."""
    other = rows[name].sample(fraction=1, shuffle=True, seed=0)
    was, now = (subject.candidate.predict(each) for each in (rows, rows.with_columns(other)))
    off = np.abs(was - now).reshape(len(was), -1).max(axis=1)
    moved = np.flatnonzero(off > tolerance)
    if not len(moved):
        return None
    table = rows.select(subject.features).with_columns(other.alias(f"{name}_other"))
    table = table.with_columns(answer=pl.Series(was.tolist()), answer_other=pl.Series(now.tolist()))
    share = len(moved) / len(off)
    return failed(
        f"{name} moves {share:.1%} of the answers, by up to {off.max():.3g}",
        rows=table[moved[np.argsort(-off[moved])][:SHOWN]].to_dicts(),
        moved=share,
        most=float(off.max()),
    )


def _by_proxy(
    subject: Subject, rows: pl.DataFrame, columns: Sequence[str], proxy: float, said: str
) -> Finding:
    """Judge how much of each column the answers tell, beside what the other features tell."""
    answers = subject.candidate.predict(rows).reshape(rows.height, -1)
    left = rows.select(name for name in subject.candidate.features if name not in columns)
    others = np.column_stack([answers, *map(numbers_of, left)])
    told = {name: (explained(answers, rows[name]), explained(others, rows[name])) for name in columns}
    worst = max(told, key=lambda name: told[name][0])
    own, all_of_it = told[worst]
    reason = f"the answers tell {own:.1%} of {worst}, with the other features {all_of_it:.1%}"
    if own > proxy:
        return failed(f"{reason}; {proxy:.1%} may be told", told=own, with_features=all_of_it)
    return passed(f"{said}; {reason}", told=own, with_features=all_of_it)
