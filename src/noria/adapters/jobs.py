"""The jobs of a run, each in a child process of a warm workshop."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from typing import Any, TypeVar

import msgspec

from noria.adapters.compute import Workshop
from noria.core.gates import CHECKS, Evidence, Verdict
from noria.errors import JobError, NoriaError
from noria.project.model import Project
from noria.rows import Checkout, Examined, Rival, RunRow, Snapshot, Training, VersionRow

T = TypeVar("T")

SHORT = 600.0
"""Seconds that a job may take which is not the user's code."""
IDLE = 60.0
"""Seconds after which a workshop without jobs ends, and gives its memory back."""
PIPELINES = [
    "noria.adapters.snapshot",
    "noria.gates.examine",
    "noria.pipeline.evaluate",
    "noria.pipeline.train",
    "skops.io",
]
REGISTRY = [
    "noria.adapters.registry",
    "mlflow.store.tracking.sqlalchemy_store",
    "model_signing.signing",
]
"""What each workshop imports before it forks, beside what the pipeline itself imports."""


class ChildJobs:
    """Calls the functions of `noria.jobs` by name, so that their libraries load in the child alone.

    The registry's library takes seconds to load: it has a workshop of its own, which is warmed while the
    pipeline runs.
    """

    def __init__(self, read_project: Callable[[], Project]) -> None:
        self._read_project = read_project
        self._pipelines = Workshop(idle=IDLE)
        self._registry = Workshop(idle=IDLE)

    def checkout(self, run: str, commit: str | None) -> Checkout:
        Thread(target=self._prepare, daemon=True).start()
        return self._call("checkout", run, Checkout, commit=commit)

    def snapshot(self, run: str, windows: tuple[str, ...], since: str | None) -> Snapshot:
        return self._call("snapshot", run, Snapshot, windows=windows, since=since)

    def train(self, run: str, checkout: Checkout, rows: str, name: str, champion: str | None) -> Training:
        timeout = self._read_project().train.timeout.total_seconds()
        return self._call("train", run, Training, timeout, rows=rows, name=name, champion=champion)

    def evaluate(
        self, run: str, snapshot: Snapshot, candidate: str, rival: Rival | None, newer: bool
    ) -> Evidence:
        asked = {"snapshot": snapshot, "candidate": candidate, "rival": rival, "newer": newer}
        return self._call("evaluate", run, Evidence, gates=self._read_project().gates, **asked)

    def agree(self, run: str, snapshot: Snapshot, candidate: str, shipped: str) -> Evidence:
        return self._call("agree", run, Evidence, snapshot=snapshot, candidate=candidate, shipped=shipped)

    def examine(self, run: str, examined: Examined) -> tuple[Verdict, ...]:
        """Return the verdicts of the gates that examine; one at which the process died is an error."""
        gates = [gate for gate in self._read_project().gates if gate.check not in CHECKS]
        limit = SHORT + sum(gate.options["timeout"] for gate in gates)
        for _ in gates:  # each attempt goes on after the gate at which the one before it died
            with suppress(JobError):
                return self._call("examine", run, tuple[Verdict, ...], limit, gates=gates, examined=examined)
        return self._call("examine", run, tuple[Verdict, ...], limit, gates=gates, examined=examined)

    def register(self, run: RunRow, shipped: Training, twin: Training) -> VersionRow:
        return self._register("register", run.id, VersionRow, row=run, shipped=shipped, twin=twin)

    def point(self, version: int) -> None:
        self._register("point", "registry", bool, version=version)

    def _prepare(self) -> None:
        try:
            self._register("prepare", "registry", bool)
        except NoriaError:
            return  # the run will say so, when it registers

    def _call(self, job: str, run: str, kind: type[T], timeout: float = SHORT, **keys: Any) -> T:
        preload = [*PIPELINES, *_imports(self._read_project())]
        return self._ask(self._pipelines, preload, job, run, kind, timeout, keys)

    def _register(self, job: str, run: str, kind: type[T], **keys: Any) -> T:
        return self._ask(self._registry, REGISTRY, job, run, kind, SHORT, keys)

    def _ask(
        self,
        workshop: Workshop,
        preload: list[str],
        job: str,
        run: str,
        kind: type[T],
        timeout: float,
        keys: dict[str, Any],
    ) -> T:
        directory = self._read_project().home / "runs" / run
        directory.mkdir(parents=True, exist_ok=True)
        payload = {"root": str(self._read_project().root), "run_dir": str(directory), **keys}
        try:
            said = workshop.call(
                f"noria.jobs:{job}",
                msgspec.to_builtins(payload),
                log=directory / "log.txt",
                timeout=timeout,
                preload=preload,
                cwd=self._read_project().root,
            )
        except JobError as error:
            error.hint = f"noria runs {run}"
            raise
        return msgspec.convert(said, kind)


def _imports(project: Project) -> list[str]:
    """Return the packages that the pipeline imports; one that cannot be read says so when it runs."""
    try:
        tree = ast.parse((project.root / project.pipeline).read_text())
    except (OSError, SyntaxError):
        return []
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
    local = {path.stem for path in project.root.iterdir()}
    packages = {name.partition(".")[0] for name in names} - local - sys.stdlib_module_names
    return sorted(packages)
