"""Trials: what each run measured of its candidates, kept for the runs to come.

One week of labels says little. What the candidates before said of the same champion, of the windows and of
the refit is added to it, block by block.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from noria.core.compare import Block, Comparison, Loss, merged, pooled

REMEMBERED = 12
"""Runs that are looked back on: what was worse then may be better now."""
RECORD = 112
"""Blocks, such as days, that are looked back on."""
WORTHWHILE = 0.001
"""The share of the champion's loss that makes a refit worth its training."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What one run measured.

    `rival` says which artifact stood for the champion, "" without one. `gains` of the judged model over
    it, and those over the `baseline`, are by metric, `losses` of all that was measured by window, and `refit`
    the gains of the champion over the same model before its refit. All are by block. `trained` are the
    windows that the run trained on: what it measured may be models of the run before.
    """

    rival: str = ""
    gains: Mapping[str, tuple[Block, ...]] = field(default_factory=dict)
    baseline: Mapping[str, tuple[Block, ...]] = field(default_factory=dict)
    losses: Mapping[str, Sequence[Loss]] = field(default_factory=dict)
    refit: tuple[Block, ...] = ()
    trained: tuple[str, ...] = ()


def against(rival: str, own: Mapping[str, Comparison], past: Sequence[Trial]) -> dict[str, Comparison]:
    """Return comparisons with a champion, by metric, pooled with those of the candidates before."""
    return record(own, [trial.gains for trial in past if trial.rival == rival])


def record(
    own: Mapping[str, Comparison], past: Sequence[Mapping[str, Sequence[Block]]]
) -> dict[str, Comparison]:
    """Return what candidates gained over whom they were compared with in their time, by metric.

    `past` holds the gains of each run before.
    """
    return {
        metric: pooled(metric, _lately(metric, past, seen), seen.confidence) for metric, seen in own.items()
    }


def pays(past: Sequence[Trial]) -> bool:
    """Return whether the refit is worth its training, unless the last runs have proven that it is not.

    Where nothing was refitted, nothing is measured: so it is tried again when those runs are forgotten.
    """
    seen = pooled("refit", _merged(trial.refit for trial in past[-REMEMBERED:]))
    return seen.high >= WORTHWHILE * seen.loss


def window_gain(one: str, other: str, past: Iterable[Mapping[str, Sequence[Loss]]]) -> Comparison:
    """Return what window `one` has gained over the `other`, in the runs that trained on both."""
    both = [losses for losses in past if losses.get(one) and losses.get(other)]
    return pooled(one, _merged(_saved(losses[one], losses[other]) for losses in both))


def _saved(one: Sequence[Loss], other: Sequence[Loss]) -> list[Block]:
    return [
        Block(block=a.block, rows=a.rows, gain=b.loss - a.loss, loss=b.loss)
        for a, b in zip(one, other, strict=True)
    ]


def _merged(parts: Iterable[Sequence[Block]]) -> tuple[Block, ...]:
    """Return the blocks of comparisons, oldest first: the newest one's for a block that several saw."""
    blocks: tuple[Block, ...] = ()
    for part in parts:
        blocks = merged(blocks, part)
    return blocks


def _lately(
    metric: str, past: Sequence[Mapping[str, Sequence[Block]]], seen: Comparison
) -> tuple[Block, ...]:
    """Return the newest blocks of a metric in all runs: what is older says little of today's candidates."""
    return _merged([*(gains.get(metric, ()) for gains in past), seen.by_block])[-RECORD:]
