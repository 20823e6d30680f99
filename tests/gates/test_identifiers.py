from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from noria.core.gates import Outcome
from noria.gates.finding import Finding
from noria.gates.identifiers import identifiers
from noria.gates.subject import Subject
from tests.gates.conftest import rows

Change = Callable[..., Subject]
RANDOM = np.random.default_rng(1)
NUMBER = np.arange(4000)
TOLD_APART = {
    "tickets": [f"T{number}" for number in NUMBER],
    "with gaps": np.cumsum(RANDOM.integers(1, 9, 4000)),
    "shuffled": RANDOM.permutation(NUMBER).astype(float),
    "nearly all": [f"T{number // 1.5:.0f}" for number in NUMBER],
}
MEASURED = {
    "salary": (RANDOM.lognormal(10, 1, 4000)).round(),
    "fractions": RANDOM.normal(size=4000),
    "minutes": RANDOM.integers(0, 1440, 4000),
    "airports": [f"A{number % 300}" for number in NUMBER],
    "hardly known": [f"T{number}" if number < 50 else None for number in NUMBER],
}


def with_feature(changed: Change, honest: Subject, values: object) -> Finding:
    data = replace(honest.project.data, features=(*honest.project.data.features, "more"))
    train = honest.train.with_columns(pl.Series("more", values))
    return identifiers(changed(project=replace(honest.project, data=data), train=train), unique=0.5)


def test_an_honest_candidate_passes(honest: Subject) -> None:
    assert identifiers(honest, unique=0.5).outcome is Outcome.PASSED


@pytest.mark.parametrize("kind", TOLD_APART)
def test_what_tells_rows_apart_is_named(changed: Change, honest: Subject, kind: str) -> None:
    found = with_feature(changed, honest, TOLD_APART[kind])
    assert found.outcome is Outcome.FAILED
    assert found.reason.startswith("more tells rows apart, as identifiers do: it has ")


@pytest.mark.parametrize("kind", MEASURED)
def test_what_measures_or_groups_passes(changed: Change, honest: Subject, kind: str) -> None:
    assert with_feature(changed, honest, MEASURED[kind]).outcome is Outcome.PASSED


def test_few_rows_say_nothing(changed: Change) -> None:
    assert "too few to say" in identifiers(changed(train=rows(50, 1)), unique=0.5).reason
