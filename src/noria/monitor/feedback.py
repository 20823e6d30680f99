"""The labels of a model as a person sees them: by source, of one prediction, and what is held back."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import polars as pl

from noria.delta import Table
from noria.outcomes import HOLDS, held, newest_labels, standing


class Feedback:
    """The tables of labels, predictions and holds in a `lake`."""

    def __init__(self, lake: Path) -> None:
        self._labels = Table(lake / "labels", by_day=True)
        self._predictions = Table(lake / "predictions", by_day=True)
        self._holds = Table(lake / "holds")

    def sources(self) -> pl.DataFrame:
        """Return a row for each `source`: how many labels and ids came from it, and when the `last` one did.

        Of the ids some are `unknown`: no prediction has them. Of the labels some are `held` or `dropped`.
        """
        if not (self._labels.rows and self._predictions.schema):
            return pl.DataFrame()
        known = self._predictions.scan().select("id", known=True).unique()
        rows = self._stated(self._labels.scan()).join(known, on="id", how="left")
        ids = pl.col("id")
        return (
            rows.group_by("source")
            .agg(
                labels=pl.len(),
                ids=ids.n_unique(),
                unknown=ids.filter(pl.col("known").is_null()).n_unique(),
                held=(pl.col("state") == "held").sum(),
                dropped=(pl.col("state") == "dropped").sum(),
                last=pl.col("at").max(),
            )
            .sort("source")
            .collect()
        )

    def spans(self) -> pl.DataFrame:
        """Return what is or was held back, see `noria.outcomes.HOLDS`."""
        return standing(self._holds.scan())

    def history(self, id: str) -> pl.DataFrame:  # noqa: A002 - the column's name
        """Return all labels of a prediction, the oldest first, with what they tell of and their `state`.

        The state is counts, corrected (another one tells of a later moment), held, dropped, another's (its
        token may not label this prediction) or unknown (there is no such prediction).
        """
        if not (self._labels.rows and self._predictions.schema):
            return pl.DataFrame()
        rows = self._stated(self._labels.scan().filter(pl.col("id") == id)).collect()
        asked = self._predictions.scan().filter(pl.col("id") == id).sort("at").collect()
        open_ = rows.filter(pl.col("state") == "counts").drop("state").lazy()
        best = newest_labels(open_, asked.lazy()).collect()
        counts = pl.struct("label", "at").is_in(best.select(pl.struct("label", at="label_at")).to_series())
        owner = asked["client"][0] if asked.height else None
        state = (
            pl.when(pl.col("state") != "counts")
            .then("state")
            .when(not asked.height)
            .then(pl.lit("unknown"))
            .when(pl.col("client").is_not_null() & pl.col("client").ne_missing(pl.lit(owner, pl.String)))
            .then(pl.lit("another's"))
            .when(counts)
            .then(pl.lit("counts"))
            .otherwise(pl.lit("corrected"))
        )
        return rows.select("label", "as_of", "at", "source", state=state).sort("as_of", "at")

    def say(self, source: str, state: str, by: str, now: datetime) -> int:
        """Release or drop all that is held of a source; return how many spans that were."""
        spans = self.spans().filter(pl.col("source") == source, pl.col("state") == "held")
        if spans.height:
            said = pl.lit(now).cast(HOLDS["said"])
            rows = spans.with_columns(said=said, state=pl.lit(state), by=pl.lit(by))
            self._holds.append(rows.select(*HOLDS), {})
        return spans.height

    def _stated(self, labels: pl.LazyFrame) -> pl.LazyFrame:
        """Add a `state`: held, dropped or counts."""
        state = pl.lit("counts")
        for name in ("held", "dropped"):
            spans = self.spans().filter(pl.col("state") == name)
            if spans.height:
                state = pl.when(held(spans)).then(pl.lit(name)).otherwise(state)
        return labels.with_columns(state=state)
