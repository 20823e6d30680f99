"""Labels in any order, more than once, and corrected: the tables say the same."""

import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from random import Random

import polars as pl
import pytest

from benchmarks.evidence import Found, write
from noria.collector.collect import Collector
from noria.delta import Table
from noria.outcomes import outcomes
from noria.project.model import Project
from noria.project.table import TableSchema
from noria.segment import encode
from noria.testing import FixedClock, MemoryState

HERE = Path(__file__).parent
REQUEST = 1000
"""The most labels of a request."""
Event = tuple[str, float, float]
"""An id, its label, and the moment that it tells of."""


def events(dice: Random, ids: int, begin: float) -> list[Event]:
    """A label for each id; for every tenth a correction or two; and a fifth of all of it once more."""
    told = [
        (f"p{number}", float(dice.random() < 0.3), begin + dice.randrange(10**6)) for number in range(ids)
    ]
    again = [dice.choice(told) for _ in range(ids // 10)]
    told += [(key, 1 - label, at + dice.choice([0, 1, 3600])) for key, label, at in again]
    return told + dice.choices(told, k=len(told) // 5)


def requests(dice: Random, told: list[Event], begin: float) -> Iterator[dict]:
    """The labels in a new order, in requests of any size that arrive one after the other, at two gateways."""
    order = dice.sample(told, len(told))
    at = begin + 2 * 10**6
    while order:
        part = [order.pop() for _ in range(min(len(order), dice.randint(1, REQUEST)))]
        ids, labels, times = map(list, zip(*part, strict=True))
        yield {
            "k": "l",
            "at": at,
            "model": "flights",
            "ids": ids,
            "labels": labels,
            "times": times,
            "source": "api",
        }
        at += dice.random()


def played(project: Project, schema: TableSchema, records: Iterator[dict], dice: Random, start) -> Table:
    """Take the records over, by a collector that is killed and replaced between two of its looks."""
    folder = project.home / "log"
    folder.mkdir(parents=True)
    for record in records:
        with (folder / f"{dice.randrange(2)}-1000-0.seg").open("ab") as file:
            file.write(encode(record))
        if dice.random() < 0.02:
            Collector(project, schema, MemoryState(), FixedClock(start)).turn(last=True)
    Collector(project, schema, MemoryState(), FixedClock(start)).turn(last=True)
    return Table(project.home / "lake" / "labels", by_day=True)


def tables(labels: Table, ids: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The predictions with the label that counts, and every label that was ever said of each."""
    served = {
        "version": 1,
        "plan": 1,
        "latency": 0.1,
        "role": "champion",
        "client": None,
        "at": date(2013, 1, 1),
    }
    asked = pl.LazyFrame({"id": [f"p{number}" for number in range(ids)]}).with_columns(
        pl.lit(value).alias(name) for name, value in served.items()
    )
    asked = asked.with_columns(pl.col("client").cast(pl.String))
    joined = outcomes(asked, labels.scan()).select("id", "label").sort("id").collect()
    return joined, labels.scan().select("id", "as_of", "label").unique().sort(
        "id", "as_of", "label"
    ).collect()


def expected(told: list[Event]) -> dict[str, float]:
    """What should count, by a dictionary: of an id the latest moment, and of that the greater label."""
    newest: dict[str, tuple[float, float]] = {}
    for key, label, at in told:
        newest[key] = max(newest.get(key, (at, label)), (at, label))
    return {key: label for key, (_, label) in newest.items()}


def alike(root: Path, schema: TableSchema, start, ids: int, permutations: int, make) -> tuple[int, int]:
    """Return how many permutations gave the tables that they should, and how many labels each had."""
    told = events(Random(1), ids, start.timestamp())
    right, same = expected(told), 0
    first = None
    for seed in range(permutations):
        dice = Random(seed)
        records = requests(dice, told, start.timestamp())
        labels = played(make(root / str(seed)), schema, records, dice, start)
        found = tables(labels, ids)
        first = first or found
        equal = all(one.equals(other) for one, other in zip(first, found, strict=True))
        same += equal and dict(found[0].iter_rows()) == right
    return same, len(told)


def test_any_order_gives_the_same_tables(tmp_path, schema, start, make_project) -> None:
    same, _ = alike(tmp_path, schema, start, 2000, 4, make_project)
    assert same == 4


@pytest.mark.evidence
@pytest.mark.timeout(1800)
def test_a_hundred_orders_of_a_hundred_thousand_labels(tmp_path, schema, start, make_project) -> None:
    began = time.monotonic()
    same, sent = alike(tmp_path, schema, start, 100_000, 100, make_project)
    seconds = time.monotonic() - began
    took, peak = million(tmp_path / "million")
    rows = [
        ("orders with the tables of the first, and of a dictionary", f"{same} of 100"),
        ("labels in each order, duplicates and corrections among them", sent),
        ("seconds for all orders", round(seconds)),
        ("seconds of a collector that finds a million labels", round(took, 1)),
        ("its memory at most (MB)", round(peak)),
    ]
    how = (
        "100,000 predictions get a label each, every tenth a correction that tells of the same or a later "
        "moment, and a fifth of all labels come twice. They arrive in 100 random orders, in requests of 1 to "
        "1,000 labels at two gateways; the collector is replaced now and then. The join of predictions and "
        "labels, and the table of all labels, are compared. Last, a collector finds a million labels at once."
    )
    reached = same == 100 and peak < MOST
    found = Found(
        title="Labels in any order",
        how=how,
        header=("what", "found"),
        rows=rows,
        target=f"Identical tables, and a million labels at once within {MOST} MB",
        reached=reached,
    )
    write("feedback", found)
    assert reached


MOST = 700
"""Megabytes that a collector may take for any number of labels."""


def million(root: Path) -> tuple[float, float]:
    """Return how long a collector takes for a million labels, and its memory at most (MB)."""
    began = time.monotonic()
    subprocess.run([sys.executable, str(HERE / "million.py"), str(root)], check=True)
    return time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
