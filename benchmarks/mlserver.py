"""MLServer with a model whose inputs it is told, so that a client can know what to send."""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from benchmarks.environments import REQUIREMENTS, environment
from benchmarks.project import free_port, wait_for
from noria.conformance.check import Failed
from noria.conformance.client import Client


@contextmanager
def serving(folder: Path) -> Iterator[Client]:
    """Serve a scikit-learn model `m` of four numbers by MLServer, from a folder that is made for it.

    Raises:
        Skipped: MLServer cannot be installed.
    """
    programs, port = environment("mlserver"), free_port()
    folder.mkdir()
    _settle(folder, programs, port)
    client = Client(f"http://127.0.0.1:{port}")
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [str(programs / "mlserver"), "start", "."], cwd=folder, stdout=log, stderr=log
        )
        try:
            wait_for(lambda: _is_ready(client))
            yield client
        finally:
            process.terminate()
            process.wait(60)


def _settle(folder: Path, programs: Path, port: int) -> None:
    """Train a model with MLServer's scikit-learn, and write what MLServer is told of it."""
    dice = random.Random(1)
    rows = [[dice.random() for _ in range(4)] for _ in range(500)]
    columns = {f"x{place}": [row[place] for row in rows] for place in range(4)}
    pl.DataFrame(columns | {"y": [int(sum(row) > 2) for row in rows]}).write_csv(folder / "table.csv")
    train = REQUIREMENTS / "servers" / "train.py"
    command = [str(programs / "python"), str(train), "hgb", "table.csv", "model.joblib"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    ports = {"http_port": port, "grpc_port": free_port(), "metrics_port": free_port()}
    settings = {"host": "127.0.0.1", **ports, "parallel_workers": 0, "debug": False}
    model = {
        "name": "m",
        "implementation": "mlserver_sklearn.SKLearnModel",
        "parameters": {"uri": "model.joblib", "version": "1"},
        "versions": ["1"],
        "inputs": [{"name": "x", "datatype": "FP64", "shape": [-1, 4]}],
        "outputs": [{"name": "predict", "datatype": "INT64", "shape": [-1, 1]}],
    }
    (folder / "settings.json").write_text(json.dumps(settings))
    (folder / "model-settings.json").write_text(json.dumps(model))


def _is_ready(client: Client) -> bool:
    try:
        return client.ask("GET", "/v2/models/m/ready").status == 200
    except Failed:
        return False
