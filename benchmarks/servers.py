"""noria and its peers as servers of one model: how each is started, and how it is asked.

Each peer batches, as far as it can, and its libraries use one thread: with more, they disturb each other.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from benchmarks import environments
from benchmarks.idle import living
from benchmarks.project import NORIA, free_port, init, post, wait_for
from benchmarks.workload import LABEL, Workload

PROGRAMS = Path(__file__).with_name("peers") / "servers"
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true", "RAY_USAGE_STATS_ENABLED": "0"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """A command that serves, and what else it is told."""

    command: Sequence[str]
    path: str
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """`prepare` gets a folder, the workload's table and a port; `body` makes a request of columns, rows."""

    name: str
    prepare: Callable[[Path, Workload, Path, int], Launch]
    body: Callable[[Sequence[str], list[list[Any]]], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A server that answers. `seconds` is the time from its start to its first answer."""

    process: subprocess.Popen[bytes]
    port: int
    url: str
    body: str
    seconds: float

    @property
    def processes(self) -> list[psutil.Process]:
        """All that the server has started, and that lives."""
        return living(self.process.pid)


class Prepared:
    """A server with its model made, in a folder of its own; it can be started again and again."""

    def __init__(self, server: Server, workload: Workload, folder: Path) -> None:
        folder.mkdir(parents=True)
        table = workload.write(folder)
        self.name = server.name
        self._folder = folder
        self._port = free_port()
        self._launch = server.prepare(folder, workload, table, self._port)
        self._body = json.dumps(server.body(workload.columns, workload.request(table)))

    @contextmanager
    def running(self) -> Iterator[Running]:
        """Start the server, and give it once it answers; it is ended with all of its processes."""
        environment = {**os.environ, **ONE_THREAD, **QUIET, **self._launch.environment}
        url = f"http://127.0.0.1:{self._port}{self._launch.path}"
        with (self._folder / "server.log").open("wb") as log:
            began = time.monotonic()
            process = subprocess.Popen(
                self._launch.command,
                cwd=self._folder,
                env=environment,
                stdout=log,
                stderr=log,
            )
            try:
                wait_for(lambda: post(url, self._body.encode()) == 200)
                seconds = time.monotonic() - began
                yield Running(process=process, port=self._port, url=url, body=self._body, seconds=seconds)
            finally:
                _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a server and what it leaves behind."""
    tree = living(process.pid)
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(30)
    for each in tree:
        with suppress(psutil.NoSuchProcess):
            each.kill()
    process.wait()


# --- noria ---


def noria(folder: Path, workload: Workload, table: Path, port: int, more: str = "") -> Launch:
    """Train and release the workload's model in a project; `more` are lines of its [serve]."""
    project = init(folder, "--data", str(table), "--label", LABEL)
    project.edit("noria.toml", r"port = \d+", f"port = {port}\n{more}")
    project.edit("noria.toml", r'(?s)check = "enough-rows".*?(?=\[rollout\])', 'check = "finite"\n')
    project.port = port
    (project.root / "train.py").write_text((PROGRAMS / "train.py").read_text())
    (project.root / "pipeline.py").write_text(
        "import polars as pl\n\nfrom train import make\n\n\n"
        "def model(train: pl.DataFrame):\n"
        f"    return make({workload.kind!r}, train.select({[*workload.columns, LABEL]!r}).to_pandas())\n"
    )
    project.commit("the model that all servers serve")
    body = json.dumps(_records(workload.columns, workload.request(table))).encode()
    with project.up():
        wait_for(lambda: project.answering(body) == "1")
    return Launch(command=[*NORIA, "gateway", str(project.root)], path="/invocations")


def _as_trained(folder: Path, workload: Workload, table: Path, port: int) -> Launch:
    return noria(folder, workload, table, port, "compile = false")


def _records(columns: Sequence[str], rows: list[list[Any]]) -> Any:
    return {"dataframe_records": [dict(zip(columns, row, strict=True)) for row in rows]}


# --- peers ---


def _trained(peer: str, folder: Path, workload: Workload, table: Path) -> tuple[Path, dict[str, str]]:
    """Train the workload's model in the peer's environment; return its programs and what servers are told."""
    programs, model = environments.environment(peer), folder / "model.joblib"
    command = [str(programs / "python"), str(PROGRAMS / "train.py"), workload.kind, str(table), str(model)]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, **ONE_THREAD})
    columns = json.dumps(workload.columns if workload.has_words else None)
    return programs, {"MODEL": str(model), "COLUMNS": columns, "PYTHONPATH": str(PROGRAMS)}


def _mlserver(folder: Path, workload: Workload, table: Path, port: int) -> Launch:
    programs, told = _trained("mlserver", folder, workload, table)
    settings = {
        "host": "127.0.0.1",
        "http_port": port,
        "grpc_port": free_port(),
        "metrics_port": free_port(),
        "parallel_workers": 0,
        "debug": False,
    }
    model = {
        "name": "m",
        "implementation": "mlserver_sklearn.SKLearnModel",
        "max_batch_size": 64,
        "max_batch_time": 0.001,
        "parameters": {"uri": told["MODEL"], "version": "1"},
    }
    (folder / "settings.json").write_text(json.dumps(settings))
    (folder / "model-settings.json").write_text(json.dumps(model))
    return Launch(command=[str(programs / "mlserver"), "start", "."], path="/v2/models/m/infer")


def _tensors(columns: Sequence[str], rows: list[list[Any]]) -> Any:
    output = [{"name": "predict_proba"}]
    if not any(isinstance(value, str) for value in rows[0]):
        flat = [value for row in rows for value in row]
        shape = [len(rows), len(columns)]
        return {
            "inputs": [{"name": "x", "shape": shape, "datatype": "FP64", "data": flat}],
            "outputs": output,
        }
    inputs = [
        _tensor(name, list(values)) for name, values in zip(columns, zip(*rows, strict=True), strict=True)
    ]
    return {"parameters": {"content_type": "pd"}, "inputs": inputs, "outputs": output}


def _tensor(name: str, values: list[Any]) -> dict[str, Any]:
    words = isinstance(values[0], str)
    return {
        "name": name,
        "shape": [len(values), 1],
        "datatype": "BYTES" if words else "FP64",
        "data": values,
        **({"parameters": {"content_type": "str"}} if words else {}),
    }


def _bentoml(folder: Path, workload: Workload, table: Path, port: int) -> Launch:
    programs, told = _trained("bentoml", folder, workload, table)
    command = [str(programs / "bentoml"), "serve", "bento:Server", "--host", "127.0.0.1", "--port", str(port)]
    home = {"BENTOML_HOME": str(folder / "bentoml"), "BENTOML_DO_NOT_TRACK": "True"}
    return Launch(
        command=[*command, "--working-dir", str(PROGRAMS)], path="/predict", environment=told | home
    )


def _litserve(folder: Path, workload: Workload, table: Path, port: int) -> Launch:
    programs, told = _trained("litserve", folder, workload, table)
    command = [str(programs / "python"), str(PROGRAMS / "lit.py"), str(port)]
    return Launch(command=command, path="/predict", environment=told)


def _ray(folder: Path, workload: Workload, table: Path, port: int) -> Launch:
    programs, told = _trained("ray", folder, workload, table)
    command = [str(programs / "python"), str(PROGRAMS / "rays.py"), str(port)]
    return Launch(command=command, path="/", environment=told)


def _rows(columns: Sequence[str], rows: list[list[Any]]) -> Any:
    return {"rows": rows}


def _mlflow(folder: Path, workload: Workload, table: Path, port: int) -> Launch:
    programs, told = _trained("mlflow", folder, workload, table)
    saved = [str(programs / "python"), str(PROGRAMS / "mlflows.py"), str(folder / "mlflow")]
    subprocess.run(saved, check=True, capture_output=True, env={**os.environ, **QUIET, **told})
    command = [str(programs / "mlflow"), "models", "serve", "-m", str(folder / "mlflow"), "-p", str(port)]
    path = {"PATH": f"{programs}:{os.environ['PATH']}"}
    return Launch(command=[*command, "--env-manager", "local"], path="/invocations", environment=told | path)


def _split(columns: Sequence[str], rows: list[list[Any]]) -> Any:
    if any(isinstance(value, str) for value in rows[0]):
        return {"dataframe_split": {"columns": list(columns), "data": rows}}
    return {"inputs": rows}


OURS = Server(name="noria", prepare=noria, body=_records)
AS_TRAINED = Server(name="noria, not compiled", prepare=_as_trained, body=_records)
"""Asks scikit-learn's own object, which noria by default only does where no faster form answers the same."""
PEERS = (
    Server(name="MLServer", prepare=_mlserver, body=_tensors),
    Server(name="LitServe", prepare=_litserve, body=_rows),
    Server(name="BentoML", prepare=_bentoml, body=_rows),
    Server(name="MLflow", prepare=_mlflow, body=_split),
    Server(name="Ray Serve", prepare=_ray, body=_rows),
)
