import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from noria.adapters.git import Repository
from noria.adapters.settled import settled
from noria.adapters.state import SqlState
from noria.origin import origin
from noria.project.model import Project
from noria.rows import ModelRow, RunRow

NOW = datetime(2013, 3, 1, tzinfo=UTC)


@pytest.fixture
def project(make_project) -> Project:
    """A project under version control with one source file."""
    made = make_project()
    (made.root / "data").mkdir(exist_ok=True)
    (made.root / "data" / "a.csv").write_text("late\n1\n")
    (made.root / "pipeline.py").write_text("def model(train): ...\n")
    (made.root / ".gitignore").write_text(".noria/\ndata/\n")
    for words in ("init", "add .", "-c user.name=a -c user.email=a@example.org commit -m first"):
        subprocess.run(["git", *words.split()], cwd=made.root, check=True, capture_output=True)
    return made


def ran(project: Project, **changes) -> SqlState:
    """Keep a run of the project as it is now; return the state, with `changes` of the run."""
    project.home.mkdir(exist_ok=True)
    state = SqlState(f"sqlite:///{project.home / 'state.db'}")
    repository = Repository(project.root)
    facts = {"origin": origin(project), "rival": None, "diff": repository.diff()}
    row = RunRow(
        id="first", model=project.name, trigger="manual", reason="by hand", status="registered",
        stage="register", started=NOW, ended=NOW, commit=repository.head(), version=1, facts=facts,
    )  # fmt: skip
    state.save_run(replace(row, **changes))
    return state


def test_a_run_of_the_very_same_holds(project: Project) -> None:
    assert settled(project) is None
    ran(project)
    assert settled(project)["id"] == "first"


def test_it_holds_for_a_dirty_tree_that_is_as_it_was(project: Project) -> None:
    (project.root / "new.py").write_text("x = 1\n")
    ran(project)
    assert settled(project)["id"] == "first"
    (project.root / "new.py").write_text("x = 2\n")
    assert settled(project) is None


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("pipeline.py", "def model(train): return 1\n"),
        ("noria.toml", "[model]\n"),
        ("data/b.csv", "late\n0\n"),
        (".noria/lake/labels/_delta_log/0.json", "{}"),
    ],
)
def test_a_changed_file_of_code_policy_data_or_feedback_calls_for_a_run(
    project: Project, file: str, text: str
) -> None:
    ran(project)
    path: Path = project.root / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    assert settled(project) is None


@pytest.mark.parametrize("status", ["failed", "running", "queued"])
def test_a_run_whose_gates_have_not_spoken_settles_nothing(project: Project, status: str) -> None:
    ran(project, status=status)
    assert settled(project) is None


def test_rows_that_wait_for_their_label_settle_nothing(project: Project) -> None:
    ran(project, facts={"origin": "", "rival": None, "diff": ""})
    assert settled(project) is None


@pytest.mark.parametrize(("champion", "holds"), [(1, True), (2, False)])
def test_another_rival_calls_for_a_run_unless_it_is_what_the_run_made(
    project: Project, champion: int, holds: bool
) -> None:
    state = ran(project)
    before = state.model(project.name)
    state.change(before, ModelRow(name=project.name, champion=champion), [])
    assert (settled(project) is not None) == holds
