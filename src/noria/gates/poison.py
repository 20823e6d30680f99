"""New rows against the older ones: labels turned in a segment or by a source; and who gave most of them."""

from __future__ import annotations

from dataclasses import asdict

import polars as pl

from noria.dataset.examples import SOURCE, examples, kinds
from noria.dataset.suspicion import Suspect, suspects
from noria.gates.finding import Finding, failed, passed
from noria.gates.subject import Subject
from noria.wiring import state

MOST = 20_000
"""Rows of either kind that are looked at; a random sample of more."""
FEWEST_NEW, FEWEST_OLD = 100, 500
"""With fewer rows, nothing can be told."""


def poison(subject: Subject, *, alpha: float, volume: float) -> Finding:
    """The labels of new rows are what older rows let expect, in each segment and from each source."""
    rows = pl.read_parquet(subject.full_file)
    if SOURCE not in rows.columns:
        rows = rows.with_columns(pl.lit(None, pl.String).alias(SOURCE))
    is_new = pl.col("_version") > _learnt(subject, rows)
    new, old = rows.filter(is_new), rows.filter(~is_new)
    counts = f"{new.height} new rows against {old.height} older ones"
    if new.height < FEWEST_NEW or old.height < FEWEST_OLD:
        return passed(f"too few to tell: {counts}", new=new.height)
    source, share = _largest(new)
    if share > volume:
        return failed(f"{source} gave {share:.0%} of the new rows; allowed is {volume:.0%}", share=share)
    looked = _suspects(subject, old, new)
    found = [one for one in looked if one.p < alpha]
    if found:
        return failed(f"{_said(found[0])}: {counts}", rows=[asdict(one) for one in found], z=found[0].z)
    return passed(f"none of {len(looked)} segments stands out: {counts}", segments=len(looked))


def _said(one: Suspect) -> str:
    more = "more" if one.excess > 0 else "fewer"
    said = f"{abs(one.excess):.0f} {more} {one.what} than older rows let expect"
    return f"{one.segment} has, in {one.rows} new rows, {said} (z {one.z:+.1f})"


def _learnt(subject: Subject, rows: pl.DataFrame) -> int:
    """Return the data version that the champion knows; without a champion, the first that there is."""
    oldest: int = rows["_version"].min()  # type: ignore[assignment]
    versions = state(subject.project).versions(subject.project.name) if subject.champion_artifact else []
    known = [row for row in versions if row.artifact == str(subject.champion_artifact)]
    return int(known[0].facts["data_version"]) if known else oldest


def _largest(new: pl.DataFrame) -> tuple[str, float]:
    """Return who gave most of the new rows, and the share; "" where it is not known."""
    counts = new[SOURCE].drop_nulls().value_counts(sort=True)
    return (str(counts[SOURCE][0]), counts["count"][0] / new.height) if counts.height else ("", 0.0)


def _suspects(subject: Subject, old: pl.DataFrame, new: pl.DataFrame) -> list[Suspect]:
    sampled = [part.sample(min(part.height, MOST), seed=0) for part in (old, new)]
    marked = [part.with_columns(_new=pl.lit(number == 1)) for number, part in enumerate(sampled)]
    project = subject.project
    known = examples(pl.concat(marked), kinds(project, subject.schema), project.data, project.task)
    return suspects(known, known.rows["_new"].to_numpy())
