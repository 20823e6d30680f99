"""The check of each day that is over: every monitor looks at its profiles, and what they say is kept."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta

from noria.core.maturity import last_mature_day
from noria.core.profile.grid import Grid
from noria.core.profile.profile import Profile, total
from noria.errors import ProfileError
from noria.monitor.concept import concept
from noria.monitor.coverage import coverage
from noria.monitor.data_quality import data_quality
from noria.monitor.day import Day
from noria.monitor.drift import drift
from noria.monitor.estimates import estimates
from noria.monitor.outliers import burst
from noria.monitor.profiling import ALL
from noria.monitor.references import References
from noria.monitor.score import score
from noria.monitor.slices import fairness, slices
from noria.monitor.volume import volume
from noria.ports import State
from noria.project.model import Project
from noria.rows import SignalRow

logger = logging.getLogger(__name__)

Monitor = Callable[[Day], list[SignalRow]]
"""Says what a version's day shows; one module here for each."""

MONITORS: tuple[Monitor, ...] = (
    data_quality,
    volume,
    drift,
    score,
    concept,
    estimates,
    slices,
    fairness,
    burst,
    coverage,
)
ONE = timedelta(days=1)
REMEMBERED = timedelta(days=90)
"""How far back the signals go that a monitor gets."""
PAST = timedelta(days=56)
"""How far back the profiles go."""


class Daily:
    """Checks each day once; a day that nobody checked because the collector was down is checked later.

    `faults` says, by version, why a day could not be checked.
    """

    def __init__(self, project: Project, state: State, references: References) -> None:
        self.faults: dict[int, str] = {}
        self._project = project
        self._state = state
        self._references = references
        self._past: dict[int, dict[str, Profile]] = {}
        said = state.signals(project.name)
        self._checked = date.fromisoformat(said[-1].day) if said else None

    def check(self, now: datetime) -> list[SignalRow]:
        """Check the days that are over at `now` and were not checked yet; return what was said of them."""
        yesterday = now.astimezone(UTC).date() - ONE
        if self._checked is None:
            self._checked = yesterday - ONE
        said: list[SignalRow] = []
        while self._checked < yesterday:
            self._checked += ONE
            fresh = [row for day in self._days(self._checked) for row in self._ask(day)]
            self._state.save_signals(fresh)
            said += fresh
        return said

    def _ask(self, day: Day) -> Iterator[SignalRow]:
        """Ask each monitor; one that fails is told, and stops no other."""
        for monitor in MONITORS:
            try:
                yield from monitor(day)
            except Exception as error:
                logger.exception("a monitor failed on %s", day.day)
                self.faults[day.version] = f"{monitor.__module__}: {error}"

    def _days(self, day: date) -> Iterator[Day]:
        """Yield the day of each version that serves, has a reference, and saw traffic then or before."""
        plan = self._state.model(self._project.name).plan
        since = (day - REMEMBERED).isoformat()
        before = [row for row in self._state.signals(self._project.name, since) if row.day < day.isoformat()]
        mature = last_mature_day(self._project.data.label_delay, datetime.combine(day + ONE, time(), UTC))
        cohorts = self._state.cohorts(self._project.name, since)
        matured = [row for row in cohorts if row.day <= mature.isoformat()]
        champion = plan.champion if plan else None
        traffic = self._traffic(day)
        for version in plan.versions if plan else ():
            reference = self._references.of(version)
            if reference is None:
                continue
            try:
                hours = self._hours(version, day)
                profile = total(hours.values(), reference.grid)
                past = self._before(version, day, reference.grid)
            except ProfileError as error:
                self.faults[version] = str(error)
                continue
            if hours or any(row.version == version for row in before):
                yield Day(
                    project=self._project,
                    version=version,
                    day=day,
                    reference=reference,
                    hours=hours,
                    profile=profile,
                    before=before,
                    past=past,
                    matured=matured,
                    traffic=traffic if version == champion else None,
                )
                if hours:
                    self._past[version] = {**past, day.isoformat(): profile}

    def _before(self, version: int, day: date, grid: Grid) -> dict[str, Profile]:
        """Return a version's days before this one that saw traffic; they are read from the state once."""
        if version not in self._past:
            days = [day - back * ONE for back in range(PAST.days, 0, -1)]
            read = {each.isoformat(): self._readable(version, each, grid) for each in days}
            self._past[version] = {each: profile for each, profile in read.items() if profile}
        since = (day - PAST).isoformat()
        return {each: profile for each, profile in self._past[version].items() if each >= since}

    def _readable(self, version: int, day: date, grid: Grid) -> Profile | None:
        """Return the profile of a past day, None where it had no traffic or cannot be read any more."""
        try:
            hours = self._hours(version, day)
            return total(hours.values(), grid) if hours else None
        except ProfileError:  # it was told when the day was checked
            return None

    def _traffic(self, day: date) -> dict[str, Profile] | None:
        try:
            return self._hours(ALL, day)
        except ProfileError as error:
            self.faults[ALL] = str(error)
            return None

    def _hours(self, version: int, day: date) -> dict[str, Profile]:
        return self._state.profiles(self._project.name, version, day.isoformat(), (day + ONE).isoformat())
