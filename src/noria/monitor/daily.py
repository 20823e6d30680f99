"""The check of each day that is over: every monitor looks at its profiles, and what they say is kept."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

from noria.core.profile.profile import total
from noria.errors import ProfileError
from noria.monitor.day import Day
from noria.monitor.references import References
from noria.ports import State
from noria.project.model import Project
from noria.rows import SignalRow

logger = logging.getLogger(__name__)

Monitor = Callable[[Day], list[SignalRow]]
"""Says what a version's day shows; one module here for each."""

MONITORS: tuple[Monitor, ...] = ()
ONE = timedelta(days=1)
REMEMBERED = timedelta(days=90)
"""How far back the signals go that a monitor gets."""


class Daily:
    """Checks each day once; a day that nobody checked because the collector was down is checked later.

    `faults` says, by version, why a day could not be checked.
    """

    def __init__(self, project: Project, state: State, references: References) -> None:
        self.faults: dict[int, str] = {}
        self._project = project
        self._state = state
        self._references = references
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
        for version in plan.versions if plan else ():
            reference = self._references.of(version)
            if reference is None:
                continue
            try:
                hours = self._state.profiles(
                    self._project.name, version, day.isoformat(), (day + ONE).isoformat()
                )
                profile = total(hours.values(), reference.grid)
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
                )
