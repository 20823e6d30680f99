"""Project -> built parts: the one file that names the concrete classes."""

from __future__ import annotations

from noria.adapters.gateways import PlanFile
from noria.adapters.git import Repository
from noria.adapters.jobs import ChildJobs
from noria.adapters.project_file import ProjectFile
from noria.adapters.state import SqlState
from noria.clock import open_clock
from noria.loop.parts import Parts
from noria.project.model import Project


def build(project: Project, *, checkpoints: bool = False) -> Parts:
    """Return the parts of a project's loop; `checkpoints` is for the controller, see `Database`."""
    file = ProjectFile(project.root)
    return Parts(
        model=project.name,
        read_project=file.current,
        clock=open_clock(project.home),
        state=state(project, checkpoints=checkpoints),
        jobs=ChildJobs(file.current),
        gateways=PlanFile(project.home),
        commits=Repository(project.root),
    )


def state(project: Project, *, checkpoints: bool = False) -> SqlState:
    project.home.mkdir(parents=True, exist_ok=True)
    return SqlState(f"sqlite:///{project.home / 'state.db'}", checkpoints=checkpoints)
