"""Ask a packaged model row by row in a clean process: `python -m noria.artifact.probe DIRECTORY ROWS`.

ROWS is a JSON file of columns. Prints one JSON object: the outputs of each row asked alone, and the seconds
that each answer took. This is how a gate knows that the model loads where nothing of its training is left.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from noria.artifact.predictor import load
from noria.errors import ArtifactError

WARM_UP = 20
"""Answers that are not timed: the first ones pay for what the model's library does once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """The outputs of n rows, each asked alone, and the seconds of each answer."""

    outputs: list[Any]
    seconds: list[float]


def probe(directory: Path, columns: Mapping[str, Sequence[Any]], *, timeout: float = 120) -> Probed:
    """Return what the model in `directory` answers in a process of its own.

    Raises:
        ArtifactError: it does not load, raises on a row, or takes more than `timeout` seconds.
    """
    with tempfile.TemporaryDirectory() as scratch:
        rows = Path(scratch) / "rows.json"
        rows.write_text(json.dumps({name: list(values) for name, values in columns.items()}))
        command = [sys.executable, "-m", "noria.artifact.probe", str(directory), str(rows)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
        except subprocess.TimeoutExpired:
            raise ArtifactError(f"the model did not answer within {timeout:g} s in a clean process") from None
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise ArtifactError(f"the model fails in a clean process: {last}")
    return Probed(**json.loads(done.stdout.splitlines()[-1]))


def main(directory: str, rows: str) -> None:
    model = load(directory, lean=True)
    columns: dict[str, list[Any]] = json.loads(Path(rows).read_text())
    count = len(next(iter(columns.values())))
    outputs, seconds = [], []
    for row in [*[0] * min(WARM_UP, count), *range(count)]:
        one = {name: values[row : row + 1] for name, values in columns.items()}
        begun = time.perf_counter()
        output = model.predict(one)[0]
        seconds.append(time.perf_counter() - begun)
        outputs.append(output.tolist())
    print(json.dumps({"outputs": outputs[-count:], "seconds": seconds[-count:]}))


if __name__ == "__main__":
    main(*sys.argv[1:])
