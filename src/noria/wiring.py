"""Project -> built parts: the one file that names the concrete classes."""

from __future__ import annotations

from noria.adapters.compute import Workshop
from noria.adapters.gateways import PlanFile
from noria.adapters.git import Repository
from noria.adapters.jobs import ChildJobs
from noria.adapters.state import SqlState
from noria.clock import open_clock
from noria.loop.parts import Parts
from noria.project.model import Project


def build(project: Project, *, checkpoints: bool = False) -> Parts:
    """Return the parts of a project's loop; `checkpoints` is for the controller, see `Database`."""
    return Parts(
        project=project,
        clock=open_clock(project.home),
        state=state(project, checkpoints=checkpoints),
        jobs=ChildJobs(project, Workshop(project.root)),
        gateways=PlanFile(project.home),
        commits=Repository(project.root),
    )


def state(project: Project, *, checkpoints: bool = False) -> SqlState:
    project.home.mkdir(parents=True, exist_ok=True)
    return SqlState(f"sqlite:///{project.home / 'state.db'}", checkpoints=checkpoints)
