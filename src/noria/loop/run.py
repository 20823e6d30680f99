"""A run while it is carried out: its row in the state, and the executor of its steps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from noria.loop.durable import Step, StepFault
from noria.loop.parts import Parts
from noria.rows import Entry, RunRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What every stage of a run is handed."""

    parts: Parts
    id: str
    step: Step

    @property
    def row(self) -> RunRow:
        """The row as it is kept now; its facts are what the stages before have found.

        Raises:
            StepFault: there is no such run.
        """
        row = self.parts.state.run(self.id)
        if row is None:
            raise StepFault(f"there is no run {self.id}", "noria runs")
        return row

    @property
    def facts(self) -> dict[str, Any]:
        return self.row.facts

    def enter(self, stage: str, **facts: Any) -> None:
        """Show where the run is, and what the stage before it found."""
        row = self.row
        version = facts.get("data_version", row.data_version)
        after = replace(row, stage=stage, data_version=version, facts={**row.facts, **facts})
        self.parts.state.save_run(after)

    def save(self, after: RunRow, kind: str, **body: Any) -> None:
        """Keep the row, and tell the ledger why."""
        self.parts.state.save_run(after, [self.entry(kind, **body)])

    def entry(self, kind: str, **body: Any) -> Entry:
        """Return what the ledger is told of this run."""
        return Entry(at=self.parts.clock.now(), actor="noria", kind=kind, body={"run": self.id, **body})

    def fail(self, fault: StepFault) -> None:
        """End the run, unless it has ended."""
        row = self.row
        if row.ended is None:
            facts, now = {**row.facts, "hint": fault.hint}, self.parts.clock.now()
            ended = replace(row, status="failed", error=fault.message, ended=now, facts=facts)
            self.save(ended, "failed", stage=row.stage, error=fault.message, hint=fault.hint)
