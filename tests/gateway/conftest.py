"""A real gateway process with real LightGBM hosts, and a raw client."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from noria import segment
from noria.artifact import golden, manifest

ROOT = Path(__file__).parent
ROW = [i / 20 for i in range(20)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """A packaged model."""

    path: Path
    digest: str


@pytest.fixture(scope="session")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> list[Artifact]:
    """Two artifacts with 20 numbers x0..x19: the first answers 0.25, the second 0.75, give or take 0.1."""
    directory = tmp_path_factory.mktemp("artifacts")
    made = subprocess.run(
        [sys.executable, str(ROOT / "make_artifacts.py"), str(directory)],
        check=True,
        capture_output=True,
        text=True,
    )
    return [Artifact(path=Path(path), digest=digest) for path, digest in json.loads(made.stdout)]


@pytest.fixture
def model(tmp_path: Path) -> Callable[..., Artifact]:
    """Make an artifact that behaves as told, see poison/: `steady`, `slow`, `segfault` and the like."""
    numbers = count()

    def make(behaviour: str = "steady", much: float = 0, value: float = 0.25, **more: Any) -> Artifact:
        path = tmp_path / f"model-{next(numbers)}"
        (path / "data").mkdir(parents=True)
        features = [{"name": f"x{i}", "kind": "number"} for i in range(20)]
        spec = {"kind": "poison", "task": "binary", "features": features, "classes": [0, 1], "file": "how"}
        example = {"columns": [feature["name"] for feature in features], "data": [ROW]}
        how = {"behaviour": behaviour, "much": much, "value": value, **more}
        files = {"data/spec.json": spec, "data/how": how, golden.FILE: [value], golden.EXAMPLE: example}
        for name, content in files.items():
            (path / name).write_text(json.dumps(content))
        return Artifact(path=path, digest=manifest.write(path))

    return make


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    """A running gateway with no plan yet."""
    with running(tmp_path) as started:
        yield started


@pytest.fixture(scope="session")
def run() -> Any:
    """The context manager of a running gateway: home, and settings of one's own."""
    return running


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Gateway]]:
    """Start a gateway with settings of one's own."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(running(tmp_path, **options))


@dataclass
class Gateway:
    """A running gateway process of the model `m`, on a port of its own."""

    home: Path
    port: int
    options: Mapping[str, Any] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        settings = json.dumps({"port": self.port, **self.options})
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "run_gateway.py"), str(self.home), settings],
            env=os.environ | {"PYTHONPATH": str(ROOT / "poison")},
        )
        wait_until(self.listening, "the gateway listens")

    def listening(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self, number: int = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(20)

    def plan(
        self, number: int, arms: Mapping[int, int], versions: Mapping[int, Artifact], **more: Any
    ) -> None:
        """Write a plan as the controller does; return when the gateway reports it."""
        plan = {
            "model": "m",
            "number": number,
            "salt": "salt",
            "arms": [{"version": version, "share": share} for version, share in arms.items()],
            **more,
        }
        releases = {str(v): {"artifact": str(a.path), "digest": a.digest} for v, a in versions.items()}
        path = self.home / "gateway" / "plan.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps({"plan": plan, "versions": releases}))
        fresh.rename(path)

    def ready(self, worker: int = 0) -> dict[str, Any]:
        return self._read(f"ready-{worker}.json")

    def hosts(self) -> dict[int, dict[str, Any]]:
        """Return what the keeper says of each version's host."""
        return {host["version"]: host for host in self._read("hosts.json").values()}

    def workers(self) -> list[int]:
        """Return the pids of the workers."""
        assert self.process is not None
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [int(pid) for pid in children if "run_gateway" in _command(pid)]

    def _read(self, name: str) -> dict[str, Any]:
        path = self.home / "gateway" / name
        return json.loads(path.read_text()) if path.exists() else {}

    def serve(
        self, number: int, arms: Mapping[int, int], versions: Mapping[int, Artifact], **more: Any
    ) -> None:
        self.plan(number, arms, versions, **more)
        wait_until(lambda: self.plans() == {number}, f"plan {number} serves")

    def plans(self) -> set[int | None]:
        """Return the plans that the workers serve."""
        said = [json.loads(path.read_text()) for path in (self.home / "gateway").glob("ready-*.json")]
        return {ready["plan"] for ready in said} if len(said) >= self.options.get("workers", 1) else {None}

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)

    def request(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        connection = self.connect()
        try:
            return ask(connection, method, path, body, **headers)
        finally:
            connection.close()

    def infer(self, rows: list[list[float]] | None = None, **headers: str) -> Answer:
        return self.request("POST", "/v2/models/m/infer", v2(rows or [ROW]), **headers)

    def load(self, clients: int = 4) -> Load:
        return Load(self, clients)

    def wait_until(self, true: Callable[[], bool], what: str, seconds: float = 20) -> None:
        wait_until(true, what, seconds)

    def predictions(self) -> list[tuple[str, int, str, Any, str | None]]:
        """Return (id, version, role, output, error) of every recorded row, oldest first."""
        return [
            (key, record["version"], record["role"], output, record["error"])
            for record in self.records()
            if record["k"] == "p"
            for key, output in zip(record["ids"], outputs(record), strict=True)
        ]

    def pids(self) -> dict[str, int]:
        return {v: host["pid"] for v, host in self.request("GET", "/noria/plan").json["hosts"].items()}

    def records(self) -> list[dict[str, Any]]:
        """Return everything in the segments, oldest first."""
        return [r for path in sorted((self.home / "log").glob("*.seg")) for r in segment.read(path).records]


def outputs(record: dict[str, Any]) -> list[float | None]:
    return [None] * len(record["ids"]) if record["error"] else np.frombuffer(record["outputs"]).tolist()


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def output(self) -> Any:
        return self.json["outputs"][0]["data"]


def ask(
    connection: http.client.HTTPConnection, method: str, path: str, body: Any = None, **headers: str
) -> Answer:
    content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    names = {"content-type": "application/json"} | {k.replace("_", "-"): v for k, v in headers.items()}
    connection.request(method, path, content, names)
    response = connection.getresponse()
    return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())


class Load:
    """Clients in threads that ask without a pause; what they were answered, and how often they were not."""

    _names = count()

    def __init__(self, gateway: Gateway, clients: int = 4) -> None:
        self._gateway = gateway
        self._name = next(self._names)
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(n,)) for n in range(clients)]
        self.answers: list[Answer] = []
        self.seconds: list[float] = []
        self.broken: list[str] = []

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    @property
    def failed(self) -> list[str]:
        """Return every answer that was no 200, and every broken connection."""
        return [f"{a.status} {a.body!r}" for a in self.answers if a.status != 200] + self.broken

    def acknowledged(self) -> list[str]:
        return [answer.headers["x-request-id"] for answer in self.answers if answer.status == 200]

    def _run(self, client: int) -> None:
        connection = self._gateway.connect()
        for number in count():
            if self._stop.is_set():
                break
            key = f"{self._name}-{client}-{number}"
            began = time.perf_counter()
            try:
                self.answers.append(ask(connection, "POST", "/v2/models/m/infer", v2([ROW], id=key)))
                self.seconds.append(time.perf_counter() - began)
            except (OSError, http.client.HTTPException) as error:
                self.broken.append(f"{key}: {error!r}")
                connection.close()
                time.sleep(0.01)
        connection.close()


def v2(rows: list[list[float]], **more: Any) -> dict[str, Any]:
    data = [value for row in rows for value in row]
    return {"inputs": [{"name": "rows", "shape": [len(rows), 20], "datatype": "FP64", "data": data}], **more}


def _command(pid: str) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:  # it has ended
        return ""


def wait_until(true: Callable[[], bool], what: str, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.01)


@contextmanager
def running(home: Path, **options: Any) -> Iterator[Gateway]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    gateway = Gateway(home, port, options)
    gateway.start()
    try:
        yield gateway
    finally:
        if gateway.process and gateway.process.poll() is None:
            os.kill(gateway.process.pid, signal.SIGKILL)
            gateway.process.wait()
