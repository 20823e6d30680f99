import math
import random
from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from noria.collector.collect import Collector
from noria.core.maturity import DELAYS
from noria.project.model import Monitor
from noria.testing import FixedClock, MemoryState


@pytest.fixture
def state():
    return MemoryState()


@pytest.fixture
def clock(start):
    return FixedClock(start)


@pytest.fixture
def collect(project, schema, state, clock):
    """Takes over what is in the log, as of so many hours after the start."""
    collector = Collector(project, schema, state, clock)

    def turn(hour):
        clock.advance(timedelta(hours=hour) - (clock.now() - turn.start))
        collector.turn(last=True)

    turn.start = clock.now()
    return turn


def days(state):
    return [(row.day, row.version, row.role, row.predictions, row.rows) for row in state.quality("flights")]


def test_a_day_is_measured_once_it_is_mature(state, collect, write, prediction, label):
    write(prediction(["a", "b"], output=0.8), label(["a"], [1]))
    collect(47)
    assert days(state) == []
    collect(48)  # the day ended at hour 24, and its labels were due a day later
    assert days(state) == [("2013-01-01", 7, "champion", 2, 1)]
    # one label, 1, predicted 0.8: (1 - 0.8) ** 2 = 0.04
    assert state.quality("flights")[0].metrics["brier"] == pytest.approx(0.04)
    assert state.quality("flights")[0].metrics["accuracy"] == 1
    assert "auc" not in state.quality("flights")[0].metrics  # it needs both classes


def test_versions_and_roles_are_measured_apart(state, collect, write, prediction, label):
    write(
        prediction(["a"]),
        prediction(["b"], version=8, role="challenger"),
        prediction(["a", "b"], version=9, role="shadow"),
        label(["a", "b"], [1, 0]),
    )
    collect(48)
    assert days(state) == [
        ("2013-01-01", 7, "champion", 1, 1),
        ("2013-01-01", 8, "challenger", 1, 1),
        ("2013-01-01", 9, "shadow", 2, 2),
    ]
    assert state.beats()["collector"]["joined"] == 2


def test_a_shadow_is_paired_with_what_the_champion_answered(state, collect, write, prediction, label):
    write(
        prediction(["a", "b"], output=0.8),
        prediction(["c"], version=8, role="challenger", output=0.8),
        prediction(["a", "b", "c"], version=9, role="shadow", output=0.4),
        label(["a", "c"], [1, 1]),
    )
    collect(48)
    champion, challenger, shadow = state.quality("flights")
    assert champion.paired is challenger.paired is None
    # of the labelled rows a and c the champion answered a: log .8 better than log .4, and alone right
    assert (shadow.rows, shadow.paired.gains.rows) == (2, 1)
    assert shadow.paired.gains.mean == pytest.approx(math.log(0.4) - math.log(0.8))
    assert (shadow.paired.won, shadow.paired.lost) == (0, 1)
    assert shadow.loss == "log_loss"
    assert champion.losses.mean == pytest.approx(-math.log(0.8))


def test_a_late_label_measures_its_day_again(state, collect, write, prediction, label):
    write(prediction(["a", "b"]), label(["a"], [1]))
    collect(48)
    write(label(["b"], [0], hour=60))
    collect(60)
    assert days(state)[0][-1] == 1
    collect(72)  # with the next mature day
    assert days(state)[0][-1] == 2
    assert state.beats()["collector"]["joined"] == 2


def test_a_restart_measures_what_was_missed(project, schema, state, clock, write, prediction, label):
    write(prediction(["a", "b"]), label(["a"], [1]))
    clock.advance(timedelta(days=2))
    Collector(project, schema, state, clock).turn(last=True)
    write(label(["b"], [0], hour=49))
    killed = Collector(project, schema, state, clock)
    killed._quality.measure = lambda _: []
    killed.turn(last=True)
    assert days(state)[0][-1] == 1
    Collector(project, schema, state, clock).turn()
    assert days(state)[0][-1] == 2


def test_a_label_without_a_prediction_waits_for_it(state, collect, write, prediction, label):
    write(label(["a", "nobody"], [1, 1]))
    collect(48)
    assert days(state) == []
    write(prediction(["a"], hour=3))  # it comes late into the log
    collect(72)
    assert days(state) == [("2013-01-01", 7, "champion", 1, 1)]


@pytest.mark.parametrize("seed", range(6))
def test_any_order_and_repetition_gives_the_same_quality(
    seed, project, schema, state, clock, write, prediction, label
):
    ids = [f"p{number}" for number in range(40)]
    rows = random.Random(1)
    records = [prediction([each], hour=rows.uniform(0, 40), output=rows.random()) for each in ids]
    records += [prediction([each], hour=41, output=0.0) for each in ids[:5]]  # a client that asked twice
    records += [label([each], [rows.randint(0, 1)], hour=rows.uniform(0, 60)) for each in ids[:35]]
    records += [label([each], [1], hour=61) for each in ids[:5]]  # corrected
    shuffled = [*records, *records[45:60]]
    random.Random(seed).shuffle(shuffled)
    collector = Collector(project, schema, state, clock)
    for part in (shuffled[:30], shuffled[30:]):
        write(*part)
        collector.turn(last=True)
    clock.advance(timedelta(days=5))
    collector.turn(last=True)
    first, second = state.quality("flights")
    assert (first.day, second.day) == (date(2013, 1, 1).isoformat(), date(2013, 1, 2).isoformat())
    assert first.rows + second.rows == 35
    assert first.predictions + second.predictions == 40
    expected = log_losses(records)
    assert (first.metrics["log_loss"], second.metrics["log_loss"]) == pytest.approx(expected)


def log_losses(records):
    """The mean loss of each day, from the first output and the newest label of each id."""
    answers, labels = {}, {}
    for record in sorted(records, key=lambda record: record["at"]):
        name = record["ids"][0]
        if record["k"] == "p":
            answers.setdefault(name, record)
        else:
            labels[name] = record["labels"][0]
    losses = defaultdict(list)
    for name, truth in labels.items():
        output = np.frombuffer(answers[name]["outputs"])[0]
        losses[answers[name]["at"] // 86400].append(-math.log(output if truth else 1 - output))
    return [sum(losses[day]) / len(losses[day]) for day in sorted(losses)]


def test_beside_the_quality_stands_what_slices_calibration_and_delay_are_read_from(
    project, schema, clock, write, prediction, label
):
    watching = replace(project, monitor=Monitor(slices=("carrier",)))
    state = MemoryState()
    sent = {"carrier": ["AA", "AA", "UA"], "wind": [1.5, 2.5, 3.5]}
    write(
        prediction(["a", "b", "c"], outputs=[0.8, 0.2, 0.6], columns=sent), label(["a", "c"], [1, 0], hour=2)
    )
    clock.advance(timedelta(days=2))
    Collector(watching, schema, state, clock).turn(last=True)
    (kept,) = state.cohorts("flights")
    assert (kept.day, kept.version, kept.role, kept.predictions) == ("2013-01-01", 7, "champion", 3)
    assert dict(zip(DELAYS, kept.delays, strict=False))[timedelta(hours=3)] == 2  # each took two hours
    # predictions, labels, loss, said to be late, late, rightly said, wrongly said
    assert kept.segments["carrier"] == {
        "AA": (2, 1, pytest.approx(-math.log(0.8)), 1, 1, 1, 0),
        "UA": (1, 1, pytest.approx(-math.log(0.4)), 1, 0, 0, 1),
    }
    predictions, rows, outputs, truths, _ = map(sum, kept.scores)
    assert (predictions, rows, outputs, truths) == (3, 2, pytest.approx(1.4), 1)
