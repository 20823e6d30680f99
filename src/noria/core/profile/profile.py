"""The profile of a stretch of traffic: for each column of a grid, how many values fell into which bin."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import reduce
from operator import add
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from noria.core.format import check_format
from noria.core.profile.grid import Grid, Numbers, Whole
from noria.core.profile.sketches import NONE, Part, Sketches
from noria.errors import ProfileError

FORMAT = 1
TALLIES = ("rows", "missing", "invalid", "outside")
"""Of each column: rows seen; without a value; with one of another type; with one that is new to it."""
MOMENTS = ("sum", "squares")
"""Of each column of numbers: the sum of its values and that of their squares."""
EACH = ""
"""The column of whole rows, where these are counted."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Profile:
    """What was counted on a grid, which is named by its digest; `+` adds two stretches up, in any order.

    `tallies` is of the shape (columns, 4), see `TALLIES`; `moments` of (columns, 2), see `MOMENTS`; `counts`
    of (grid.size,). `sketches` are for people: of numbers their quantiles; of categories without a bin of
    their own the most frequent, and how many there were; and under `EACH` how many different rows.
    """

    grid: str
    tallies: Whole
    moments: Numbers
    counts: Whole
    sketches: Sketches = NONE

    def __add__(self, other: Profile) -> Profile:
        """Return the profile of both stretches.

        Raises:
            ProfileError: they were counted on different grids.
        """
        if self.grid != other.grid:
            raise ProfileError(f"profiles on the grids {self.grid[:8]} and {other.grid[:8]} cannot be added")
        return replace(
            self,
            tallies=self.tallies + other.tallies,
            moments=self.moments + other.moments,
            counts=self.counts + other.counts,
            sketches=self.sketches + other.sketches,
        )

    @property
    def rows(self) -> int:
        return int(self.tallies[:, 0].max(initial=0))

    def share(self, tally: str) -> NDArray[np.float64]:
        """Return the share of each column's rows that a tally counts, 0 without rows; shape (columns,)."""
        rows = self.tallies[:, 0]
        return self.tallies[:, TALLIES.index(tally)] / np.maximum(rows, 1)


def empty(grid: Grid) -> Profile:
    """Return the profile of no rows."""
    columns = len(grid.columns)
    return Profile(
        grid=grid.digest,
        tallies=np.zeros((columns, len(TALLIES)), np.int64),
        moments=np.zeros((columns, len(MOMENTS))),
        counts=np.zeros(grid.size, np.int64),
    )


def total(profiles: Iterable[Profile], grid: Grid) -> Profile:
    """Return the profile of all these stretches together."""
    return reduce(add, profiles, empty(grid))


def encode(profile: Profile) -> bytes:
    """Return the profile as it is stored.

    Raises:
        ProfileError: a sketch in it is damaged.
    """
    return msgspec.msgpack.encode(
        {
            "format": FORMAT,
            "grid": profile.grid,
            "tallies": profile.tallies.astype("<i8").tobytes(),
            "moments": profile.moments.astype("<f8").tobytes(),
            "counts": profile.counts.astype("<i8").tobytes(),
            "sketches": profile.sketches.merged(),
        }
    )


def decode(stored: bytes) -> Profile:
    """Return the profile that `encode` stored.

    Raises:
        ProfileError: it is damaged, or of a format that this release does not know.
    """
    try:
        check_format(stored, "a profile is", FORMAT)
        body: dict[str, Any] = msgspec.msgpack.decode(stored)
        return Profile(
            grid=body["grid"],
            tallies=np.frombuffer(body["tallies"], "<i8").reshape(-1, len(TALLIES)),
            moments=np.frombuffer(body["moments"], "<f8").reshape(-1, len(MOMENTS)),
            counts=np.frombuffer(body["counts"], "<i8"),
            sketches=Sketches((msgspec.convert(body["sketches"], Part),)),
        )
    except (msgspec.DecodeError, KeyError, TypeError, ValueError) as error:
        raise ProfileError(f"a profile is damaged: {error}", hint="noria drift") from None
