"""What follows from the model's row, and is repaired where it differs: the gateways' plan, the alias."""

from __future__ import annotations

from threading import Thread

from noria.errors import NoriaError
from noria.loop.durable import failpoint
from noria.loop.parts import Parts

POINTED = "registry"
"""The beat that says to which version the alias points."""


class Projection:
    """Keeps the gateways' plan and the registry's alias as the model's row says."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._published: int | None = None
        self._pointing: Thread | None = None

    def repair(self) -> None:
        """Publish the present plan and point the alias at the champion, where that was not done yet.

        The alias is moved in a thread: the registry takes seconds to load, and nobody waits for it.
        """
        row = self._parts.state.model(self._parts.model)
        if row.plan is not None and row.plan.number != self._published:
            publish(self._parts)
            self._published = row.plan.number
        pointed = self._parts.state.beats().get(POINTED, {}).get("champion")
        idle = self._pointing is None or not self._pointing.is_alive()
        if row.champion is not None and row.champion != pointed and idle:
            self._pointing = Thread(target=self._point, args=(row.champion,), daemon=True)
            self._pointing.start()

    def _point(self, champion: int) -> None:
        parts = self._parts
        told: dict[str, int | str] = {"champion": champion}
        try:
            failpoint("advance.point", "before")
            parts.jobs.point(champion)
            failpoint("advance.point", "after")
        except NoriaError as error:
            told = {"fault": str(error)}
        parts.state.beat(POINTED, parts.clock.now(), told)


def publish(parts: Parts) -> None:
    """Hand the present plan to the gateways, with where each of its versions lies."""
    row = parts.state.model(parts.model)
    if row.plan is None:
        return
    failpoint("advance.publish", "before")
    versions = {number: parts.state.version(parts.model, number) for number in row.plan.versions}
    parts.gateways.publish(row.plan, {number: found for number, found in versions.items() if found})
    failpoint("advance.publish", "after")
