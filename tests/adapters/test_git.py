from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from noria.adapters.git import Repository
from noria.errors import GitError


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "ada@example.org")
        monkeypatch.setenv(f"GIT_{role}_DATE", "2026-11-20T10:00:00+01:00")
    folder = tmp_path / "project"
    folder.mkdir()
    git(folder, "init", "--quiet")
    (folder / ".gitignore").write_text(".noria/\n")
    (folder / "pipeline.py").write_text("first\n")
    save(folder, "Train\n\nFor the first time.")
    return folder


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


def save(folder: Path, message: str) -> str:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", message)
    return git(folder, "rev-parse", "HEAD")


def files(folder: Path) -> dict[str, str]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_text() for path in found}


def test_a_folder_without_a_repository_is_refused(tmp_path):
    with pytest.raises(GitError, match="not a git repository") as caught:
        Repository(tmp_path)
    assert caught.value.hint == "git init"


def test_a_repository_without_a_commit_says_what_to_do(tmp_path):
    git(tmp_path, "init", "--quiet")
    with pytest.raises(GitError) as caught:
        Repository(tmp_path).head()
    assert "git commit" in caught.value.hint


def test_tells_of_a_commit(root):
    commit = Repository(root).commit()
    assert commit.id == Repository(root).head() == git(root, "rev-parse", "HEAD")
    assert commit.author == "Ada <ada@example.org>"
    assert commit.at == datetime(2026, 11, 20, 9, tzinfo=UTC)
    assert commit.message == "Train\n\nFor the first time."
    with pytest.raises(GitError, match="nowhere"):
        Repository(root).commit("nowhere")


MOVES = [
    ("commit --quiet --allow-empty --message second", "a commit"),
    ("commit --quiet --allow-empty --amend --message other", "a commit in place of another"),
    ("checkout --quiet HEAD~1", "an older commit, on no branch"),
    ("branch other HEAD", "another branch, which is not the present one"),
    ("pack-refs --all", "the same, kept elsewhere"),
]


@pytest.mark.parametrize("linked", [False, True], ids=["its own folder", "a linked worktree"])
def test_the_present_commit_follows_every_move_of_head(root, tmp_path, linked):
    if linked:
        git(root, "worktree", "add", "--quiet", "-b", "side", str(tmp_path / "linked"))
        root = tmp_path / "linked"
    repository = Repository(root)
    for move, what in MOVES:
        git(root, *move.split())
        assert repository.head() == git(root, "rev-parse", "HEAD"), what


def test_git_is_not_asked_again_while_nothing_moves(root, monkeypatch):
    repository = Repository(root)
    first = repository.head()
    (root / "pipeline.py").write_text("second\n")
    second = save(root, "Change")
    assert repository.head() == second != first
    monkeypatch.setenv("PATH", "")
    assert repository.head() == second
    (root / ".noria").mkdir()
    (root / ".noria/commit").touch()  # as the hook does
    with pytest.raises(GitError, match="git is not installed"):
        repository.head()


def test_a_new_a_changed_and_a_removed_file_make_it_dirty(root):
    repository = Repository(root)
    assert not repository.is_dirty()
    (root / ".noria").mkdir()
    (root / ".noria/state.db").write_text("ignored")
    assert not repository.is_dirty()
    assert repository.diff() == ""
    (root / "new.py").write_text("new\n")
    assert repository.is_dirty()


def test_a_commit_is_exported_as_it_was(root, tmp_path):
    repository = Repository(root)
    first = repository.head()
    (root / "pipeline.py").write_text("second\n")
    save(root, "Change")
    made = repository.export(first[:8], tmp_path / "runs/1/checkout")
    assert (made.path, made.commit, made.diff) == (str(tmp_path / "runs/1/checkout"), first, "")
    assert files(Path(made.path)) == {".gitignore": ".noria/\n", "pipeline.py": "first\n"}
    # Again over a damaged one, as a run does that was killed.
    (Path(made.path) / "pipeline.py").write_text("damaged")
    repository.export(first, tmp_path / "runs/1/checkout")
    assert files(Path(made.path))["pipeline.py"] == "first\n"
    assert [path.name for path in (tmp_path / "runs/1").iterdir()] == ["checkout"]
    with pytest.raises(GitError):
        repository.export("nowhere", tmp_path / "runs/2/checkout")


def test_a_link_out_of_the_project_is_refused(root, tmp_path):
    (root / "passwords").symlink_to("/etc/passwd")
    with pytest.raises(GitError, match="holds a link out of the project"):
        Repository(root).export(save(root, "Link"), tmp_path / "out")


def test_a_dirty_tree_is_exported_with_the_diff_that_makes_it(root, tmp_path):
    (root / "pipeline.py").write_text("changed\n")
    (root / "new.py").write_text("new\n")
    (root / ".noria").mkdir()
    (root / ".noria/state.db").write_text("ignored")
    repository = Repository(root)
    status = git(root, "status", "--porcelain")
    dirty = repository.export(None, tmp_path / "dirty")
    assert dirty.commit == repository.head()
    tree = {".gitignore": ".noria/\n", "pipeline.py": "changed\n", "new.py": "new\n"}
    assert files(tmp_path / "dirty") == tree
    assert git(root, "status", "--porcelain") == status

    repository.export(dirty.commit, tmp_path / "clean")
    subprocess.run(["git", "apply", "-"], cwd=tmp_path / "clean", input=dirty.diff, text=True, check=True)
    assert files(tmp_path / "clean") == tree


def test_a_project_in_a_folder_of_a_repository_is_that_folder_alone(root, tmp_path):
    (root / "churn").mkdir()
    (root / "churn/pipeline.py").write_text("churn\n")
    commit = save(root, "Add a project")
    repository = Repository(root / "churn")
    (root / "pipeline.py").write_text("elsewhere\n")
    assert not repository.is_dirty()
    repository.export(commit, tmp_path / "out")
    assert files(tmp_path / "out") == {"pipeline.py": "churn\n"}
    (root / "churn/new.py").write_text("new\n")
    made = repository.export(None, tmp_path / "tree")
    assert "+++ b/new.py" in made.diff
    assert files(tmp_path / "tree") == {"pipeline.py": "churn\n", "new.py": "new\n"}


@pytest.mark.parametrize("folder", [".", "churn"])
def test_the_hook_touches_a_file_at_each_commit_and_keeps_the_hook_before(root, folder):
    hook = root / ".git/hooks/post-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\ntouch mine")
    project = root / folder
    project.mkdir(exist_ok=True)
    assert Repository(project).install_hook().samefile(hook)
    Repository(project).install_hook()
    assert hook.read_text().count("touch") == 2

    (root / "pipeline.py").write_text("second\n")
    save(root, "Change")
    assert (project / ".noria/commit").exists()
    assert (root / "mine").exists()


def test_a_hook_that_is_no_shell_script_is_left_alone(root):
    hook = root / ".git/hooks/post-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/usr/bin/env python3\n")
    with pytest.raises(GitError, match="no shell script"):
        Repository(root).install_hook()
    assert hook.read_text() == "#!/usr/bin/env python3\n"
