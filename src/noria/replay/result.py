"""What a replay came to: for each policy its quality, its cost and its decisions."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from noria.core.compare import Comparison

CEILING = "ceiling"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A day, or a share of the order: its labelled rows and their mean loss, as they were served.

    `start` is an ISO date or moment. The loss is that of the primary metric row by row: the squared error
    for `rmse`. A day without labelled rows has no block; all policies of a replay have the same blocks.
    """

    start: str
    rows: int
    loss: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """A version that came to serve.

    `gain` compares what was served in the next four weeks with the model before it, paired by day; None where
    nothing served before, or too little came after.
    """

    at: datetime
    version: int
    gain: Comparison | None
    rolled_back: datetime | None = None

    @property
    def proved_worse(self) -> bool:
        return self.gain is not None and self.gain.high < 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyResult:
    """What one policy cost and gained.

    `metrics` has every metric of the task over all labelled rows of the span, as they were served.
    `decisions` are the entries of the ledger. `fault` says why a policy cannot be compared; then the numbers
    mean nothing.
    """

    name: str
    meaning: str
    metrics: dict[str, float] = field(default_factory=dict)
    blocks: tuple[Block, ...] = ()
    trainings: int = 0
    rows_trained: int = 0
    train_s: float = 0.0
    promotions: int = 0
    refusals: int = 0
    failed: int = 0
    rollbacks: int = 0
    promoted: tuple[Promotion, ...] = ()
    decisions: tuple[dict[str, Any], ...] = ()
    fault: str = ""

    @property
    def looks_ahead(self) -> bool:
        """Whether it knows the future: a bound on what can be reached, never a policy to choose."""
        return self.name.partition(":")[0] == CEILING

    @property
    def worse_promotions(self) -> int:
        """The number of promotions that proved worse than the model before them."""
        return sum(promotion.proved_worse for promotion in self.promoted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """Several policies over the same history.

    `metric` is the primary metric, which is a loss: lower is better. `spread` says that the rows have only an
    order, so that time was made up. `wall_s` is what the replay took, `bare_s` the seconds of the calls to
    training and prediction that it needs, each distinct one once.
    """

    project: str
    task: str
    metric: str
    begin: datetime
    end: datetime
    spread: bool
    rows: int
    labelled: int
    policies: tuple[PolicyResult, ...]
    wall_s: float
    bare_s: float
    warnings: tuple[str, ...] = ()

    @property
    def overhead(self) -> float | None:
        """Wall time over that of the bare calls; None where none was needed."""
        return self.wall_s / self.bare_s if self.bare_s else None

    @property
    def comparable(self) -> tuple[PolicyResult, ...]:
        """The policies without a fault."""
        return tuple(policy for policy in self.policies if not policy.fault)

    @property
    def choices(self) -> tuple[PolicyResult, ...]:
        """The comparable policies that can be chosen: all but those that look ahead."""
        return tuple(policy for policy in self.comparable if not policy.looks_ahead)
