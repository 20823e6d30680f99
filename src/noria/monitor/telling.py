"""Tells people of alerts, in a thread of its own: a route that hangs holds nobody up but those after it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from queue import SimpleQueue
from threading import Event, Thread

from noria.monitor.alerts import owed
from noria.ports import Clock, State
from noria.rows import AlertRow

logger = logging.getLogger(__name__)

Send = Callable[[str, str, str], str]
"""Tells a route, as the project file has it, a title and a text; returns what went wrong, "" if nothing."""

BACK_OFF = (0.0, 2.0, 10.0)
"""Seconds before each attempt."""


class Teller:
    """Tells the routes what they are owed, and keeps with the alert who took it and who did not."""

    def __init__(
        self,
        model: str,
        routes: Sequence[str],
        state: State,
        clock: Clock,
        send: Send | None,
        back_off: Sequence[float] = BACK_OFF,
    ) -> None:
        self._model = model
        told = enumerate(routes if send else (), 1)
        self._routes = {named(number, route): route for number, route in told}
        self._state = state
        self._clock = clock
        self._send = send or (lambda *_: "")
        self._back_off = back_off
        self._due: SimpleQueue[str] = SimpleQueue()
        self._stop = Event()
        self._thread = Thread(target=self._run, name="alerts", daemon=True)
        if self._routes:
            self._thread.start()

    def tell(self, alert: AlertRow) -> None:
        """Have the alert told to every route that it is owed to, soon."""
        if owed(alert, self._routes, self._clock.now()):
            self._due.put(alert.id)

    def stop(self) -> None:
        """End after the attempt that is being made; what nobody was told is told after the next start."""
        self._stop.set()

    def _run(self) -> None:
        while not self._stop.is_set():
            due = self._due.get()
            try:
                for alert in self._state.alerts(self._model):
                    if alert.id == due:
                        self._tell(alert)
            except Exception:
                logger.exception("alert %s could not be told", due)

    def _tell(self, alert: AlertRow) -> None:
        """Try every route, and those that fail again; keep each time who took it."""
        left = owed(alert, self._routes, self._clock.now())
        for seconds in self._back_off:
            if not left or self._stop.wait(seconds):
                break
            failed = {name: self._send(self._routes[name], *message(alert)) for name in left}
            left = [name for name in left if failed[name]]
            took = tuple(name for name, fault in failed.items() if not fault)
            self._keep(alert, took, {name: failed[name] for name in left})

    def _keep(self, alert: AlertRow, took: Sequence[str], failed: dict[str, str]) -> None:
        def kept(row: AlertRow) -> AlertRow:
            return replace(row, told=(*row.told, *took), failed=failed)

        self._state.change_alert(alert.model, alert.id, kept)


def named(number: int, route: str) -> str:
    """Return what a route is called where it is kept: no URL, for that holds a secret."""
    return route if route.startswith("$") else f"{number} {route.partition(':')[0]}"


def message(alert: AlertRow) -> tuple[str, str]:
    """Return the title and the text of an alert."""
    title = f"[{alert.severity}] {alert.model}: {alert.title}"
    causes = [f"- {cause}" for cause in alert.causes]
    lines = [row.reason for row in alert.signals[:5]]
    if alert.cost:
        lines += ["", alert.cost]
    if causes:
        lines += ["", "Likely:", *causes]
    return title, "\n".join([*lines, "", f"Next: {alert.next}", f"Alert {alert.id}"])
