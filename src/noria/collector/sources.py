"""The sources of labels: how many of each class came from each in every hour, and what is held back."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from noria.core.burst import BLOCKS, Block, suspicious
from noria.delta import Table
from noria.outcomes import HOLDS, SPAN, held, standing
from noria.project.model import Project, Task

HOUR = 3600
REACH = timedelta(days=28)
"""How far back the hours go that a new one is held against."""
Hour = tuple[str, int]
"""A source, and the number of an hour since 1970."""
Hours = dict[int, Counter[str]]
"""Labels by hour and class."""


class Sources:
    """Watches what the one writer of `labels` appends; what should not count stands in `holds`.

    `waiting` is the number of labels that are held until somebody releases or drops them.
    """

    def __init__(self, project: Project, labels: Table, holds: Table, now: datetime) -> None:
        self._cap = project.feedback.cap
        self._labels = labels
        self._holds = holds
        self._spans = standing(holds.scan())
        self._reach = max(REACH, self._cap.period) if self._cap else REACH
        self._hours: dict[str, Hours] = defaultdict(lambda: defaultdict(Counter))
        self._all: Hours = defaultdict(Counter)
        self._oldest = 0
        days = {day for day in labels.days() if day >= (now - self._reach).date()}
        self._numbers = project.task == Task.REGRESSION
        self._centre: float | None = None
        self._fresh = self._add(labels.scan(days)) if days else set()
        self.waiting = self._waiting()

    def look(self, new: pl.DataFrame, now: datetime) -> pl.Series:
        """Look at labels that were appended; return the ids whose labels began or ceased to count."""
        self._forget(now)
        fresh = self._fresh | self._add(new.lazy())
        self._fresh = set()
        said = [*self._over_cap(fresh), *self._bursts(fresh)]
        if said:
            rows = [{"said": now, "state": "held", "by": "noria", **each} for each in said]
            self._holds.append(pl.DataFrame(rows, schema=HOLDS), {})
        return self.hear()

    def hear(self) -> pl.Series:
        """Return the ids of the labels on which something else was said since the last time."""
        self._holds.refresh()
        before, self._spans = self._spans, standing(self._holds.scan())
        changed = self._spans.join(before, on=[*SPAN, "state"], how="anti")
        self.waiting = self._waiting()
        empty = pl.Series("id", [], pl.String)
        return self._within(changed).select("id").collect()["id"] if changed.height else empty

    def _add(self, labels: pl.LazyFrame) -> set[Hour]:
        """Count labels by source, hour and class; return the sources' hours among them."""
        label = pl.col("label")
        if self._numbers:
            if self._centre is None:
                self._centre = labels.select(label.median()).collect().item()
            label = label > pl.lit(self._centre)
        hour = pl.col("at").dt.epoch("s") // HOUR
        counted = labels.group_by("source", hour.alias("at"), label.cast(pl.String)).len().collect()
        for source, number, name, count in counted.drop_nulls().iter_rows():
            self._hours[source][number][name] += count
            self._all[number][name] += count
        return {(source, number) for source, number in counted.select("source", "at").unique().iter_rows()}

    def _over_cap(self, fresh: Iterable[Hour]) -> Iterator[dict[str, Any]]:
        """Yield a span for each source that has sent more than the cap, from what exceeds it on."""
        if self._cap is None:
            return
        length = int(self._cap.period.total_seconds())
        known = {(row["source"], row["end"]) for row in self._rows("cap")}
        for source, begin in sorted({(source, hour * HOUR // length * length) for source, hour in fresh}):
            hours = self._hours[source].items()
            came = sum(seen.total() for hour, seen in hours if begin <= hour * HOUR < begin + length)
            first, end = _moment(begin), _moment(begin + length)
            if came > self._cap.count and (source, end) not in known:
                days = {day for day in self._labels.days() if first.date() <= day <= end.date()}
                sent = pl.col("at").filter(pl.col("source") == source, pl.col("at") >= first)
                beyond = self._labels.scan(days).select(sent.sort()).collect()["at"][self._cap.count]
                reason = f"more than {self._cap.count} labels in {length / HOUR:g} hours"
                yield {"source": source, "kind": "cap", "begin": beyond, "end": end, "reason": reason}

    def _bursts(self, fresh: Iterable[Hour]) -> Iterator[dict[str, Any]]:
        """Yield a span for each hour of a source whose labels are far off."""
        known = {(row["source"], row["begin"]) for row in self._rows("burst")}
        for source, hour in sorted(fresh):
            begin = _moment(hour * HOUR)
            if (source, begin) not in known and (reason := self._suspicion(source, hour)):
                end = begin + timedelta(seconds=HOUR)
                yield {"source": source, "kind": "burst", "begin": begin, "end": end, "reason": reason}

    def _suspicion(self, source: str, hour: int) -> str:
        """Return what is far off in a source's hour, or ""."""
        held_back = self._held_back()
        own = self._hours[source]
        before = [at for at in own if at < hour and (source, at) not in held_back]
        if len(before) < BLOCKS:
            return ""
        others = self._others(source, held_back)
        classes = {name for seen in own.values() for name in seen}
        for name in sorted(classes):
            past = [(_block(own[at], name), _block(others[at], name)) for at in before]
            block = _block(own[hour], name)
            if suspicious(past, block, _block(others[hour], name), len(classes)):
                usual = sum(each.events for each, _ in past) / sum(each.labels for each, _ in past)
                share = block.events / block.labels
                return f"{share:.0%} of {block.labels} labels were {name}, {usual:.0%} of those before"
        return ""

    def _held_back(self) -> set[Hour]:
        """Return the hours of sources that were far off, and that nobody has released."""
        spans = [row for row in self._rows("burst") if row["state"] != "released"]
        return {(row["source"], int(row["begin"].timestamp()) // HOUR) for row in spans}

    def _others(self, source: str, held_back: Iterable[Hour]) -> Hours:
        """Return the labels of all sources but one, without what is held back."""
        others = {at: seen - self._hours[source].get(at, Counter()) for at, seen in self._all.items()}
        for name, at in held_back:
            if name != source and at in others:
                others[at] -= self._hours[name].get(at, Counter())
        return others

    def _waiting(self) -> int:
        spans = self._spans.filter(pl.col("state") == "held")
        return int(self._within(spans).select(pl.len()).collect().item()) if spans.height else 0

    def _within(self, spans: pl.DataFrame) -> pl.LazyFrame:
        """Return the labels in some spans, of which there is one at least."""
        first, last = spans["begin"].min(), spans["end"].max()
        days = {day for day in self._labels.days() if first.date() <= day <= last.date()}  # type: ignore[union-attr]
        return self._labels.scan(days).filter(held(spans))

    def _rows(self, kind: str) -> list[dict[str, Any]]:
        return self._spans.filter(pl.col("kind") == kind).to_dicts()

    def _forget(self, now: datetime) -> None:
        """Forget the hours that are out of reach; once an hour is often enough."""
        oldest = int((now - self._reach).timestamp()) // HOUR
        if oldest == self._oldest:
            return
        self._oldest = oldest
        for hours in (self._all, *self._hours.values()):
            for hour in [hour for hour in hours if hour < oldest]:
                del hours[hour]
        for source in [source for source, hours in self._hours.items() if not hours]:
            del self._hours[source]


def _block(seen: Counter[str], name: str) -> Block:
    return Block(events=seen[name], labels=seen.total())


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
