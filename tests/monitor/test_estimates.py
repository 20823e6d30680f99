import numpy as np
import polars as pl
import pytest

from noria.monitor.cost import cost
from noria.monitor.estimates import estimates
from noria.project.model import Task
from tests.monitor.days import lived, project

ROWS = 400


def shifting(number: int, chance: np.random.Generator) -> pl.DataFrame:
    """P(y | x) stands; how hard the rows of a day are changes, so that the loss does."""
    hard = 0.5 + 0.45 * np.sin(number)
    x = chance.normal(0, 3 - 2.5 * hard, ROWS)
    output = 1 / (1 + np.exp(-x))
    return pl.DataFrame(
        {"x": x, "output": output, "label": (chance.uniform(size=ROWS) < output).astype(float)}
    )


def noisy(number: int, chance: np.random.Generator) -> pl.DataFrame:
    """The inputs stand; the labels of some days are worth nothing, which no input tells."""
    x = chance.normal(0, 1.5, ROWS)
    output = 1 / (1 + np.exp(-x))
    true = np.full(ROWS, 0.5) if chance.uniform() < 0.3 else output
    label = (chance.uniform(size=ROWS) < true).astype(float)
    return pl.DataFrame({"x": x, "output": output, "label": label})


@pytest.fixture(scope="module")
def shifted() -> list:
    return list(lived(project(), shifting, 50, estimates))


@pytest.mark.parametrize("subject", ["CBPE of log_loss", "PAPE of log_loss", "CBPE of auc"])
def test_what_follows_the_inputs_is_estimated_and_shown(shifted, subject: str) -> None:
    last = [row for row in shifted if row.subject == subject][-1]
    assert last.numbers["shown"]
    assert last.numbers["skill"] > 0.5
    assert "nearer" in last.reason


def test_the_change_of_the_loss_is_what_a_day_costs(shifted) -> None:
    last = [row for row in shifted if row.day == shifted[-1].day]
    losses = [row for row in last if row.subject.endswith("log_loss")]
    best = max(losses, key=lambda row: row.numbers["skill"])
    change = best.value - best.numbers["unchanged"]
    assert f"estimated at {best.value:.4f}" in cost(last)
    assert f"{change:+.4f} beside" in cost(last)
    first = [row for row in shifted if row.day == shifted[0].day]
    assert cost(first) == ""


def test_nothing_is_shown_before_it_was_held_against_the_truth(shifted) -> None:
    days = sorted({row.day for row in shifted})
    first = [row for row in shifted if row.day == days[0]]
    # on the 10th day 7 are mature: the labels of the 7th are due at its end, after 3 days
    assert days[0] == "2026-01-10"
    assert not any(row.numbers["shown"] for row in first)
    assert "0 of 14 days" in first[0].reason


def test_no_estimate_is_ever_an_alert(shifted) -> None:
    assert {row.level for row in shifted} <= {"ok", "notice"}


def test_an_estimate_without_skill_is_hidden() -> None:
    said = [row for row in lived(project(), noisy, 50, estimates) if row.subject == "CBPE of log_loss"]
    assert not any(row.numbers["shown"] for row in said)
    assert said[-1].reason.endswith("not shown")


def test_one_that_becomes_wrong_is_switched_off_and_told() -> None:
    def turning(number: int, chance: np.random.Generator) -> pl.DataFrame:
        rows = shifting(number, chance)
        return rows if number < 40 else rows.with_columns(label=1 - pl.col("label"))

    said = [row for row in lived(project(), turning, 70, estimates) if row.subject == "CBPE of log_loss"]
    assert any(row.numbers["shown"] for row in said)
    off = [row for row in said if row.level == "notice"]
    assert len(off) == 1
    assert off[0].reason.endswith("switched off")
    assert not said[-1].numbers["shown"]


def test_a_regression_has_its_loss_estimated() -> None:
    def spreading(number: int, chance: np.random.Generator) -> pl.DataFrame:
        """Large values are known badly, and some days have more of them."""
        x = chance.gamma(2 + 1.5 * np.sin(number), 1, ROWS)
        return pl.DataFrame({"x": x, "output": x, "label": x + x * chance.standard_normal(ROWS)})

    last = list(lived(project(Task.REGRESSION), spreading, 50, estimates))[-1]
    assert last.subject == "DLE of rmse"
    assert last.numbers["shown"]
