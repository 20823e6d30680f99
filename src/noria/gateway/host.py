"""The process of one version: `python -m noria.gateway.host --artifact DIR --digest HEX --socket PATH`.

It verifies and loads the artifact, predicts once to warm up, listens, and says so on standard output:
`{"ready": <spec>}`, or `{"failed": "why"}` before it ends. Then it answers frames (see frames.py) until its
gateway is gone.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from noria.artifact import manifest, predictor
from noria.block import FLOAT, Column
from noria.errors import NoriaError
from noria.gateway import frames

_PR_SET_PDEATHSIG = 1


def main() -> None:
    options = _options()
    _die_with_the_gateway()
    say = _take_stdout()
    try:
        model = _load(options.artifact, options.digest)
    except Exception as error:
        message = error.message if isinstance(error, NoriaError) else f"{type(error).__name__}: {error}"
        say({"failed": message})
        sys.exit(1)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(options.socket)
        listener.listen()
        say({"ready": model.spec})
        connection, _ = listener.accept()
    with connection, connection.makefile("rb") as calls:
        _serve(model, calls, connection)


def answer(model: predictor.Predictor, columns: Mapping[str, Column]) -> frames.Reply:
    """Return the outputs of all rows; a row that makes the model raise is found, and harms no other."""
    rows = len(next(iter(columns.values())))
    try:
        return _checked(model, model.predict(columns), rows)
    except Exception as error:
        if rows == 1:
            return _failed(model, 1, f"the model raised {type(error).__name__}: {error}")
    singles = [
        answer(model, {name: values[row : row + 1] for name, values in columns.items()})
        for row in range(rows)
    ]
    return frames.Reply(
        b"".join(single.outputs for single in singles),
        _width(model),
        {row: single.errors[0] for row, single in enumerate(singles) if single.errors},
    )


def _checked(model: predictor.Predictor, outputs: np.ndarray, rows: int) -> frames.Reply:
    width = _width(model)
    shape = (rows, width) if width else (rows,)
    if outputs.shape != shape:
        return _failed(model, rows, f"the model answered with the shape {outputs.shape}, and {shape} was due")
    bad: list[int] = []
    if not np.isfinite(outputs).all():
        bad = np.flatnonzero(~np.isfinite(outputs.reshape(rows, -1)).all(axis=1)).tolist()
    errors = dict.fromkeys(bad, "the model answered with NaN or infinity")
    return frames.Reply(outputs.astype(FLOAT, copy=False).tobytes(), width, errors)


def _failed(model: predictor.Predictor, rows: int, fault: str) -> frames.Reply:
    width = _width(model)
    nothing = np.full(rows * (width or 1), np.nan, FLOAT)
    return frames.Reply(nothing.tobytes(), width, dict.fromkeys(range(rows), fault))


def _width(model: predictor.Predictor) -> int:
    return len(model.spec["classes"]) if model.spec["task"] == "multiclass" else 0


def _serve(model: predictor.Predictor, calls: BinaryIO, connection: socket.socket) -> None:
    size = frames.HEADER.size
    while len(header := calls.read(size)) == size:
        payload = calls.read(frames.HEADER.unpack(header)[0])
        connection.sendall(frames.encode_reply(answer(model, frames.decode_call(payload).columns())))


def _load(artifact: Path, digest: str) -> predictor.Predictor:
    manifest.verify(artifact, digest)
    model = predictor.load(artifact, lean=True)
    model.predict(
        {feature["name"]: [None] for feature in model.spec["features"]}
    )  # the first call is the slow one
    return model


def _die_with_the_gateway() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole group; the gateway ends its hosts
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() == 1:  # the gateway died before the line above
            sys.exit(1)


def _take_stdout() -> Any:
    """Keep standard output for the gateway, and lead what a model prints to standard error."""
    own = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return lambda message: print(json.dumps(message), file=own, flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Serve one version of a model behind a Unix socket.")
    parser.add_argument("--artifact", type=Path, required=True)
    parser.add_argument("--digest", required=True)
    parser.add_argument("--socket", required=True)
    return parser.parse_args()


if __name__ == "__main__":
    main()
