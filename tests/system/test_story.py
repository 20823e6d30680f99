"""A user's story: a project from the template, `noria up`, and from then on nothing but commits."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from noria.project.parse import load
from noria.rows import ModelRow, RunRow
from noria.wiring import state

PATIENCE = 90.0
"""Seconds that anything may take on a busy machine."""
CUSTOMER = {
    "contract": "monthly",
    "payment": "card",
    "region": "north",
    "age": 40.0,
    "tenure_months": 3,
    "monthly_price": 80.0,
    "data_gb": 9.5,
    "support_calls": 2,
}


class Churn:
    """The user's project and terminal."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def noria(self, *words: str, code: int = 0) -> str:
        """Run a verb, hold it to its exit code, and return what the user reads."""
        command = [sys.executable, "-m", "noria", *words]
        done = subprocess.run(command, cwd=self.root, capture_output=True, text=True, timeout=PATIENCE)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def json(self, *words: str) -> Any:
        return json.loads(self.noria(*words, "--json"))

    def edit(self, file: str, old: str, new: str) -> None:
        text = (self.root / file).read_text()
        assert old in text
        (self.root / file).write_text(text.replace(old, new))

    def commit(self, message: str) -> RunRow:
        """Commit all changes, and return the run that they start by themselves, once it has ended."""
        git(self.root, "commit", "--quiet", "--all", "--message", message)
        head = git(self.root, "rev-parse", "HEAD")
        store, name = state(load(self.root)), load(self.root).name
        return until(
            lambda: next(
                (run for run in store.runs(name, 5) if run.commit == head and run.ended is not None), None
            )
        )

    def model(self) -> ModelRow:
        project = load(self.root)
        return state(project).model(project.name)


class Passengers:
    """Asks for a prediction ten times a second, and remembers each answer."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._stop = Event()
        self._thread = Thread(target=self._ask)
        self.answers: list[tuple[int, str]] = []

    def __enter__(self) -> Passengers:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    @property
    def failed(self) -> list[tuple[int, str]]:
        return [answer for answer in self.answers if answer[0] != 200]

    def _ask(self) -> None:
        while not self._stop.wait(0.1):
            self.answers.append(ask(self._port, len(self.answers)))


def ask(port: int, number: int) -> tuple[int, str]:
    """Return the status of a prediction and the version that made it."""
    record = {"customer_id": f"new {number}", **CUSTOMER}
    try:
        answer, _ = post(port, "/invocations", {"dataframe_records": [record]}, f"asked {number}")
        return answer.status, answer.getheader("x-noria-version") or ""
    except OSError as error:
        return 0, str(error)


def post(port: int, path: str, body: object, key: str = "") -> tuple[HTTPResponse, Any]:
    """Return an answer, and what it holds."""
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        headers = {"Content-Type": "application/json", "X-Request-ID": key}
        connection.request("POST", path, json.dumps(body), headers)
        answer = connection.getresponse()
        return answer, json.loads(answer.read())
    finally:
        connection.close()


def until(found: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE
    while not (value := found()):
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.1)
    return value


def git(root: Path, *words: str) -> str:
    identity = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org"]
    done = subprocess.run(["git", *identity, *words], cwd=root, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture
def churn(tmp_path: Path) -> Iterator[Churn]:
    """The template's project with `noria up`, on a port of its own."""
    project = Churn(tmp_path)
    project.noria("init", "--template", "tabular", "churn")
    project.root = tmp_path / "churn"
    project.edit("noria.toml", "[data]", f"[serve]\nport = {free_port()}\n\n[data]")
    git(project.root, "commit", "--quiet", "--all", "--message", "Serve on a free port")
    command = [sys.executable, "-m", "noria", "up"]
    with subprocess.Popen(command, cwd=project.root, stdout=subprocess.DEVNULL) as up:
        try:
            yield project
        finally:
            up.send_signal(signal.SIGTERM)
            assert up.wait(30) == 0


@pytest.mark.timeout(300)
def test_commits_alone_keep_the_model_good(churn: Churn) -> None:
    until(lambda: churn.model().champion == 1)
    port = load(churn.root).serve.port
    until(lambda: ask(port, 0)[0] == 200)
    with Passengers(port) as passengers:
        better(churn)
        worse(churn)
        broken(churn)
        no_model(churn)
        by_hand(churn)
    assert passengers.failed == []
    assert {version for _, version in passengers.answers} == {"1", "2", "3"}
    explained(churn, port)
    reads(churn)


def explained(churn: Churn, port: int) -> None:
    """An answer just given has its reasons, and so has an early one, of a version that serves no more."""
    post(port, "/invocations", {"dataframe_records": [CUSTOMER]}, "just now")
    for key, version in (("just now", 2), ("asked 5", 1)):
        answer, told = post(port, "/v2/models/churn/explain", {"id": key})
        assert answer.status == 200, told
        found = told["explanation"]
        assert found["version"] == version
        total = found["base"] + sum(part["contribution"] for part in found["parts"])
        assert abs(total - found["score"]) < 1e-6
        assert churn.json("explain", key) == told


def better(churn: Churn) -> None:
    """A commit that shows the model what it did not see is promoted."""
    churn.edit("noria.toml", '"data_gb"]', '"data_gb", "support_calls"]')
    churn.edit("pipeline.py", '"data_gb"]', '"data_gb", "support_calls"]')
    run = churn.commit("Let the model see the support calls")
    assert (run.status, run.version) == ("registered", 2)
    until(lambda: churn.model().champion == 2)


def worse(churn: Churn) -> None:
    """A commit that hides what matters is refused; the reason names the gate, and the champion stays."""
    churn.edit("noria.toml", 'features = ["contract", ', "features = [")
    churn.edit("pipeline.py", 'FEATURES = ["contract", ', "FEATURES = [")
    churn.edit("pipeline.py", 'CATEGORIES = ["contract", ', "CATEGORIES = [")
    run = churn.commit("Do without the contract")
    assert run.status == "refused"
    assert run.error.startswith("better-than-champion failed: worse: log_loss")
    git(churn.root, "revert", "--no-commit", "HEAD")


def broken(churn: Churn) -> None:
    """A commit that raises is reported with the error, its place and the next command."""
    churn.edit("pipeline.py", "return learner.fit(", "learner = params['learner']\n    return learner.fit(")
    run = churn.commit("Take the learner from the parameters")
    assert run.status == "failed"
    assert run.error.startswith("KeyError: 'learner' (pipeline.py, line ")
    assert "in the step model" in run.error
    said = churn.noria(*run.facts["hint"].split()[1:])
    assert "learner = params['learner']\n" in said
    churn.edit("pipeline.py", "learner = params['learner']\n    ", "")


def no_model(churn: Churn) -> None:
    """So is one whose pipeline makes no model."""
    churn.edit("pipeline.py", "return learner.fit(", "return 'a model'\n    return learner.fit(")
    run = churn.commit("Return a text")
    assert run.status == "failed"
    assert "returned str, which is no model: it has no method predict" in run.error
    churn.edit("pipeline.py", "return 'a model'\n    ", "")
    assert churn.model().champion == 2


def by_hand(churn: Churn) -> None:
    """People may intervene: each verb says first what it would do, and a dry run does nothing."""
    assert "no rollout of churn is open" in churn.noria("promote", "--yes", code=1)
    churn.edit("noria.toml", "steps = []", "steps = [{ shadow = 1000000 }]")
    gate = 'check = "better-than-champion"'
    churn.edit("noria.toml", gate, f"{gate}\nnewer = true")  # the same model passes again
    assert churn.commit("Look at a new version for long before it answers").version == 3
    until(lambda: churn.model().rollout.phase == "shadow")
    assert churn.noria("abort", "--dry-run") == "would be done: churn/3: shadow -> aborted\n"
    assert churn.noria("hold", "--yes") == "churn/3: shadow -> shadow, held\n"
    assert churn.json("status")["rollout"]["held"]
    assert churn.noria("release", "--yes") == "churn/3: shadow -> shadow\n"
    assert churn.noria("promote", "--yes", "-m", "Seen enough") == "churn/3: shadow -> promoted\n"
    assert churn.noria("rollback", "--dry-run") == "would be done: churn: champion 3 -> 2\n"
    assert churn.model().champion == 3
    churn.noria("rollback", "--yes", "-m", "Not seen enough")
    assert churn.noria("pause", "-m", "Holidays") == "churn: paused\n"
    assert churn.json("status")["paused"]
    churn.noria("resume")


def reads(churn: Churn) -> None:
    """What stands in the record afterwards, for people and for programs."""
    status = churn.json("status")
    assert (status["champion"], status["up"]) == (2, True)
    ended = [run["status"] for run in churn.json("runs")]
    assert ended == ["registered", "failed", "failed", "refused", "registered", "registered"]
    assert [version["version"] for version in churn.json("models")] == [3, 2, 1]
    assert churn.json("plan")["decision"]["run"] is False
    assert "the ledger holds" in churn.noria("ledger", "verify")
    assert "came out the same" in churn.noria("ledger", "recompute")
    kinds = [entry["kind"] for entry in churn.json("ledger", "--limit", "100")]
    assert kinds.count("promoted") == 3
    assert kinds[-6:] == ["held", "released", "promoted", "rollback", "paused", "resumed"]
