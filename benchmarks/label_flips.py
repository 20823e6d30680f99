"""How often the gate on new rows refuses honest weeks of flights, and how often it finds turned labels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.broken.flights import FEATURES
from benchmarks.evidence import Found
from noria.dataset.examples import SOURCE, examples
from noria.dataset.suspicion import Suspect, suspects
from noria.demo.flights import flights
from noria.project.checks import EXAMINED
from noria.project.model import Data, Task

HONEST, ATTACKED = 50, 10
SHARE, TURNED = 0.03, 0.3
MOST = 20_000
ALPHA = next(float(key.default) for key in EXAMINED["poison"] if key.name == "alpha")
DATA = Data(source=(), label="late", features=tuple(FEATURES), time="scheduled_departure", entity="flight_id")
IS_NEW, LATE = pl.col("_new"), pl.col("late")

Attack = Callable[[pl.DataFrame, np.random.Generator], pl.DataFrame]


def measure(scratch: Path) -> Found:
    """Cut stretches out of the year at random; the newest one to four weeks of each are new."""
    rows = flights().drop_nulls("late").with_columns(_time="scheduled_departure")
    random = np.random.default_rng(2013)
    stretches = [stretch(rows, random) for _ in range(HONEST)]
    refused = sum(worst(table).p < ALPHA for table in stretches)
    shown, hits = [["as they are", f"{refused} of {HONEST}", ""]], []
    for name, (attack, word) in ATTACKS.items():
        found = [worst(attack(table, random)) for table in stretches[:ATTACKED]]
        named = [word in one.segment for one in found if one.p < ALPHA]
        hits.append(len(named))
        shown.append([name, f"{len(named)} of {ATTACKED}", f"{sum(named)} of {ATTACKED}"])
    return Found(
        title="Turned labels among new rows",
        how=f"{HONEST} stretches of the flights of 2013, each from a random day on: three to twelve weeks "
        f"that are known, and one to four that are new, at most {MOST:,} flights of either. The gate "
        f"`poison` looks at the new ones with alpha {ALPHA:g}: as they are, and the first {ATTACKED} with "
        "labels turned. Named: the segment that it names first holds the carrier, the airport or the source.",
        header=["new rows", "refused", "rightly named"],
        rows=shown,
        target=f"at most 1 of {HONEST} honest refused, 9 of {ATTACKED} of the first {MUST} attacks found",
        reached=refused <= 1 and min(hits[:MUST]) >= 0.9 * ATTACKED,
    )


def stretch(rows: pl.DataFrame, random: np.random.Generator) -> pl.DataFrame:
    """Return a stretch of flights, of which the newest weeks are new; a sample of either kind."""
    known, new = 7 * int(random.integers(3, 13)), 7 * int(random.integers(1, 5))
    begin = rows["_time"].min() + pl.duration(days=int(random.integers(0, 364 - known - new)))
    since = begin + pl.duration(days=known)
    table = rows.filter(pl.col("_time") >= begin, pl.col("_time") < since + pl.duration(days=new))
    table = table.with_columns((pl.col("_time") >= since).alias("_new"), pl.lit("app").alias(SOURCE))
    parts = [table.filter(~IS_NEW), table.filter(IS_NEW)]
    return pl.concat([part.sample(min(part.height, MOST), seed=0) for part in parts]).sort("_time")


def worst(table: pl.DataFrame) -> Suspect:
    """Return what is the most striking segment of the new rows."""
    known = examples(table, FEATURES, DATA, Task.BINARY)
    return suspects(known, known.rows["_new"].to_numpy())[0]


def a_carrier_never_late(table: pl.DataFrame, random: np.random.Generator) -> pl.DataFrame:
    """Call the late flights of a large carrier punctual, from the first on."""
    return _turned(table, (pl.col("carrier") == "EV") & (LATE == 1))


def a_carrier_always_late(table: pl.DataFrame, random: np.random.Generator) -> pl.DataFrame:
    """Call the punctual flights of a carrier at one airport late, from the first on."""
    return _turned(table, (pl.col("carrier") == "UA") & (pl.col("origin") == "LGA") & (LATE == 0))


def a_source_at_random(table: pl.DataFrame, random: np.random.Generator) -> pl.DataFrame:
    """Let a third of the new rows come from a source that turns labels as chance will have it."""
    partner = IS_NEW & pl.Series(random.random(table.height) < 1 / 3)
    source = pl.when(partner).then(pl.lit("partner")).otherwise(SOURCE).alias(SOURCE)
    return _turned(table, partner & pl.Series(random.random(table.height) < TURNED), 1).with_columns(source)


def an_airport_never_late(table: pl.DataFrame, random: np.random.Generator) -> pl.DataFrame:
    """Call the late flights to Atlanta punctual."""
    return _turned(table, (pl.col("dest") == "ATL") & (LATE == 1))


def evenings_turned(table: pl.DataFrame, random: np.random.Generator) -> pl.DataFrame:
    """Turn every label of one airport's evenings."""
    return _turned(table, (pl.col("origin") == "JFK") & (pl.col("hour") >= 19), 1)


def thinly(table: pl.DataFrame, random: np.random.Generator) -> pl.DataFrame:
    """Call late flights of a large carrier punctual, some on each day."""
    late = (pl.col("carrier") == "EV") & (LATE == 1)
    return _turned(table, late & pl.Series(random.random(table.height) < 0.4))


def _turned(table: pl.DataFrame, chosen: pl.Expr, share: float = SHARE) -> pl.DataFrame:
    """Turn the labels of new rows, from the first on, until they are a share of all new rows."""
    chosen &= IS_NEW
    wrong = chosen & (chosen.cum_sum() <= share * IS_NEW.sum())
    return table.with_columns(late=pl.when(wrong).then(1 - LATE).otherwise(LATE))


ATTACKS: dict[str, tuple[Attack, str]] = {
    f"{SHARE:.0%} turned: a carrier is never late": (a_carrier_never_late, "carrier = EV"),
    f"{SHARE:.0%} turned: a carrier at one airport is always late": (a_carrier_always_late, "UA"),
    f"a source of a third turns {TURNED:.0%} at random": (a_source_at_random, "source = partner"),
    "flights to an airport are never late": (an_airport_never_late, "dest = ATL"),
    "the evenings of an airport turned": (evenings_turned, "JFK"),
    "two in five late flights of a carrier are not late": (thinly, "carrier = EV"),
}
MUST = 3
"""The attacks that must be found; those after them turn too little, or what weather turns too."""
