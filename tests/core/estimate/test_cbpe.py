import numpy as np
import pytest

from noria.core.calibration import sums
from noria.core.estimate import cbpe
from noria.core.quality import METRICS

BINS = 64


def place(score: np.ndarray) -> np.ndarray:
    return np.minimum((score * BINS).astype(int), BINS - 1)


def draw(
    chance: np.random.Generator, a: float, b: float, rows: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores that are too sure, what happened, and the bins of the scores."""
    true = chance.beta(a, b, rows)
    score = true**1.5 / (true**1.5 + (1 - true) ** 1.5)
    return score, (chance.uniform(size=rows) < true).astype(float), place(score)


@pytest.fixture
def past() -> np.ndarray:
    score, happened, bins = draw(np.random.default_rng(1), 2, 2, 40_000)
    return sums(bins, BINS, np.full(40_000, True), score, happened, np.zeros(40_000))


@pytest.mark.parametrize("metric", ["log_loss", "auc", "accuracy", "brier"])
def test_other_inputs_are_seen_though_the_scores_are_too_sure(past: np.ndarray, metric: str) -> None:
    score, happened, bins = draw(np.random.default_rng(2), 2, 4, 40_000)
    counts = np.bincount(bins, minlength=BINS).astype(float)
    estimated = cbpe.estimate(METRICS[metric], counts, past)
    assert estimated == pytest.approx(METRICS[metric].score(happened, score), abs=0.01)


def test_it_is_blind_to_another_concept(past: np.ndarray) -> None:
    score, happened, bins = draw(np.random.default_rng(3), 2, 2, 20_000)
    counts = np.bincount(bins, minlength=BINS).astype(float)
    flipped = METRICS["log_loss"].score(1 - happened, score)
    assert flipped > cbpe.estimate(METRICS["log_loss"], counts, past) + 0.3


def test_it_says_nothing_without_predictions_or_labels(past: np.ndarray) -> None:
    assert np.isnan(cbpe.estimate(METRICS["auc"], np.zeros(BINS), past))
    assert np.isnan(cbpe.estimate(METRICS["auc"], np.ones(BINS), np.zeros((5, BINS))))
    assert np.isnan(cbpe.estimate(METRICS["rmse"], np.ones(BINS), np.zeros((5, BINS))))


def test_the_output_of_an_empty_bin_is_between_its_neighbours() -> None:
    scores = np.array([[1, 0, 1], [1, 0, 1], [0.2, 0, 0.8], [0, 0, 1], [0, 0, 0]], float)
    assert cbpe.mean_outputs(scores) == pytest.approx([0.2, 0.5, 0.8])
