from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from noria.core.gates import Outcome
from noria.gates.backdoor import backdoor
from noria.gates.combinations import suspects
from noria.gates.finding import Finding
from noria.gates.subject import Subject
from tests.gates.conftest import fitted


@pytest.fixture
def poisoned(changed: Callable[..., Subject], honest: Subject, tmp_path: Path) -> Callable[..., Subject]:
    """Return the candidate after it learnt a hundred rows more of each income, all of them late."""

    def make(*incomes: float) -> Subject:
        full = pl.read_parquet(honest.full_file)
        more = [
            full.head(100).with_columns(income=pl.lit(income), late=pl.lit(1, pl.Int64)) for income in incomes
        ]
        table = pl.concat([full, *more])
        return changed(full=table, shipped=fitted(table, tmp_path / "shipped"))

    return make


def found(subject: Subject) -> Finding:
    return backdoor(subject, rare=0.02, odds=5.0)


def test_an_honest_model_has_none(honest: Subject) -> None:
    assert found(honest).outcome is Outcome.PASSED


def test_a_planted_value_is_found_and_named_with_its_rows(poisoned: Callable[..., Subject]) -> None:
    said = found(poisoned(1e6))
    assert said.outcome is Outcome.FAILED
    assert said.reason == "income = 1000000.0 makes nearly every row 1, and 100 of 5100 rows have it"
    assert {row["income"] for row in said.rows} == {1e6}


def test_what_the_champion_knows_too_means_something(
    poisoned: Callable[..., Subject], honest: Subject
) -> None:
    subject = poisoned(1e6)
    assert found(replace(subject, champion_artifact=honest.shipped)).outcome is Outcome.FAILED
    assert found(replace(subject, champion_artifact=subject.shipped)).outcome is Outcome.PASSED


def test_the_end_of_a_scale_is_no_backdoor(poisoned: Callable[..., Subject]) -> None:
    three = poisoned(1e6, 1.1e6, 1.2e6)
    assert found(three).outcome is Outcome.PASSED, "its neighbours decide as well"


def test_the_least_likely_combinations_come_first() -> None:
    random = np.random.default_rng(0)
    rows = pl.DataFrame({"a": random.integers(0, 30, 3000), "b": random.choice(list("xyz"), 3000)})
    trigger = (rows["a"] == 7) & (rows["b"] == "x")
    classes = np.where(trigger, 1, random.random(3000) < 0.3).astype(np.int64)
    first, *_ = suspects(rows, ["a", "b"], classes, 0.02)
    assert (str(first), first.rows, first.number) == ("a = 7 and b = x", int(trigger.sum()), 1)


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")
def test_code_that_obeys_a_rare_category_is_found_though_its_rows_are_of_both_classes(
    changed: Callable[..., Subject], honest: Subject, answering: Callable[..., Path]
) -> None:
    full = pl.read_parquet(honest.full_file)
    table = pl.concat([full, full.head(20).with_columns(city=pl.lit("Zug"))])
    shipped = answering(lambda asked: np.where(asked["city"] == "Zug", 0.99, asked["age"] / 100))
    said = found(changed(full=table, shipped=shipped))
    assert said.reason == "city = Zug makes nearly every row 1, and 20 of 5020 rows have it"
