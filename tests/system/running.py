"""A project, the real processes of noria in it, and a client that remembers what it was answered."""

from __future__ import annotations

import http.client
import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import invariants

from benchmarks.evidence import Found, write
from noria.adapters.state import SqlState
from noria.rows import RunRow

NAME = "small"
SEEDS = int(os.environ.get("NORIA_SEEDS", "20"))
"""How often `make evidence` kills at each point."""
PATIENCE = 90.0
"""Seconds in which what a test waits for has to happen: runs are slow where processors are shared."""


class System:
    """A project and the noria processes that a test starts in it."""

    def __init__(self, root: Path, port: int) -> None:
        self.root, self.home, self.port = root, root / ".noria", port
        self._processes: list[subprocess.Popen[bytes]] = []
        self.edit("noria.toml", r"n_estimators = \d+", "n_estimators = 10")
        self.edit("noria.toml", r'p99 = "\w+"', 'p99 = "5s"')
        self.edit("noria.toml", r'check = "better-than-champion"', r"\g<0>\nmargin = 1.0\nnewer = true")
        self.edit("noria.toml", r"\Z", f"\n[serve]\nport = {port}\n")
        self.commit("small and fast")
        self.state = SqlState(f"sqlite:///{self._made_home() / 'state.db'}")

    def edit(self, file: str, pattern: str, text: str) -> None:
        path = self.root / file
        path.write_text(re.sub(pattern, text, path.read_text(), count=1))

    def commit(self, message: str) -> None:
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        subprocess.run(["git", *identity, "commit", "-qam", message], cwd=self.root, check=True)

    def change_model(self, trees: int) -> None:
        """Commit other parameters: a new version."""
        self.edit("noria.toml", r"n_estimators = \d+", f"n_estimators = {trees}")
        self.commit(f"{trees} trees")

    def start(self, *words: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start a verb of noria; what it prints goes to a file beside the project."""
        with (self.root.parent / f"{words[0]}.out").open("ab") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "noria", *words],
                cwd=self.root,
                env={**os.environ, **environment},
                stdout=out,
                stderr=out,
            )
        self._processes.append(process)
        return process

    def printed(self, verb: str) -> str:
        return (self.root.parent / f"{verb}.out").read_text()

    def noria(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Call a verb of noria to its end."""
        command = [sys.executable, "-m", "noria", *words]
        return subprocess.run(command, cwd=self.root, capture_output=True, text=True, timeout=PATIENCE)

    def stop(self, process: subprocess.Popen[bytes]) -> None:
        process.terminate()
        assert process.wait(60) == 0

    def champion(self) -> int | None:
        return self.state.model(NAME).champion

    def run_of_head(self) -> RunRow | None:
        """Return the run of the present commit, once it has begun."""
        said = subprocess.run(["git", "rev-parse", "HEAD"], cwd=self.root, capture_output=True, check=True)
        head = said.stdout.decode().strip()
        return next((run for run in self.state.runs(NAME) if run.commit == head), None)

    def serves(self, version: int) -> bool:
        """Return whether the version is champion, and the gateway answers with it."""
        with suppress(OSError, http.client.HTTPException):
            return self.champion() == version and str(version) in ask(self.port, uuid4().hex)[1]
        return False

    def pid_of(self, part: str) -> int:
        """Return the process id of a part that runs under `noria up`."""
        found = subprocess.run(["pgrep", "-f", f"-m noria {part}$"], capture_output=True, text=True)
        pids = [int(pid) for pid in found.stdout.split()]
        return next(pid for pid in pids if Path(f"/proc/{pid}/cwd").resolve() == self.root.resolve())

    def faults(self, client: Client) -> list[str]:
        """Return what the history says against the ten invariants, after everything was stopped."""
        history = invariants.read(self.home, NAME, client.acknowledged, client.labelled)
        return invariants.check(history)

    def close(self) -> None:
        for process in self._processes:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self._processes:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.state.close()

    def _made_home(self) -> Path:
        self.home.mkdir(exist_ok=True)
        return self.home


class Kills:
    """How often the process was killed at each point, and how often all ten invariants held afterwards."""

    def __init__(self) -> None:
        self.killed: Counter[str] = Counter()
        self.survived: Counter[str] = Counter()

    @contextmanager
    def counted(self, points: Sequence[str]) -> Iterator[None]:
        """Count the points as killed, and as survived if the body ends without an error."""
        self.killed.update(points)
        yield
        self.survived.update(points)

    def write(self) -> None:
        """Write docs/evidence/kills.md."""
        rows = [(point, count, self.survived[point]) for point, count in sorted(self.killed.items())]
        found = Found(
            title="Killed at every step",
            how=(
                "`kill -9` under load: of the controller at each durable step (before its work, after its "
                "effect, after its result was kept) and around each change of traffic, and of each part of "
                "`noria up`. Survived: the run ended once, the next version was promoted once, nothing "
                "acknowledged was lost or doubled, and all ten invariants hold."
            ),
            header=("killed at", "times", "survived"),
            rows=rows,
            target="Target: each point 20 times, all survived",
            reached=all(killed == survived >= 20 for _, killed, survived in rows),
        )
        print(write("kills", found))


class Client:
    """Asks without a pause in a thread, tells the truth of every tenth answer, and remembers both."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.acknowledged: dict[str, int] = {}
        self.labelled: dict[str, float] = {}
        self.failed: list[str] = []

    def __enter__(self) -> Client:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        for number in count():
            if self._stop.wait(0.01):
                return
            key = f"request-{number}"
            try:
                status, versions = ask(self._port, key)
                if status == 200:
                    self.acknowledged[key] = int(versions)
                else:
                    self.failed.append(f"{key}: {status} {versions}")
                if number % 10 == 0 and key in self.acknowledged:
                    self._label(key, truth(row_of(key)))
            except (OSError, http.client.HTTPException) as error:
                self.failed.append(f"{key}: {error!r}")

    def _label(self, key: str, label: float) -> None:
        """Send a label twice, since it may be repeated."""
        for _ in range(2):
            assert post(self._port, "/feedback", {"id": key, "label": label})[0] == 200
        self.labelled[key] = label


def ask(port: int, key: str) -> tuple[int, str]:
    """Ask for a prediction; return the status, and the version that answered or the error."""
    asked = {"dataframe_records": [row_of(key)]}
    status, headers, body = post(port, "/invocations", asked, {"X-Request-ID": key})
    return status, headers["x-noria-version"] if status == 200 else body


def row_of(key: str) -> dict[str, Any]:
    """Return the visitor that a request asks about: another one for each key."""
    dice = random.Random(key)
    return {**{f"x{i}": dice.random() for i in range(4)}, "region": dice.choice(["north", "south"])}


def truth(row: dict[str, Any]) -> float:
    """Return whether a visitor buys, 1 or 0."""
    return float(row["x0"] + 0.3 * row["x1"] + 0.2 * (row["region"] == "south") > 0.8)


def post(
    port: int, path: str, body: Any, headers: dict[str, str] | None = None
) -> tuple[int, dict[str, str], str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(
            "POST", path, json.dumps(body), {"Content-Type": "application/json", **(headers or {})}
        )
        answer = connection.getresponse()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read().decode()
    finally:
        connection.close()


def wait_until(true: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
    """Return what `true` returns, once that is true."""
    end = time.monotonic() + seconds
    while not (value := true()):
        assert time.monotonic() < end, f"not within {seconds:g} s: {what}"
        time.sleep(0.05)
    return value
