"""Alerts: what the monitors say becomes alerts that are kept, and told to whom the project file names."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from itertools import groupby
from operator import attrgetter

from noria.core.causes import Scene
from noria.monitor.alerts import Serving, follow
from noria.monitor.telling import Send, Teller
from noria.ports import Clock, State
from noria.project.model import Project
from noria.rows import AlertRow, SignalRow

logger = logging.getLogger(__name__)

REMEMBERED = 200
"""The newest alerts that a day is held against."""


class Alerting:
    """Makes alerts of signals. `fault` says what went wrong last, "" where nothing did.

    What the monitors said last is followed again at the start: whoever was killed before has missed nothing.
    """

    def __init__(self, project: Project, state: State, clock: Clock, send: Send | None) -> None:
        self.fault = ""
        self._name = project.name
        self._features = len(project.data.features)
        self._state = state
        self._teller = Teller(project.name, project.alerts.routes, state, clock, send)
        said = state.signals(project.name)
        self.take([row for row in said if row.day == said[-1].day], clock.now())
        for alert in self._known():
            self._teller.tell(alert)

    def take(self, said: Iterable[SignalRow], now: datetime) -> None:
        """Follow the signals of each day; what goes wrong is told, and stops nothing."""
        try:
            for day, rows in groupby(sorted(said, key=attrgetter("day")), attrgetter("day")):
                for alert in follow(self._known(), list(rows), now, self._serving(date.fromisoformat(day))):
                    self._teller.tell(self._keep(alert))
            self.fault = ""
        except Exception as error:
            logger.exception("alerts could not be followed")
            self.fault = f"alerts: {error}"

    def stop(self) -> None:
        self._teller.stop()

    def _known(self) -> list[AlertRow]:
        return self._state.alerts(self._name, REMEMBERED)

    def _keep(self, alert: AlertRow) -> AlertRow:
        """Keep an alert; what people and routes said of it meanwhile stays."""

        def kept(row: AlertRow) -> AlertRow:
            same = row.severity == alert.severity
            return replace(
                alert,
                told=row.told if same else (),
                failed=row.failed if same else {},
                silenced_until=row.silenced_until,
                confirmed=row.confirmed,
            )

        changed = self._state.change_alert(alert.model, alert.id, kept)
        if changed is None:
            self._state.save_alert(alert)
        return changed or alert

    def _serving(self, day: date) -> Serving:
        row = self._state.model(self._name)
        promotions = [moment.date() for moment in self._state.promotions(self._name)]
        promoted = max((moment for moment in promotions if moment <= day), default=None)
        return Serving(
            champion=row.champion,
            versions=row.plan.versions if row.plan else (),
            scene=Scene(day=day, promoted=promoted, features=self._features),
        )
