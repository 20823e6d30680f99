"""Ask a packaged model row by row in a clean process: `python -m noria.artifact.probe DIRECTORY ROWS BUDGET`.

ROWS is a JSON file of columns. Prints one JSON object, see `Probed`. This is how a gate knows that the model
loads where nothing of its training is left.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from noria.artifact.predictor import Predictor, load
from noria.errors import ArtifactError

WARM_UP = 20
"""Answers that are not timed: the first ones pay for what the model's library does once."""


@dataclass(slots=True, kw_only=True)
class Probed:
    """The outputs of n rows, each asked alone, and the seconds of each answer.

    They are fewer than the rows where the budget ended. `load` is what it took to load the model, in seconds;
    `memory` the most that its process ever took, in bytes, and 0 where the system does not tell.
    """

    load: float
    outputs: list[Any] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    memory: int = 0


def probe(
    directory: Path, columns: Mapping[str, Sequence[Any]], *, budget: float = 60, timeout: float = 120
) -> Probed:
    """Return what the model in `directory` answers in a process of its own, whose hashes are others.

    No further row is asked `budget` seconds after the model was loaded.

    Raises:
        ArtifactError: it does not load, raises on a row, dies, or takes more than `timeout` seconds.
    """
    with tempfile.TemporaryDirectory() as scratch:
        rows = Path(scratch) / "rows.json"
        rows.write_text(json.dumps({name: list(values) for name, values in columns.items()}))
        command = [sys.executable, "-m", "noria.artifact.probe", str(directory), str(rows), str(budget)]
        own = os.environ | {"PYTHONHASHSEED": "random"}
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, env=own)
        except subprocess.TimeoutExpired:
            raise ArtifactError(f"the model did not answer within {timeout:g} s in a clean process") from None
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise ArtifactError(f"the model fails in a clean process: {last}")
    return Probed(**json.loads(done.stdout.splitlines()[-1]))


def main(directory: str, rows: str, budget: str) -> None:
    columns = json.loads(Path(rows).read_text())
    begun = time.perf_counter()
    model = load(directory, lean=True)
    found = Probed(load=time.perf_counter() - begun)
    _ask(model, columns, time.perf_counter() + float(budget), found)
    found.memory = _peak()
    print(json.dumps(asdict(found)))


def _ask(model: Predictor, columns: dict[str, list[Any]], end: float, found: Probed) -> None:
    """Add the answers to what was found, one row after the other."""
    count = len(next(iter(columns.values())))
    for number in range(-min(WARM_UP, count), count):
        row = max(number, 0)
        one = {name: values[row : row + 1] for name, values in columns.items()}
        begun = time.perf_counter()
        if begun > end:
            return
        try:
            output = model.predict(one)[0].tolist()
        except Exception as error:  # a model may raise anything
            sys.exit(f"row {row} is not answered: {type(error).__name__}: {error}".replace("\n", " "))
        if number >= 0:
            found.seconds.append(time.perf_counter() - begun)
            found.outputs.append(output)


def _peak() -> int:
    """Return the most memory that this process ever took; what getrusage says includes its parent's."""
    try:
        said = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    except FileNotFoundError:  # no Linux
        return 0
    return int(said[1]) * 1024 if said else 0


if __name__ == "__main__":
    main(*sys.argv[1:])
