"""The turning of the wheel: look, decide, carry out, tell; again and again."""

from __future__ import annotations

import sys
from threading import Event

from noria.errors import NoriaError
from noria.loop.parts import Parts
from noria.loop.projection import Projection
from noria.loop.runtime import Runtime
from noria.loop.turn import Turn, turn
from noria.loop.watch import resume


class Controller:
    """Ticks until it is stopped. What it must not forget stands in the state, so it may die at any time."""

    def __init__(self, parts: Parts, runtime: Runtime) -> None:
        self._parts = parts
        self._runtime = runtime
        self._projection = Projection(parts)
        self._watched_since = parts.clock.now()
        self._fault = ""

    def run(self, stop: Event, interval: float = 0.2) -> None:
        """Tick every `interval` seconds of wall time until `stop` is set."""
        self._runtime.launch()
        resume(self._parts, self._runtime.retrain)
        while not stop.wait(interval):
            self._try_tick()
        self._runtime.stop()

    def tick(self) -> None:
        """Turn the wheel once, mend the registry's alias, and tell what the turn came to."""
        seen = turn(self._parts, self._watched_since, self._runtime.retrain)
        self._projection.repair()
        self._tell(seen)

    def _try_tick(self) -> None:
        """A fault of the outside must not stop the wheel: it is told once, and the next tick tries again."""
        try:
            self.tick()
            self._fault = ""
        except NoriaError as error:
            if str(error) != self._fault:
                self._fault = str(error)
                print(f"controller: {error}", file=sys.stderr, flush=True)

    def _tell(self, seen: Turn) -> None:
        """Say what this turn came to, at the time when it began, so that all that came before was seen."""
        until = seen.decision.until
        told = {
            "running": seen.facts.running or seen.started,
            "moved": seen.moved,
            "decision": seen.decision.reason,
            "until": until.isoformat() if until else None,
        }
        self._parts.state.beat("controller", seen.facts.now, told)
