"""What the loop works with: built once, in `noria.wiring`, and passed on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from noria.ports import Clock, Commits, Gateways, Jobs, State
from noria.project.model import Project
from noria.rows import VersionRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """`model` is the name, which never changes; `read_project` returns the project as its file is now."""

    model: str
    read_project: Callable[[], Project]
    clock: Clock
    state: State
    jobs: Jobs
    gateways: Gateways
    commits: Commits

    @property
    def project(self) -> Project:
        return self.read_project()

    def version(self, number: int | None) -> VersionRow | None:
        """Return a version of the model; None for None, or where there is none of this number."""
        return None if number is None else self.state.version(self.model, number)
