"""The collector: takes the records of the log over into traffic counts, tables and realised quality.

Each place remembers, in the same commit as the rows, how far of which segment it has taken over. A collector
that was killed anywhere therefore repeats for each place exactly what that place does not have yet.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from threading import Event

import polars as pl

from noria import segment
from noria.collector import records, traffic
from noria.collector.audit import Audit
from noria.collector.log import Log, Slice
from noria.collector.quality import Quality
from noria.collector.records import Record
from noria.collector.sources import Sources
from noria.core.maturity import last_mature_day
from noria.delta import Table
from noria.monitor import gauges
from noria.monitor.alerting import Alerting
from noria.monitor.coverage import publish
from noria.monitor.daily import Daily
from noria.monitor.outliers import scored
from noria.monitor.profiling import hourly
from noria.monitor.references import References
from noria.monitor.telling import Send
from noria.origin import fingerprint
from noria.ports import Clock, State
from noria.project.model import Project
from noria.project.table import TableSchema

POLL = 0.2
"""Seconds between two looks at the log: the age of what a rollout knows of its traffic."""
GATHER = 5.0
"""Seconds for which records are gathered before they are written to the tables: a commit costs 20 ms."""
ENOUGH = 50_000
"""Rows that are written at once without waiting longer."""
BEAT = 1.0
"""Seconds between two signs of life."""
WAITING = ("queued", "merged")
"""The status of a run that has seen no data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """The usable records of a segment up to an offset, as rows of the tables."""

    segment: str
    stop: int
    predictions: pl.DataFrame
    labels: pl.DataFrame


def run(
    project: Project,
    schema: TableSchema,
    state: State,
    clock: Clock,
    stop: Event,
    poll: float = POLL,
    send: Send | None = None,
) -> None:
    """Collect until `stop` is set, looking every `poll` seconds; then take over what is there, and return.

    `send` tells people of alerts.
    """
    collector = Collector(project, schema, state, clock, send)
    while not stop.wait(poll):
        collector.turn()
    collector.turn(last=True)
    collector.close()


class Collector:
    """One per project: the only writer of its tables of predictions and labels."""

    def __init__(
        self, project: Project, schema: TableSchema, state: State, clock: Clock, send: Send | None = None
    ) -> None:
        lake = project.home / "lake"
        self._project = project
        self._layout = records.layout(project, schema)
        self._state = state
        self._clock = clock
        self._predictions = Table(lake / "predictions", by_day=True)
        self._labels = Table(lake / "labels", by_day=True)
        self._predictions.create(records.predictions([], self._layout).schema)
        self._labels.create(records.labels([], self._layout).schema)
        self._holds = Table(lake / "holds")
        label = schema.column(project.data.label)
        self._references = References(state, project.name)
        tables = (self._predictions, self._labels, self._holds)
        self._quality = Quality(project, label, *tables, state, self._references.grid)
        self._sources = Sources(project, self._labels, self._holds, clock.now())
        self._log = Log(project.home / "log", self._marks)
        self._nothing = self._taken("", 0, [])
        self._daily = Daily(project, state, self._references)
        self._audit = Audit(project, state, clock.now())
        self._alerting = Alerting(project, state, clock, send)
        self._gathered: list[Taken] = []
        self._since = time.monotonic()
        self._written_for: date | None = None
        self._beaten = float("-inf")

    def turn(self, *, last: bool = False) -> None:
        """Take over what is new in the log; write and measure when it is time to."""
        now = self._clock.now()  # before the log is read: what was recorded until now is then in hand
        for slice_ in self._log.slices():
            self._gathered.append(self._take(slice_))
            if self._waiting() >= ENOUGH:  # however much there is, only so much is held
                self._write(now)
        day = last_mature_day(self._project.data.label_delay, now)
        rows = self._waiting()
        waited = time.monotonic() - self._since
        matured = day != self._written_for
        if last or matured or rows >= ENOUGH or (waited >= GATHER and rows):
            self._write(now)
            self._written_for = day
            self._measure(now)
            self._log.drop_consumed()
        checked = self._daily.check(now)  # once what has become mature with the day is measured
        said = [*checked, *self._audit.turn(now)]
        self._alerting.take(said, now)
        if said or matured:
            gauges.write(self._project, self._state, now)
        if last or matured or time.monotonic() - self._beaten >= BEAT:
            if self._sources.waiting:
                self._quality.add((), self._sources.hear())
            self._beat(now)

    def close(self) -> None:
        """End what it has started."""
        self._audit.close()
        self._alerting.stop()

    def _waiting(self) -> int:
        """Return how many gathered rows wait for the tables."""
        return sum(taken.predictions.height + taken.labels.height for taken in self._gathered)

    def _write(self, now: datetime) -> None:
        """Append the gathered records to the tables, and forget them."""
        predictions = self._append(self._predictions, lambda taken: taken.predictions)
        labels = self._append(self._labels, lambda taken: taken.labels)
        self._quality.add(predictions["_day"].unique(), labels["id"])
        self._quality.add((), self._sources.look(labels, now))
        self._gathered.clear()
        self._since = time.monotonic()

    def _measure(self, now: datetime) -> None:
        """Measure what has become mature, and tell the gateways what follows for their margins."""
        promised = self._project.monitor.coverage
        if self._quality.measure(now) and promised is not None:
            publish(self._state.quality(self._project.name), promised, self._project.home)

    def _append(self, table: Table, rows_of: Callable[[Taken], pl.DataFrame]) -> pl.DataFrame:
        """Append the rows that the table does not have yet, and return them."""
        new = [taken for taken in self._gathered if taken.stop > table.mark(taken.segment)]
        frame = pl.concat(map(rows_of, [self._nothing, *new]))
        if not frame.is_empty():
            table.append(frame, {taken.segment: taken.stop for taken in new})
        return frame

    def _take(self, slice_: Slice) -> Taken:
        """Check the records of a slice, put aside those that lack something, and count the traffic."""
        good: list[Record] = []
        for raw in slice_.records:
            if record := records.parse(raw):
                good.append(record)
            else:
                self._log.quarantine(slice_.segment, segment.encode(raw))
        taken = self._taken(slice_.segment, slice_.stop, good)
        if seen := traffic.counts(good):
            rows = scored(taken.predictions, self._references.detector)
            profiles = hourly(rows, self._references.grid)
            self._state.add_traffic(self._project.name, (slice_.segment, slice_.stop), seen, profiles)
        return taken

    def _taken(self, name: str, stop: int, good: list[Record]) -> Taken:
        return Taken(
            segment=name,
            stop=stop,
            predictions=records.predictions(good, self._layout),
            labels=records.labels(good, self._layout),
        )

    def _marks(self, name: str) -> tuple[int, ...]:
        counted = self._state.traffic_mark(self._project.name, name)
        return self._predictions.mark(name), self._labels.mark(name), counted

    def _beat(self, now: datetime) -> None:
        """Tell what the loop must know cheaply.

        `joined` are the labelled predictions on measured days, `unseen_labels` those of them that became
        mature since the last run began; `source` changes with the project's source files.
        """
        runs = [run for run in self._state.runs(self._project.name, 20) if run.status not in WAITING]
        seen = max((run.started for run in runs), default=datetime.min.replace(tzinfo=UTC))
        facts = {
            "backlog": self._log.backlog(),
            "predictions": self._predictions.rows,
            "labels": self._labels.rows,
            "joined": self._quality.joined,
            "unseen_labels": self._quality.joined_since(seen),
            "quarantined": self._log.quarantined,
            "held_labels": self._sources.waiting,
            "source": fingerprint(self._project.root, self._project.data.source),
            "unmonitored": {**self._references.faults, **self._daily.faults},
            "unaudited": self._audit.fault,
            "unalerted": self._alerting.fault,
        }
        self._state.beat("collector", now, facts)
        self._beaten = time.monotonic()
