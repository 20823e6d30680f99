from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from noria.outcomes import HOLDS, counting, newest_labels, outcomes, standing

NOON = datetime(2013, 1, 1, 12, tzinfo=UTC)
LABELS = {
    "id": pl.String(),
    "label": pl.Float64(),
    "as_of": pl.Datetime("us", "UTC"),
    "at": pl.Datetime("us", "UTC"),
    "source": pl.String(),
    "client": pl.String(),
}


def minute(number: float) -> datetime:
    return NOON + timedelta(minutes=number)


def label(key: str, value: float | None, at: float, as_of: float | None = None, client: str | None = None):
    return key, value, minute(at if as_of is None else as_of), minute(at), "api", client


def labels(*rows: tuple) -> pl.LazyFrame:
    return pl.LazyFrame(rows, schema=LABELS, orient="row")


def predictions(**clients: str | None) -> pl.LazyFrame:
    """A prediction by each id, which a client has asked for."""
    rows = {"at": NOON, "version": 1, "role": "champion", "plan": 1, "output": 0.5, "latency": 0.01}
    frame = pl.LazyFrame({"id": list(clients), "client": list(clients.values())}, schema_overrides=LABELS)
    return frame.with_columns(pl.lit(value).alias(name) for name, value in rows.items())


def joined(rows: pl.LazyFrame, asked: pl.LazyFrame) -> dict[str, float | None]:
    return dict(outcomes(asked, rows).select("id", "label").sort("id").collect().iter_rows())


CASES = [
    ("the one that came last", [label("a", 1, 1), label("a", 0, 2)], 0),
    ("a correction that tells of an earlier moment", [label("a", 0, 1), label("a", 1, 3, as_of=0)], 0),
    ("a correction that came first", [label("a", 0, 1, as_of=1), label("a", 1, 2, as_of=0)], 0),
    ("of one moment, the greater", [label("a", 1, 1), label("a", 0, 1)], 1),
    ("no label of another type", [label("a", 1, 1), label("a", None, 2)], 1),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_which_label_counts(rows: Sequence[tuple], expected: float) -> None:
    for order in (rows, rows[::-1]):
        assert joined(labels(*order), predictions(a=None)) == {"a": expected}


def test_a_label_is_known_from_when_it_came_first() -> None:
    rows = labels(label("a", 1, 9, as_of=1), label("a", 1, 4, as_of=1))
    assert newest_labels(rows, predictions(a=None)).collect()["label_at"].to_list() == [minute(4)]


def test_who_may_label_its_own_predictions_alone_is_not_heard_on_others() -> None:
    rows = labels(
        label("a", 0, 1),
        label("a", 1, 2, client="shop"),  # the shop's own
        label("b", 0, 1),
        label("b", 1, 2, client="shop"),  # another's: the label before stays
        label("c", 1, 1, client="shop"),  # asked for without a token
        label("d", 1, 1, client="shop"),  # by nobody
    )
    assert joined(rows, predictions(a="shop", b="desk", c=None)) == {"a": 1, "b": 0, "c": None}


def test_an_id_belongs_to_who_asked_first() -> None:
    first = predictions(a="shop")
    second = predictions(a="thief").with_columns(at=pl.lit(minute(1)))
    rows = labels(label("a", 1, 1, client="shop"), label("a", 0, 2, client="thief"))
    assert joined(rows, pl.concat([second, first])) == {"a": 1}


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**32))
def test_order_and_repetition_change_nothing(seed: int) -> None:
    dice = Random(seed)
    events = [
        label(dice.choice("abc"), dice.choice([0, 1]), dice.randrange(9), client=dice.choice([None, "shop"]))
        for _ in range(20)
    ]
    asked = predictions(a="shop", b=None, c="desk")
    sent = [*events, *dice.choices(events, k=9)]
    dice.shuffle(sent)
    one, other = (outcomes(asked, labels(*rows)).sort("id").collect() for rows in (events, sent))
    assert one.equals(other)


def hold(begin: float, end: float, state: str, said: float) -> dict:
    span = {"source": "api", "kind": "burst", "begin": minute(begin), "end": minute(end)}
    return {**span, "said": minute(said), "state": state, "reason": "far off", "by": "noria"}


def test_what_is_held_joins_nothing_until_it_is_released() -> None:
    rows = labels(*(label(key, 1, at) for at, key in enumerate("abcd")))
    said = [hold(1, 3, "held", 5)]  # from b on, to before d

    def left() -> str:
        held = counting(rows, pl.LazyFrame(said, schema=HOLDS)).collect()
        return "".join(held["id"])

    assert left() == "ad"
    said.append(hold(1, 3, "released", 6))
    assert left() == "abcd"
    said.append(hold(1, 3, "dropped", 7))
    assert left() == "ad"
    assert standing(pl.LazyFrame(said[::-1], schema=HOLDS))["state"].to_list() == ["dropped"]


def test_nothing_is_held_before_there_is_a_table() -> None:
    rows = labels(label("a", 1, 1))
    assert counting(rows, pl.LazyFrame()).collect().height == 1
    assert counting(pl.LazyFrame(), pl.LazyFrame(schema=HOLDS)).collect().is_empty()
