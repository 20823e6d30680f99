"""The durable workflows, on DBOS: what was begun is finished, also after `kill -9`.

The only module that knows the engine. Its traps: results are pickled unless they are plain values, so steps
return plain ones; a workflow whose code changed stays pending, so the application version is pinned and
rises when a workflow's steps change; one process has one engine.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from dbos import DBOS, DBOSConfig, SetWorkflowID

from noria.errors import NoriaError
from noria.loop.durable import Step, StepFault, failpoint
from noria.loop.parts import Parts
from noria.loop.retrain import retrain

APPLICATION_VERSION = "1"


class Runtime:
    """Starts workflows by an id; the same id is never carried out twice."""

    def __init__(self, parts: Parts, database: Path) -> None:
        config: DBOSConfig = {
            "name": "noria",
            "system_database_url": f"sqlite:///{database}",
            "application_version": APPLICATION_VERSION,
            "executor_id": parts.model,
            "log_level": "ERROR",
            "enable_otlp": False,
            "max_executor_threads": 4,
        }
        DBOS(config=config)

        @DBOS.workflow(name="retrain")
        def run_retrain(run: str) -> None:
            retrain(parts, run, durable("retrain"))

        self._retrain = run_retrain

    def launch(self) -> None:
        """Start the engine; workflows that a crash interrupted go on."""
        DBOS.launch()

    def stop(self) -> None:
        DBOS.destroy(destroy_registry=True)

    def retrain(self, run: str) -> None:
        """Start a run's workflow, or let it go on; returns at once."""
        with SetWorkflowID(f"retrain-{run}"):
            DBOS.start_workflow(self._retrain, run)


def durable(workflow: str) -> Step:
    """Return the executor of a workflow's steps, with the places at which tests kill it."""

    def step(name: str, work: Callable[[], Any], kind: type[Any]) -> Any:
        place = f"{workflow}.{name}"

        def effect() -> dict[str, Any]:
            try:
                said = {"value": msgspec.to_builtins(work())}
            except NoriaError as error:
                said = {"fault": error.message, "hint": error.hint}
            failpoint(place, "effect")
            return said

        failpoint(place, "before")
        said = DBOS.run_step({"name": name}, effect)
        failpoint(place, "after")
        if "fault" in said:
            raise StepFault(said["fault"], said["hint"])
        return msgspec.convert(said["value"], kind)

    return step
