from random import Random

import numpy as np
import pytest
from scipy.stats import betabinom

from noria.core import burst
from noria.core.burst import ALPHA, Block, apart, suspicious, tail

QUIET = [Block(events=share, labels=100) for share in (18, 22, 20, 25, 15) * 6]
"""Thirty hours with a fifth of the labels in the class, give or take what chance does."""
NOBODY = Block(events=0, labels=0)


def test_the_tail_is_that_of_the_beta_binomial_distribution() -> None:
    for events, labels, one, other in [(3, 50, 2.0, 9.0), (900, 1000, 40.0, 60.0), (0, 7, 0.5, 0.5)]:
        expected = betabinom(labels, one, other).sf(events - 1)
        assert burst._beta_binomial_tail(events, labels, one, other) == pytest.approx(expected, rel=1e-6)


def test_the_spread_between_blocks_is_found() -> None:
    dice = np.random.default_rng(1)
    shares = dice.beta(4, 16, 4000)  # spread 1 / (4 + 16 + 1)
    labels = np.full(4000, 200.0)
    found = burst._spread(dice.binomial(200, shares).astype(float), labels, 0.2)
    assert found == pytest.approx(1 / 21, rel=0.1)


def test_the_example() -> None:
    before = [Block(events=1, labels=10)] * 20
    assert tail(before, Block(events=8, labels=20), above=True) == pytest.approx(0.0005, abs=5e-5)


CASES = [
    ("flipped, and others see nothing", Block(events=80, labels=100), Block(events=200, labels=1000), True),
    ("none of the class", Block(events=0, labels=400), Block(events=200, labels=1000), True),
    ("others see the same", Block(events=80, labels=100), Block(events=700, labels=1000), False),
    ("alone, and no more labels than ever", Block(events=80, labels=100), NOBODY, False),
    ("alone, and a crowd", Block(events=320, labels=400), NOBODY, True),
    ("a crowd like any other", Block(events=80, labels=400), NOBODY, False),
    ("too few to say", Block(events=19, labels=19), Block(events=200, labels=1000), False),
]  # fmt: skip


@pytest.mark.parametrize(
    ("block", "beside", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_what_is_suspicious(block: Block, beside: Block, expected: bool) -> None:
    past = [(each, Block(events=each.events * 10, labels=each.labels * 10)) for each in QUIET]
    assert suspicious(past, block, beside) is expected


def test_without_a_past_nobody_is_suspected() -> None:
    past = [(each, each) for each in QUIET[:13]]
    assert not suspicious(past, Block(events=4000, labels=4000), Block(events=0, labels=4000))


def test_ordinary_blocks_are_hardly_ever_called_far_off() -> None:
    # hours whose shares differ by themselves, beta(3, 12), seen 14 to 60 times; and one more of the same kind
    dice, wrong, trials = np.random.default_rng(5), 0, 4000
    for _ in range(trials):
        past = int(dice.integers(14, 60))
        labels = dice.integers(20, 400, past + 1)
        events = dice.binomial(labels, dice.beta(3, 12, past + 1))
        blocks = [Block(events=int(e), labels=int(n)) for e, n in zip(events, labels, strict=True)]
        wrong += min(tail(blocks[:-1], blocks[-1], above=side) for side in (True, False)) < ALPHA / 2
    assert wrong <= 5  # 0.4 are expected at ALPHA; the spread is estimated, so some more


def test_a_source_that_flips_a_class_is_found_from_few_labels() -> None:
    dice = Random(3)
    found = 0
    for _ in range(50):
        flipped = sum(dice.random() < 0.8 for _ in range(40))
        found += tail(QUIET, Block(events=flipped, labels=40), above=True) < ALPHA / 2
    assert found >= 49


def test_sources_that_share_what_happens_are_hardly_ever_called_apart() -> None:
    # both see the hour's own share, beta(3, 12), and the source is .05 above it, give or take .03
    dice, wrong, found, trials = np.random.default_rng(6), 0, 0, 2000
    for _ in range(trials):
        past = int(dice.integers(14, 60))
        labels, of = dice.integers(20, 400, past + 1), dice.integers(100, 2000, past + 1)
        share = dice.beta(3, 12, past + 1)
        own = np.clip(share + dice.normal(0.05, 0.03, past + 1), 0, 1)
        blocks = [
            (Block(events=int(e), labels=int(n)), Block(events=int(f), labels=int(m)))
            for e, n, f, m in zip(
                dice.binomial(labels, own), labels, dice.binomial(of, share), of, strict=True
            )
        ]
        *before, (block, beside) = blocks
        flipped = Block(events=block.labels - block.events, labels=block.labels)
        wrong += min(apart(before, block, beside, above=side) for side in (True, False)) < ALPHA / 2
        found += min(apart(before, flipped, beside, above=side) for side in (True, False)) < ALPHA / 2
    assert wrong <= 3
    assert found > 0.85 * trials  # where few labels, or about half of them, are of the class, nobody can tell
