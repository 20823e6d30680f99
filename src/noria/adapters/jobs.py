"""The jobs of a run, each in a child process of the warm workshop."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from noria.adapters.compute import Workshop
from noria.core.gates import Evidence
from noria.ports import Checkout, Rival, RunRow, Snapshot, Training, VersionRow
from noria.project.model import Project

T = TypeVar("T")

SHORT = 600.0
"""Seconds that a job may take which is not the user's code."""


class ChildJobs:
    """Calls the functions of `noria.jobs` by name, so that their libraries load in the child alone."""

    def __init__(self, project: Project, workshop: Workshop) -> None:
        self._project = project
        self._workshop = workshop

    def checkout(self, run: str, commit: str | None) -> Checkout:
        return self._call("checkout", run, Checkout, commit=commit)

    def snapshot(self, run: str) -> Snapshot:
        return self._call("snapshot", run, Snapshot)

    def train(self, run: str, checkout: Checkout, rows: str, name: str) -> Training:
        timeout = self._project.train.timeout.total_seconds()
        return self._call("train", run, Training, timeout, checkout=checkout, rows=rows, name=name)

    def evaluate(
        self, run: str, snapshot: Snapshot, candidate: str, rival: Rival | None, newer: bool
    ) -> Evidence:
        return self._call(
            "evaluate", run, Evidence, snapshot=snapshot, candidate=candidate, rival=rival, newer=newer
        )

    def agree(self, run: str, snapshot: Snapshot, candidate: str, shipped: str) -> Evidence:
        return self._call("agree", run, Evidence, snapshot=snapshot, candidate=candidate, shipped=shipped)

    def register(self, run: RunRow, shipped: Training, twin: Training) -> VersionRow:
        return self._call("register", run.id, VersionRow, row=run, shipped=shipped, twin=twin)

    def point(self, version: int) -> None:
        self._call("point", "registry", bool, version=version)

    def _call(self, job: str, run: str, kind: type[T], timeout: float = SHORT, **payload: Any) -> T:
        directory = self._project.home / "runs" / run
        directory.mkdir(parents=True, exist_ok=True)
        said = self._workshop.call(
            f"noria.jobs:{job}",
            msgspec.to_builtins({"root": str(self._project.root), "run_dir": str(directory), **payload}),
            log=directory / "log.txt",
            timeout=timeout,
        )
        return msgspec.convert(said, kind)
