import numpy as np
import polars as pl
import pytest

from noria.monitor.slices import fairness, gaps, sliced, slices
from tests.monitor.days import lived, measured, project

ROWS = 600


def biased(number: int, chance: np.random.Generator) -> pl.DataFrame:
    """In the north labels are chance; the model says yes to half of the men, and to a tenth of the women."""
    north, man = chance.uniform(size=ROWS) < 0.3, chance.uniform(size=ROWS) < 0.5
    yes = chance.uniform(size=ROWS) < np.where(man, 0.5, 0.1)
    output = np.where(yes, 0.8, 0.2)
    label = chance.uniform(size=ROWS) < np.where(north, 0.5, output)
    return pl.DataFrame(
        {
            "x": chance.uniform(size=ROWS),
            "output": output,
            "label": label.astype(float),
            "region": np.where(north, "north", "south"),
            "sex": np.where(man, "man", "woman"),
        }
    )


def even(number: int, chance: np.random.Generator) -> pl.DataFrame:
    return biased(number, chance).with_columns(
        output=pl.lit(0.5) + pl.Series(chance.uniform(-0.1, 0.1, ROWS)),
        label=pl.Series(chance.integers(0, 2, ROWS).astype(float)),
    )


MODEL = project(slices=("region",), sensitive=("sex",))


def test_a_weak_slice_is_a_notice_and_a_good_one_is_not() -> None:
    last = list(lived(MODEL, biased, 20, slices))[-1]
    assert (last.subject, last.level) == ("region=north", "notice")
    # loss of a coin at .8 or .2: -(ln .8 + ln .2) / 2 = .916; elsewhere -.8 ln .8 - .2 ln .2 = .500
    assert last.value == pytest.approx(0.916 - 0.500, abs=0.03)


def test_a_gap_between_groups_is_a_notice() -> None:
    said = {row.subject: row for row in lived(MODEL, biased, 20, fairness)}
    assert said["selection rate by sex"].value == pytest.approx(0.4, abs=0.03)
    assert "woman 0.098, man 0.514" in said["selection rate by sex"].reason


def test_where_all_are_alike_nothing_is_said() -> None:
    assert not list(lived(MODEL, even, 12, slices))
    assert not list(lived(MODEL, even, 12, fairness))


def test_many_small_groups_that_differ_by_chance_are_no_notice() -> None:
    def crowded(number: int, chance: np.random.Generator) -> pl.DataFrame:
        """Twenty groups of six rows a day, all alike: the largest gap of their rates is about .2."""
        rows = even(number, chance).head(120)
        names = pl.Series([f"group {place % 20}" for place in range(120)])
        return rows.with_columns(sex=names, region=names)

    assert not list(lived(MODEL, crowded, 25, fairness))
    assert not list(lived(MODEL, crowded, 25, slices))


def test_counts_are_those_of_the_rows() -> None:
    rows = biased(0, np.random.default_rng(3))
    kept = measured(MODEL, 0, rows.with_columns(label=pl.when(pl.col("x") < 0.5).then("label")), None)
    men = rows.filter(pl.col("sex") == "man")
    known = men.filter(pl.col("x") < 0.5)
    yes, positive = known["output"] > 0.5, known["label"] == 1
    loss = -np.log(np.where(positive, known["output"], 1 - known["output"])).sum()
    assert kept.segments["sex"]["man"] == pytest.approx(
        (
            men.height, known.height, loss, (men["output"] > 0.5).sum(),
            positive.sum(), (positive & yes).sum(), (yes & ~positive).sum(),
        )
    )  # fmt: skip


def test_a_column_that_nobody_sent_has_no_slices() -> None:
    rows = biased(0, np.random.default_rng(3)).drop("region", "sex")
    days = [measured(MODEL, number, rows, None) for number in range(8)]
    assert sliced(days, "region") == []
    assert gaps(MODEL, days) == []
