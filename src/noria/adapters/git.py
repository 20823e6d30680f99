"""The project's repository, through plain git."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from noria.errors import GitError

if TYPE_CHECKING:
    from noria.rows import Checkout

_MARK = "# noria: tells the controller of the commit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """A commit; `message` is the whole of it, `author` is "Name <address>", `at` is when it was committed."""

    id: str
    author: str
    at: datetime
    message: str


class Repository:
    """The git repository around `root`, which may be a folder within it.

    Raises:
        GitError: there is no repository, or no git.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        folders = self._git("rev-parse", "--git-dir", "--git-common-dir", hint="git init").splitlines()
        self._own, self._shared = (root / folder for folder in folders)  # they differ in a linked worktree
        self._seen: tuple[object, str] | None = None

    def head(self) -> str:
        """Return the id of the present commit; git is only asked when something has moved since.

        Raises:
            GitError: there is no commit yet.
        """
        stamp = self._stamp()
        if self._seen is None or self._seen[0] != stamp:
            hint = 'git add . && git commit -m "The first version"'
            self._seen = stamp, self._git("rev-parse", "--verify", "HEAD^{commit}", hint=hint).strip()
        return self._seen[1]

    def is_dirty(self) -> bool:
        """Say whether the working tree differs from the present commit, new files included."""
        return bool(self._git("status", "--porcelain", "--", ".").strip())

    def diff(self) -> str:
        """Return the patch from the present commit to the working tree, new files included."""
        with tempfile.TemporaryDirectory() as folder:
            # An index of its own, so that the user's is not touched.
            index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
            self._git("read-tree", "HEAD", env=index)
            self._git("add", "--all", "--", ".", env=index)
            return self._git("diff", "--cached", "--binary", "--relative", "HEAD", "--", ".", env=index)

    def commit(self, revision: str = "HEAD") -> Commit:
        """Return what the commit says of itself.

        Raises:
            GitError: there is no such commit.
        """
        told = "--format=%H%n%an <%ae>%n%ct%n%B"
        said = self._git("show", "--no-patch", told, f"{revision}^{{commit}}", "--")
        commit, author, seconds, message = said.split("\n", 3)
        at = datetime.fromtimestamp(int(seconds), UTC)
        return Commit(id=commit, author=author, at=at, message=message.strip())

    def export(self, commit: str | None, target: Path) -> Checkout:
        """Write the files of a commit, or of the working tree for None, to `target`, which is replaced.

        The working tree is what `git add --all` would take: what git ignores stays behind.

        Raises:
            GitError: there is no such commit.
        """
        from noria.rows import Checkout  # not for those who only look: `noria run` begins with a look

        partial = target.with_name(f".{target.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        if commit is None:
            made = Checkout(path=str(target), commit=self.head(), diff=self.diff())
            self._copy_tree(partial)
        else:
            made = Checkout(path=str(target), commit=self.commit(commit).id)
            self._extract(commit, partial)
        shutil.rmtree(target, ignore_errors=True)
        partial.rename(target)
        return made

    def install_hook(self) -> Path:
        """Make each commit touch `.noria/commit`, beside what the hook does already; return its file.

        Raises:
            GitError: there is a hook that is no shell script.
        """
        hook = self._root / self._git("rev-parse", "--git-path", "hooks/post-commit").strip()
        text = hook.read_text() if hook.exists() else "#!/bin/sh\n"
        if "sh" not in text.partition("\n")[0]:
            raise GitError(f"{hook} is no shell script; make it touch .noria/commit", hint="noria doctor")
        if _MARK not in text:
            home = self._git("rev-parse", "--show-prefix").strip() + ".noria"
            text = text.rstrip("\n") + f"\nmkdir -p '{home}' && touch '{home}/commit'  {_MARK}\n"
            hook.parent.mkdir(parents=True, exist_ok=True)
            hook.write_text(text)
            hook.chmod(0o755)
        return hook

    def _stamp(self) -> object:
        """Return what is different after every move of HEAD: it, its branch, and what the hook touches."""
        head = (self._own / "HEAD").read_bytes()
        branch = head.decode().removeprefix("ref:").strip()
        tables = self._shared / "reftable/tables.list"  # git's newer way to keep its branches
        watched = (self._shared / branch, self._shared / "packed-refs", tables, self._root / ".noria/commit")
        return head, *(_changed(path) for path in watched)

    def _extract(self, commit: str, target: Path) -> None:
        tree = self._git("rev-parse", f"{commit}:./").strip()
        with tempfile.TemporaryDirectory() as folder:
            places = {"GIT_DIR": self._own, "GIT_WORK_TREE": target, "GIT_INDEX_FILE": Path(folder) / "index"}
            elsewhere = {name: str(place.absolute()) for name, place in places.items()}
            self._git("read-tree", tree, env=elsewhere)
            self._git("checkout-index", "--all", env=elsewhere)
        for path in target.rglob("*"):
            if path.is_symlink() and not path.resolve().is_relative_to(target.resolve()):
                raise GitError(f"the commit {commit} holds a link out of the project: {path.name}")

    def _copy_tree(self, target: Path) -> None:
        listed = self._git("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", ".")
        for name in listed.split("\0"):
            source = self._root / name
            if name and source.is_file():
                (target / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, target / name)

    def _git(self, *arguments: str, hint: str = "", env: dict[str, str] | None = None) -> str:
        command = ["git", "-C", str(self._root), *arguments]
        try:
            done = subprocess.run(
                command, env=_environment() | (env or {}), capture_output=True, text=True, errors="replace"
            )
        except FileNotFoundError:
            raise GitError("git is not installed, or not on the PATH") from None
        if done.returncode:
            raise GitError(f"git {arguments[0]} in {self._root}: {done.stderr.strip()}", hint=hint)
        return done.stdout


def _changed(path: Path) -> tuple[int, int] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_ino, stat.st_mtime_ns


def _environment() -> dict[str, str]:
    """Return an environment in which git speaks English, asks nothing and obeys no hook that called us."""
    inherited = {name: value for name, value in os.environ.items() if name not in _HOOKS}
    return inherited | {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"}


_HOOKS = {"GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE", "GIT_PREFIX"}
