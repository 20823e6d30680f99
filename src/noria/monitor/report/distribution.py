"""How often a column's values came in the reference and now, in as many bars as an eye takes in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from noria.core.profile.grid import CategoryBins, NumberBins, Numbers, Whole
from noria.core.profile.profile import Profile
from noria.core.profile.reference import Reference

MOST = 12
"""Bars at most: neighbouring bins of numbers are added up, rare categories are counted together."""
REST = "all others"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A range of numbers or a category, with its share (0 to 1) of the values before and now."""

    name: str
    before: float
    now: float


def distribution(reference: Reference, profile: Profile, column: str) -> list[Bar]:
    """Return the bars of a column, numbers in their order, categories from the most frequent on."""
    bins, place = reference.grid.columns[column], reference.grid.slices[column]
    before, now = (_shares(counts[place]) for counts in (reference.whole.counts, profile.counts))
    return _categories(bins, before, now) if isinstance(bins, CategoryBins) else _ranges(bins, before, now)


def _shares(counts: Whole) -> Numbers:
    return counts / np.float64(max(counts.sum(), 1))


def _ranges(bins: NumberBins, before: Numbers, now: Numbers) -> list[Bar]:
    """Return a bar for each group of neighbouring bins; a range ends with its upper edge."""
    groups = np.array_split(np.arange(bins.size), min(bins.size, MOST))
    ends = _told([bins.edges[group[-1]] for group in groups[:-1]])
    names = [*(f"≤ {end}" for end in ends), f"> {ends[-1]}" if ends else REST]
    return [
        Bar(name=name, before=float(before[group].sum()), now=float(now[group].sum()))
        for name, group in zip(names, groups, strict=True)
    ]


def _told(numbers: list[float]) -> list[str]:
    """Return different numbers as different texts, with four digits or as many as that takes."""
    for digits in range(4, 17):
        texts = [f"{number:.{digits}g}" for number in numbers]
        if len(set(texts)) == len(texts):
            return texts
    return list(map(repr, numbers))


def _categories(bins: CategoryBins, before: Numbers, now: Numbers) -> list[Bar]:
    names = [*bins.categories, REST]
    order = np.argsort(-np.maximum(before, now)[:-1], kind="stable")
    shown = list(order[: MOST - 1])
    bars = [Bar(name=names[i], before=float(before[i]), now=float(now[i])) for i in shown]
    rest = [i for i in range(len(names)) if i not in set(shown)]
    return [*bars, Bar(name=REST, before=float(before[rest].sum()), now=float(now[rest].sum()))]
