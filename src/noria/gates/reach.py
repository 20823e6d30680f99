"""What a client can change of a row: some columns, each so far, within what the schema has seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from noria.core.quality import Array
from noria.errors import ProjectError
from noria.gates.subject import Subject
from noria.project.units import parse_share


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """One column that a client can change: a number by up to `far`, or a category to any of `categories`."""

    name: str
    far: float = 0.0
    low: float = -np.inf
    high: float = np.inf
    whole: bool = False
    categories: tuple[str, ...] = ()

    def moved(self, values: Any, place: Array) -> Any:
        """Return n values as a client may send them instead.

        `place` has the shape (n,): from 0, the lowest number or the first category in reach, to 1, the last.
        Where it is NaN, a value stays.
        """
        stays = np.isnan(place)
        if self.categories:
            last = len(self.categories) - 1
            chosen = np.nan_to_num(place * (last + 1)).astype(int).clip(0, last)
            other = np.array(self.categories, dtype=object)[chosen]
            return np.where(stays, np.asarray(values, dtype=object), other).tolist()
        low, high = (np.clip(values + far, self.low, self.high) for far in (-self.far, self.far))
        number = low + place * (high - low)
        if self.whole:
            number = np.clip(np.round(number), np.ceil(low), np.floor(high))
        return np.where(stays, values, number)


def reaches(subject: Subject, columns: Mapping[str, object]) -> list[Reach]:
    """Return what clients can change: by column a number, a share of its range such as "10%", or "any".

    Raises:
        ProjectError: one of the columns is no feature.
    """
    return [_reach(subject, name, far) for name, far in columns.items()]


def _reach(subject: Subject, name: str, far: object) -> Reach:
    kinds = subject.candidate.features
    if name not in kinds:
        fault = f"[[gates]] columns: {name!r} is no feature of the candidate; allowed: {', '.join(kinds)}"
        raise ProjectError((fault,), hint="noria doctor")
    column, seen = subject.schema.column(name), subject.train[name].drop_nulls()
    if kinds[name] == "category":
        known = column.categories or tuple(sorted(seen.cast(pl.String).unique()))
        return Reach(name=name, categories=known)
    numbers = seen.cast(pl.Float64).to_numpy()
    low = column.low if column.low is not None else float(numbers.min())
    high = column.high if column.high is not None else float(numbers.max())
    return Reach(name=name, far=_far(far, high - low), low=low, high=high, whole=column.kind == "integer")


def _far(far: object, span: float) -> float:
    if isinstance(far, int | float):
        return float(far)
    return span if far == "any" else parse_share(str(far)) * span
