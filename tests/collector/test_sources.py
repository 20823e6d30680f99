from collections.abc import Callable, Iterator
from datetime import timedelta
from random import Random

import polars as pl
import pytest

from noria.collector.collect import Collector
from noria.collector.sources import Sources
from noria.core.policy import Rate
from noria.delta import Table
from noria.monitor.feedback import Feedback
from noria.project.model import Feedback as Rules
from noria.project.model import Project, Task
from noria.testing import FixedClock, MemoryState

DAY = Rate(count=100, period=timedelta(days=1))


@pytest.fixture
def tables(project: Project) -> dict[str, Table]:
    lake = project.home / "lake"
    return {"labels": Table(lake / "labels", by_day=True), "holds": Table(lake / "holds")}


@pytest.fixture
def send(tables, start) -> Callable[..., pl.DataFrame]:
    """Appends labels of one request to the table, and returns them."""
    numbers = iter(range(10**6))

    def append(hour: float, values: list, source: str = "shop") -> pl.DataFrame:
        rows = pl.DataFrame({"label": [float(value) for value in values]}).with_columns(
            id=pl.Series([f"{source}-{next(numbers)}" for _ in values]),
            at=pl.lit(start + timedelta(hours=hour)).cast(pl.Datetime("us", "UTC")),
            as_of=pl.lit(start + timedelta(hours=hour)).cast(pl.Datetime("us", "UTC")),
            source=pl.lit(source),
            client=pl.lit(None, pl.String),
        )
        rows = rows.with_columns(_day=pl.col("at").dt.date())
        tables["labels"].append(rows, {})
        return rows

    return append


def capped(project: Project, cap: Rate = DAY) -> Project:
    from dataclasses import replace

    return replace(project, feedback=Rules(cap=cap))


def test_what_exceeds_the_cap_of_a_source_waits(project, tables, send, start):
    sources = Sources(capped(project), tables["labels"], tables["holds"], start)
    assert sources.look(send(1, [1] * 60), start).is_empty()
    sources.look(send(1, [1] * 500, source="desk"), start)
    beyond = send(2, [1] * 41)  # 101 in all: the request that exceeds it waits as a whole
    assert set(sources.look(beyond, start)) == set(beyond["id"])
    late = send(23, [0])  # and so does what comes later on the day
    sources.look(late, start)
    sources.look(send(25, [1]), start)  # the next day begins anew
    assert sources.waiting == 542


def test_a_restart_goes_on_counting(project, tables, send, start):
    for hour in range(4):
        sources = Sources(capped(project), tables["labels"], tables["holds"], start)
        sources.look(send(hour, [1] * 30), start)
    assert sources.waiting == 30  # 30 + 30 + 30 are within the cap, the fourth request is not
    killed = send(5, [1])  # appended, and killed before it was looked at
    again = Sources(capped(project), tables["labels"], tables["holds"], start)
    again.look(killed.clear(), start)
    assert again.waiting == 31


def ordinary(dice: Random, labels: int) -> list[int]:
    """Labels of an hour of which a fifth is positive, more or less."""
    share = dice.betavariate(8, 32)
    return [int(dice.random() < share) for _ in range(labels)]


def test_a_burst_of_flipped_labels_waits_and_may_be_released(project, tables, send, start):
    dice = Random(1)
    sources = Sources(project, tables["labels"], tables["holds"], start)
    for hour in range(48):
        for source in ("shop", "desk"):
            assert sources.look(send(hour, ordinary(dice, 60), source), start).is_empty()
    sources.look(send(48, ordinary(dice, 60), "desk"), start)
    flipped = send(48, [1 - value for value in ordinary(dice, 60)])
    assert set(sources.look(flipped, start)) == set(flipped["id"])
    feedback = Feedback(project.home / "lake")
    (span,) = feedback.spans().to_dicts()
    assert span["source"] == "shop"
    assert "of 60 labels were 1.0" in span["reason"] or "of 60 labels were 0.0" in span["reason"]
    assert feedback.say("shop", "released", "ann", start + timedelta(hours=50)) == 1
    assert set(sources.look(flipped.clear(), start)) == set(flipped["id"])
    assert sources.waiting == 0
    assert sources.look(send(48.5, [1]), start).is_empty()  # it was looked at: it is not held again


def test_when_all_see_the_same_nothing_waits(project, tables, send, start):
    dice = Random(2)
    sources = Sources(project, tables["labels"], tables["holds"], start)
    for hour in range(48):
        for source in ("shop", "desk"):
            sources.look(send(hour, ordinary(dice, 60), source), start)
    for source in ("desk", "shop"):  # a snow day
        assert sources.look(send(48, [1] * 50 + [0] * 10, source), start).is_empty() or source == "desk"
    assert not any(row["source"] == "shop" for row in Feedback(project.home / "lake").spans().to_dicts())


def test_a_lonely_source_may_change_its_mind_but_not_in_a_crowd(project, tables, send, start):
    dice = Random(3)
    sources = Sources(project, tables["labels"], tables["holds"], start)
    for hour in range(48):
        sources.look(send(hour, ordinary(dice, 60)), start)
    assert sources.look(send(48, [1] * 60), start).is_empty()
    assert len(sources.look(send(49, [1] * 600), start)) == 600


def test_numbers_are_classed_by_their_median(project, tables, send, start):
    from dataclasses import replace

    dice = Random(4)
    sources = Sources(replace(project, task=Task.REGRESSION), tables["labels"], tables["holds"], start)
    for hour in range(30):
        sources.look(send(hour, [dice.gauss(0, 1) for _ in range(40)]), start)
    assert len(sources.look(send(30, [dice.gauss(9, 1) for _ in range(200)]), start)) == 200


def sent(prediction, label, hours: int) -> Iterator[dict]:
    yield prediction([f"p{number}" for number in range(200)])
    for hour in range(hours):
        yield label([f"p{hour}"], [1], hour=hour)


def test_held_labels_are_not_measured_until_they_are_released(
    project, schema, write, prediction, label, start
):
    clock, state = FixedClock(start + timedelta(days=5)), MemoryState()
    write(*sent(prediction, label, 6))
    collector = Collector(capped(project, Rate(count=4, period=timedelta(days=1))), schema, state, clock)
    collector.turn(last=True)
    assert state.quality("flights")[0].rows == 4
    assert state.beats()["collector"]["held_labels"] == 2
    assert Feedback(project.home / "lake").say("api", "released", "ann", clock.now()) == 1
    clock.advance(timedelta(days=1))
    collector.turn(last=True)
    collector.close()
    assert state.quality("flights")[0].rows == 6
