"""The turning of the wheel: look, decide, carry out, tell; again and again."""

from __future__ import annotations

import sys
from datetime import datetime
from threading import Event

from noria.core.policy import Decision
from noria.errors import NoriaError
from noria.loop.advance import move, next_move, open_next
from noria.loop.parts import Parts
from noria.loop.projection import Projection
from noria.loop.runtime import Runtime
from noria.loop.watch import consider, facts, resume, start


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
        """Look once at everything, and do what follows."""
        parts = self._parts
        known = facts(parts, self._watched_since)
        decision = consider(parts, known)
        started = start(parts, known, decision, self._runtime.retrain) if decision.run else None
        moved = self._advance()
        self._projection.repair()
        self._tell(known.now, decision, running=known.running or started is not None, moved=moved)

    def _try_tick(self) -> None:
        """A fault of the outside must not stop the wheel: it is told once, and the next tick tries again."""
        try:
            self.tick()
            self._fault = ""
        except NoriaError as error:
            if str(error) != self._fault:
                self._fault = str(error)
                print(f"controller: {error}", file=sys.stderr, flush=True)

    def _advance(self) -> bool:
        """Open the next rollout, or carry out what the open one calls for; return whether traffic changed."""
        parts = self._parts
        row = parts.state.model(parts.model)
        if open_next(parts, row) is not None:
            return True
        if row.rollout is None or row.rollout.ended:
            return False
        moved = next_move(parts, row.rollout)
        if moved is None:
            return False
        move(parts, row, moved)
        return True

    def _tell(self, looked: datetime, decision: Decision, *, running: bool, moved: bool) -> None:
        """Say what this look came to; `looked` is when it began, so all that came before was seen."""
        told = {
            "running": running,
            "moved": moved,
            "decision": decision.reason,
            "until": decision.until.isoformat() if decision.until else None,
        }
        self._parts.state.beat("controller", looked, told)
