"""What the loop works with: built once, in `noria.wiring`, and passed on."""

from __future__ import annotations

from dataclasses import dataclass

from noria.ports import Clock, Commits, Gateways, Jobs, State
from noria.project.model import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    project: Project
    clock: Clock
    state: State
    jobs: Jobs
    gateways: Gateways
    commits: Commits

    @property
    def model(self) -> str:
        return self.project.name
