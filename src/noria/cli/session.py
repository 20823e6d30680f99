"""What the verbs share: the project around the working directory, its parts, and who is asking."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from noria.errors import DataError, ProjectError
from noria.project.model import Project

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]
Message = Annotated[str, typer.Option("--message", "-m", help="Why; it is kept in the ledger.")]


def find_project(start: Path | None = None) -> Project:
    """Return the project of a directory, by default the working one, or of the nearest directory above it.

    Raises:
        ProjectError: there is none, or its files have faults.
    """
    from noria.project.parse import load

    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / "noria.toml").is_file():
            return load(folder)
    if (here / "pyproject.toml").is_file():
        return load(here)
    raise ProjectError((f"there is no noria.toml in {here} or above it",), hint="noria init --help")


def actor() -> str:
    """Return who is at the keyboard, for the ledger."""
    return getpass.getuser()


def print_json(value: Any) -> None:
    print(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def write(file: Path, text: str) -> None:
    """Write what was asked for to the file that the user named.

    Raises:
        DataError: it cannot be written.
    """
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise DataError(f"{file} cannot be written: {error.strerror}", hint=f"ls -ld {file.parent}") from None


def confirm(question: str, *, yes: bool) -> None:
    """Ask before something that is not easily undone, unless `--yes` was given."""
    if not yes:
        typer.confirm(question, abort=True)
