"""Predictions with what became of them: the join of the two tables that the collector writes.

The result depends neither on the order nor on the number of arrivals: of an id, the first answered prediction
counts, and of its labels the one that tells of the latest moment. All labels stay in their table.
"""

from __future__ import annotations

import numpy as np
import polars as pl

ROLES = ("champion", "challenger")
"""The roles that answer. A shadow's predictions are copies: they are judged, but never become examples."""
UNASKED = ("fallback", "abstained")
"""The roles of rows that no model was asked for: one value answers them all, or nobody does."""

OWN = ("id", "at", "entity", "client", "model", "version", "role", "plan", "output", "margin", "latency")
"""The columns of predictions that are not a client's."""
JOINED = (*OWN, "label", "label_at")
"""Those of predictions with their labels."""

HOLDS = pl.Schema(
    {
        "said": pl.Datetime("us", "UTC"),
        "source": pl.String(),
        "kind": pl.String(),
        "begin": pl.Datetime("us", "UTC"),
        "end": pl.Datetime("us", "UTC"),
        "state": pl.String(),
        "reason": pl.String(),
        "by": pl.String(),
    }
)
"""The table of what is held back: the labels that came from a source from `begin` to before `end`.

`kind` is cap or burst, `state` is held, released or dropped. What was said last of a `SPAN` holds.
"""


SPAN = ("source", "kind", "begin")


def stored(name: str) -> str:
    """Return what a column that clients send is called in the table: a name that is taken gets a prefix."""
    return f"sent_{name}" if name in JOINED or name.startswith("_") else name


def first_answers(predictions: pl.LazyFrame) -> pl.LazyFrame:
    """Return one prediction per id: the first that answered, and beside it the first of each shadow.

    What nobody answered is none.
    """
    shadow = pl.when(pl.col("role").is_in(ROLES)).then(None).otherwise("version")
    return (
        predictions.filter(pl.col("role") != "abstained")
        .with_columns(_shadow=shadow)
        .sort("id", "at", "version", "plan", "latency")
        .unique(["id", "_shadow"], keep="first")
        .drop("_shadow")
    )


def newest_labels(labels: pl.LazyFrame, predictions: pl.LazyFrame) -> pl.LazyFrame:
    """Return `id`, `label` and `label_at`, when it came first; one row per id: what it was said to be last.

    Of two labels of one moment the greater counts. A label with a `client` is for that client's predictions
    alone: whoever asked for another one first is not heard.
    """
    given = labels.drop_nulls("label")
    own = given.filter(pl.col("client").is_not_null())
    asked = predictions.join(own, on="id", how="semi").sort("at", "version", "plan", "latency")
    owners = asked.unique("id", keep="first").select("id", "client")
    others = given.filter(pl.col("client").is_null())
    return (
        pl.concat([others, own.join(owners, on=["id", "client"], how="semi")])
        .select("id", "label", "as_of", label_at="at")
        .sort("as_of", "label", "label_at", descending=[True, True, False])
        .unique("id", keep="first")
        .drop("as_of")
    )


def outcomes(predictions: pl.LazyFrame, labels: pl.LazyFrame) -> pl.LazyFrame:
    """Return the predictions of `first_answers` with `label` and `label_at`, null where none came yet."""
    return first_answers(predictions).join(newest_labels(labels, predictions), on="id", how="left")


def outputs(output: pl.Series) -> np.ndarray:
    """Return answers as numbers; shape (n,), or (n, classes)."""
    if output.dtype == pl.Float64:
        return output.to_numpy()
    return np.array(output.to_list(), dtype=float)


def standing(holds: pl.LazyFrame) -> pl.DataFrame:
    """Return what was said last of each span, see `HOLDS`, the oldest first."""
    if not holds.collect_schema():
        return pl.DataFrame(schema=HOLDS)
    by_person = pl.col("state") != "held"  # the last word, also where a clock stood still
    newest = holds.sort("said", by_person).unique(SPAN, keep="last", maintain_order=True)
    return newest.sort("begin", "source", "kind").collect()


def counting(labels: pl.LazyFrame, holds: pl.LazyFrame) -> pl.LazyFrame:
    """Return the labels that nobody holds back."""
    back = standing(holds).filter(pl.col("state") != "released")
    return labels.filter(~held(back)) if back.height and labels.collect_schema() else labels


def held(spans: pl.DataFrame) -> pl.Expr:
    """Say of a label whether it came in one of these spans, of which there is one at least."""
    within: list[pl.Expr] = [
        (pl.col("source") == source) & pl.col("at").is_between(begin, end, closed="left")
        for source, begin, end in spans.select("source", "begin", "end").iter_rows()
    ]
    return pl.any_horizontal(within)
