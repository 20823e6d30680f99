"""Do the vendors' own clients work with noria, and how do noria and MLServer do in `noria conformance`?"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks import mlserver
from benchmarks.environments import REQUIREMENTS, environment, pinned_version
from benchmarks.evidence import Found, Skipped
from benchmarks.project import Project, init, wait_for
from noria.artifact import predictor
from noria.conformance.check import Result, Status
from noria.conformance.client import Client
from noria.conformance.suite import conforms, run
from noria.conformance.target import discover

PROGRAMS = REQUIREMENTS / "clients"
CLIENTS = {
    "triton_client": ("tritonclient", "tritonclient"),
    "kserve_client": ("kserve", "kserve"),
    "mlflow_clients": ("mlflow", "mlflow"),
    "sagemaker_client": ("boto3", "boto3"),
    "vertex_client": ("aiplatform", "google-cloud-aiplatform"),
    "tensorflow_rest": None,
}
"""The clients' scripts, with the environment and the package of each; the last needs nothing but Python."""
ROWS = 5
LONGEST = 90
"""Characters of what was seen that the page has room for."""

Cases = list[tuple[str, str, bool]]
"""What was tried, what was seen, and whether that is right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What came of a model: the cases of each client, and the checks of the suite."""

    clients: dict[str, Cases]
    checks: list[Result]


def measure(scratch: Path) -> Found:
    """Return each case of each client with both models, and each check with noria and MLServer.

    Raises:
        Skipped: MLServer cannot be installed.
    """
    tried = [_try_noria(scratch / name, table) for name, table in _tables(random.Random(0)).items()]
    with mlserver.serving(scratch / "mlserver") as client:
        rivals = run(discover(client, "m"))
    clients = [row for script in CLIENTS for row in _rows(script, tried)]
    checks = [check_row(*results) for results in zip(*(t.checks for t in tried), rivals, strict=True)]
    right = all(case[2] for t in tried for cases in t.clients.values() for case in cases)
    return Found(
        title="Clients and conformance",
        how=(
            "A binary model of numbers and categories and one of three classes of numbers, under `noria up`. "
            "First each vendor's own client, in an environment of its own (`benchmarks/peers/`): its "
            "predictions are compared with those of the artifact in process. Then each check of "
            "[`noria conformance`](../reference/conformance.md), with the same models, and with MLServer "
            "and a scikit-learn model, whose inputs its settings declare."
        ),
        header=("asked by", "what", "noria", f"MLServer {pinned_version('mlserver', 'mlserver')}"),
        rows=[*clients, *checks],
        target="Target: each client's cases and each required check are passed by noria",
        reached=right and all(conforms(t.checks) for t in tried),
    )


def _rows(script: str, tried: Sequence[Tried]) -> Iterator[Sequence[str]]:
    """Yield a row for each case of a client, with what came of it with each model."""
    cases = [case for each in tried for case in each.clients[script]]
    for what in dict.fromkeys(case[0] for case in cases):
        yield client_row(_name(script), [case for case in cases if case[0] == what])


def client_row(client: str, cases: Sequence[tuple[str, str, bool]]) -> Sequence[str]:
    """Return one case with each model as a row; what was seen of the last is shown, or what went wrong."""
    what = cases[0][0]
    wrong = [saw for _, saw, right in cases if not right]
    seen = [saw for _, saw, _ in cases if saw]
    return (client, what, _cell(f"**failed**: {wrong[0]}" if wrong else seen[-1]), "")


def check_row(*results: Result) -> Sequence[str]:
    *ours, rivals = results
    worst = next((result for result in ours if result.status is Status.FAILED), ours[-1])
    need = "" if worst.required else " (optional)"
    return ("noria conformance", worst.check + need, _verdict(worst), _verdict(rivals))


def _verdict(result: Result) -> str:
    if result.status is Status.PASSED:
        return "passed"
    mark = "**failed**" if result.status is Status.FAILED else "skipped"
    return _cell(f"{mark}: {result.found}")


def _cell(text: str) -> str:
    line = " ".join(text.split()).replace("|", "\\|")
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def _tables(dice: random.Random) -> dict[str, pl.DataFrame]:
    """Return a table for each model; its numbers are eighths, which a float32 holds too."""
    numbers = {f"x{place}": [dice.randrange(80) / 8 for _ in range(2_000)] for place in range(4)}
    words = {"colour": [dice.choice(["red", "green", "blue"]) for _ in range(2_000)]}
    total = [sum(row) for row in zip(*numbers.values(), strict=True)]
    grades = [["low", "middle", "high"][min(int(value // 14), 2)] for value in total]
    bought = [
        int(value + 8 * (word == "red") > 22) for value, word in zip(total, words["colour"], strict=True)
    ]
    return {
        "binary": pl.DataFrame(numbers | words | {"bought": bought}),
        "classes": pl.DataFrame(numbers | {"grade": grades}),
    }


def _try_noria(folder: Path, table: pl.DataFrame) -> Tried:
    """Serve a model of the table's last column by noria, and try it."""
    folder.mkdir()
    table.write_csv(folder / "table.csv")
    project = init(folder, "--data", str(folder / "table.csv"), "--label", table.columns[-1])
    rows = table.drop(table.columns[-1]).head(ROWS)
    body = json.dumps({"dataframe_records": rows.to_dicts()}).encode()
    with project.up():
        version = wait_for(lambda: project.answering(body))
        work = _work(project, rows, version)
        clients = {script: _cases(script, work) for script in CLIENTS}
        return Tried(clients=clients, checks=run(discover(Client(work["url"]), work["model"])))


def _work(project: Project, rows: pl.DataFrame, version: str) -> dict[str, Any]:
    """Return what a client's script is told: the model, rows, and what its artifact predicts for them."""
    written = json.loads((project.root / ".noria" / "gateway" / "plan.json").read_text())
    model = predictor.load(written["versions"][version]["artifact"])
    return {
        "url": f"http://127.0.0.1:{project.port}",
        "model": written["plan"]["model"],
        "version": version,
        "kinds": {feature["name"]: feature["kind"] for feature in model.spec["features"]},
        "rows": [list(row) for row in rows.select(model.features).iter_rows()],
        "expected": np.asarray(model.predict(rows.to_dict(as_series=False))).tolist(),
    }


def _name(script: str) -> str:
    client = CLIENTS[script]
    return f"{client[1]} {pinned_version(*client)}" if client else "TensorFlow Serving's REST"


def _cases(script: str, work: dict[str, Any]) -> Cases:
    """Run a client's script in its environment."""
    client = CLIENTS[script]
    try:
        python = str(environment(client[0]) / "python") if client else sys.executable
    except Skipped as reason:
        return [("its environment", str(reason), False)]
    command = [python, str(PROGRAMS / f"{script}.py")]
    done = subprocess.run(command, input=json.dumps(work), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return [("the script", done.stderr[-300:], False)]
    return [tuple(case) for case in json.loads(done.stdout.splitlines()[-1])]
