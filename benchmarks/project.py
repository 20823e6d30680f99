"""A project to measure with, and the processes of noria in it."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException, HTTPResponse
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

Value = TypeVar("Value")

PATIENCE = 180.0
NORIA = (sys.executable, "-m", "noria")
IDENTITY = ("-c", "user.name=noria", "-c", "user.email=noria@localhost")


class Project:
    """A project on a free port of this machine."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.port = free_port()
        self.edit("noria.toml", r"\Z", f"\n[serve]\nport = {self.port}\n")
        self.edit("noria.toml", r'p99 = "\w+"', 'p99 = "5s"')
        self.commit("a port of its own")

    def edit(self, file: str, pattern: str, text: str) -> None:
        path = self.root / file
        path.write_text(re.sub(pattern, text, path.read_text(), count=1))

    def commit(self, message: str) -> None:
        subprocess.run(["git", "add", "."], cwd=self.root, check=True)
        subprocess.run(["git", *IDENTITY, "commit", "-qm", message], cwd=self.root, check=True)

    def json(self, *words: str) -> Any:
        """Return what a reading verb tells as JSON."""
        done = subprocess.run([*NORIA, *words, "--json"], cwd=self.root, capture_output=True, check=True)
        return json.loads(done.stdout)

    @contextmanager
    def up(self) -> Iterator[subprocess.Popen[bytes]]:
        """`noria up`, with its output beside the project."""
        with (self.root.parent / "up.log").open("wb") as log:
            process = subprocess.Popen([*NORIA, "up"], cwd=self.root, stdout=log, stderr=log)
            try:
                yield process
            finally:
                process.terminate()
                process.wait(60)

    def answering(self, body: bytes) -> str:
        """Return the version that answers now, or "" while none does."""
        answered = _posted(f"http://127.0.0.1:{self.port}/invocations", body)
        return answered.headers.get("x-noria-version", "") if answered and answered.status == 200 else ""


def post(url: str, body: bytes) -> int:
    """Return the status of the answer to a JSON body, 0 where there is none."""
    answered = _posted(url, body)
    return answered.status if answered else 0


def init(folder: Path, *words: str) -> Project:
    """Make a project in `folder` with `noria init`."""
    subprocess.run([*NORIA, "init", "measured", *words], cwd=folder, check=True, capture_output=True)
    return Project(folder / "measured")


def wait_for(true: Callable[[], Value], pause: float = 0.02) -> Value:
    """Return what `true` returns, once it is true.

    Raises:
        TimeoutError: it was not, for three minutes.
    """
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if value := true():
            return value
        time.sleep(pause)
    raise TimeoutError(f"{true} was not true for {PATIENCE:g} s")


def seconds_of(command: list[str], folder: Path, **environment: str) -> float:
    """Return the wall time of a command that has to succeed."""
    started = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, capture_output=True, env={**os.environ, **environment})
    return time.perf_counter() - started


def _posted(url: str, body: bytes) -> HTTPResponse | None:
    """Return the answer without its body, None where nobody answers."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc, timeout=5)
    try:
        connection.request("POST", parts.path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        return answer
    except (OSError, HTTPException):
        return None
    finally:
        connection.close()


def customer(project: Project) -> dict[str, Any]:
    """Return a row of the table of the template tabular, without its label."""
    names, values = (line.split(",") for line in _first_lines(project))
    return {name: _value(value) for name, value in zip(names, values, strict=True) if name != "churned"}


def _first_lines(project: Project) -> list[str]:
    with (project.root / "data" / "customers.csv").open() as file:
        return [next(file).strip(), next(file).strip()]


def _value(text: str) -> float | str | None:
    try:
        return float(text)
    except ValueError:
        return text or None


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
