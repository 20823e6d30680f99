from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from noria.core.gates import Gate
from noria.cut import cut
from noria.errors import DataError
from noria.project.model import Data, Project, Task, Train

START = datetime(2013, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def project(holdout: timedelta | float, task: Task = Task.BINARY) -> Project:
    data = Data(source=("*",), label="y", features=("x",), time="t")
    return Project(root=Path(), name="m", task=task, data=data, train=Train(holdout=holdout), gates=())


def daily(days: int) -> pl.DataFrame:
    """A row a day, its number in `n`."""
    times = [START + n * DAY for n in range(days)]
    frame = pl.DataFrame({"_time": times, "y": [n % 2 for n in range(days)], "n": range(days)})
    return frame.with_columns(pl.col("_time").cast(pl.Datetime("us", "UTC")))


def ends(rows: pl.DataFrame) -> tuple[int, int]:
    return rows["n"][0], rows["n"][-1]


@pytest.mark.parametrize(
    ("window", "train", "full"),
    [
        ("all", (0, 92), (0, 99)),
        ("30d", (63, 92), (70, 99)),
        ("recent", (37, 92), (44, 99)),  # 8 x 7 days
    ],
)
def test_a_window_ends_with_the_holdout_s_beginning_or_with_the_last_row(
    window: str, train: tuple[int, int], full: tuple[int, int]
) -> None:
    [made] = cut(daily(100), project(7 * DAY), [window], due=None).stretches
    assert (ends(made.train), ends(made.full)) == (train, full)


@pytest.mark.parametrize(
    ("holdout", "first"),
    [
        (0.05, 60),  # 8 x 5% of 100
        (0.2, 50),  # the newest half
        (0.0, 50),
    ],
)
def test_recent_goes_by_share_where_the_holdout_does(holdout: float, first: int) -> None:
    made = cut(daily(100), project(holdout), ["recent"], due=None)
    assert ends(made.stretches[0].full) == (first, 99)


def test_labels_that_are_not_due_are_trained_on_and_not_judged_by() -> None:
    made = cut(daily(100), project(7 * DAY), ["all"], due=START + 90 * DAY)
    assert ends(made.holdout) == (84, 90)
    assert made.holdout_from == (START + 84 * DAY).isoformat()
    assert (ends(made.stretches[0].train), ends(made.stretches[0].full)) == ((0, 83), (0, 99))


ENOUGH = (Gate(check="enough-rows", options={"rows": 3}),)


@pytest.mark.parametrize(
    ("since", "due", "held"),
    [
        (80, None, (81, 99)),
        (96, None, (97, 99)),
        (97, None, (93, 99)),  # two rows, and the gate needs three: a week, as the project says
        (80, 90, (81, 90)),
        (88, 90, (84, 90)),  # two of them are due
        (99, None, (93, 99)),
        (-1, None, (93, 99)),  # it leaves nothing to train on
    ],
)
def test_what_came_since_is_held_out_if_that_is_enough(
    since: int, due: int | None, held: tuple[int, int]
) -> None:
    asked, last = replace(project(7 * DAY), gates=ENOUGH), None if due is None else START + due * DAY
    moment = (START + since * DAY).isoformat()
    made = cut(daily(100), asked, ["all"], due=last, since=moment)
    assert ends(made.holdout) == held
    assert made.since == (moment if held[0] == since + 1 and since >= 0 else None)
    assert made.before == (START + (held[0] - 1) * DAY).isoformat()
    assert made.newest == (START + 99 * DAY).isoformat()


def test_two_models_are_not_compared_on_one_day() -> None:
    hours = [START + timedelta(hours=n) for n in range(240)]
    rows = pl.DataFrame({"_time": hours, "y": [n % 2 for n in range(240)], "n": range(240)})
    rows = rows.with_columns(pl.col("_time").cast(pl.Datetime("us", "UTC")))
    ninth, tenth = ((START + days * DAY).isoformat() for days in (8, 9))
    assert cut(rows, project(3 * DAY), ["all"], due=None, since=ninth).since == ninth
    assert cut(rows, project(3 * DAY), ["all"], due=None, since=tenth).since is None


def test_an_order_is_held_out_since_a_row() -> None:
    rows = daily(100).with_columns(_time=pl.col("n").cast(pl.Int64))
    made = cut(rows, project(0.2), ["all"], due=None, since="89")
    assert (ends(made.holdout), made.holdout_from, made.before, made.newest) == ((90, 99), "90", "89", "99")


def test_nothing_held_out_leaves_all_to_train_on() -> None:
    made = cut(daily(100), project(0.0), ["all"], due=START + 90 * DAY)
    assert (made.holdout.height, made.holdout_from) == (0, "")
    assert ends(made.stretches[0].train) == ends(made.stretches[0].full) == (0, 99)


def test_a_window_with_the_same_rows_is_cut_once() -> None:
    made = cut(daily(40), project(7 * DAY), ["all", "recent"], due=None)
    assert [stretch.window for stretch in made.stretches] == ["all"]  # 8 x 7 days are more than there are


def test_a_window_whose_label_does_not_vary_is_left_out() -> None:
    rows = daily(200).with_columns(y=pl.when(pl.col("n") < 20).then("y").otherwise(0))
    assert [one.window for one in cut(rows, project(7 * DAY), ["recent", "all"], due=None).stretches] == [
        "all"
    ]
    with pytest.raises(DataError, match="y: is always 0 in the 193 rows before the holdout"):
        cut(rows, project(7 * DAY), ["recent"], due=None)


def test_an_order_is_cut_as_times_are() -> None:
    rows = daily(100).with_columns(_time=pl.col("n").cast(pl.Int64))
    made = cut(rows, project(0.2), ["all", "recent"], due=None)
    assert (ends(made.holdout), made.holdout_from) == ((80, 99), "80")
    assert [ends(one.train) for one in made.stretches] == [(0, 79), (40, 79)]
    with pytest.raises(DataError, match="the project has no data"):
        cut(rows, project(7 * DAY), ["all"], due=None)


def test_where_no_label_is_due_nothing_can_be_held_out() -> None:
    with pytest.raises(DataError, match="leaves no row to hold out: 0 labels are known and due"):
        cut(daily(10), project(7 * DAY), ["all"], due=START - DAY)


@settings(deadline=None, max_examples=50)
@given(
    hours=st.lists(st.integers(0, 200), min_size=8, max_size=60),
    holdout=st.one_of(st.floats(0.01, 0.9), st.integers(1, 150).map(lambda n: timedelta(hours=n))),
    window=st.sampled_from(["all", "recent", "2d"]),
    due=st.integers(20, 220),
)
def test_no_row_is_trained_on_and_judged_by(
    hours: list[int], holdout: timedelta | float, window: str, due: int
) -> None:
    rows = pl.DataFrame({"_time": [START + timedelta(hours=n) for n in sorted(hours)]}).with_columns(
        pl.col("_time").cast(pl.Datetime("us", "UTC")), y=pl.int_range(pl.len()), n=pl.int_range(pl.len())
    )
    moment = START + timedelta(hours=due)
    try:
        made = cut(rows, replace(project(holdout), task=Task.REGRESSION), [window], due=moment)
    except DataError:
        return
    [stretch] = made.stretches
    assert stretch.train["_time"].max() < made.holdout["_time"].min() <= made.holdout["_time"].max() <= moment
    assert stretch.full["n"][-1] == rows.height - 1
