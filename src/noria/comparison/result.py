"""What a comparison of two versions found: plain values, for the terminal, as JSON and for the page."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from noria.core.calibration import Group
from noria.core.interval import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """How far a version's answers are from what comes true on average, and the table that it comes from.

    Of several classes it is that of the likeliest one: how sure the version is, and how often it is right.
    """

    error: Interval
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """The seconds of an answer to a single row in a clean process, and the bytes of the artifact."""

    median: float
    p99: float
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of both versions. `asked` says which of its artifacts was: "as it ships" or "before its refit".

    `importance` is each feature's share (0 to 1) of how much the answers to these rows hang on it; `training`
    is what it was trained on, by name.
    """

    version: int
    asked: str
    calibration: Calibration
    cost: Cost
    importance: dict[str, float]
    training: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain:
    """A metric of A and of B, and what B gains, above 0 where it is better; `daily` is that by block.

    The gain is the mean over blocks, such as days, in `unit`: the metric, or the loss that it comes from.
    """

    metric: str
    unit: str
    a: float
    b: float
    gain: Interval
    daily: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """The rows with a value of a column: the mean loss of A and B there, and what B gains."""

    column: str
    value: str
    rows: int
    a: float
    b: float
    gain: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """The rows to which A says one class and B another; `to_right` of them B has right, `to_wrong` A had."""

    before: str
    after: str
    rows: int
    to_right: int
    to_wrong: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A row, with its label and its features, and what A and B answer to it."""

    row: dict[str, Any]
    a: Any
    b: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The rows that both were asked: how many, in how many blocks, from when to when, and which these are."""

    count: int
    blocks: int
    begin: str
    end: str
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Versions A and B of a model.

    `examples` are the rows on which they are furthest apart, those that get another class first. `agreement`
    is the correlation of their answers, `apart` the mean distance of these. `notes` say what a reader has to
    know before he believes the figures.
    """

    model: str
    task: str
    loss: str
    a: Side
    b: Side
    rows: Rows
    metrics: tuple[Gain, ...]
    slices: tuple[Slice, ...]
    flips: tuple[Flip, ...]
    examples: tuple[Example, ...]
    agreement: float
    apart: float
    notes: tuple[str, ...] = field(default=())

    @property
    def flipped(self) -> int:
        """How many rows get another class."""
        return sum(flip.rows for flip in self.flips)

    @property
    def moved(self) -> dict[str, tuple[float, float]]:
        """The importance of each feature in A and in B, what changed most first."""
        one, other = self.a.importance, self.b.importance
        both = {name: (one.get(name, 0.0), other.get(name, 0.0)) for name in {**one, **other}}
        return dict(sorted(both.items(), key=lambda item: -abs(item[1][1] - item[1][0])))

    @property
    def trained(self) -> dict[str, tuple[Any, Any]]:
        """What both were trained on where it differs; None where a side does not know it."""
        one, other = self.a.training, self.b.training
        both = {name: (one.get(name), other.get(name)) for name in {**one, **other}}
        return {name: pair for name, pair in both.items() if pair[0] != pair[1]}
