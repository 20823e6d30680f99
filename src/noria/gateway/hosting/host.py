"""The process of one version: `python -m noria.gateway.hosting.host --artifact DIR --digest HEX ...`.

It makes its own copy of the artifact, verifies and loads it, asks it its golden request, listens, and says so
on standard output: `{"ready": <spec>}`, or `{"failed": "why"}` before it ends. Then it answers frames (see
frames.py) until SIGTERM, and from then on those who are connected. It dies with its keeper.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import resource
import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from noria.artifact import golden, predictor
from noria.block import FLOAT, Column
from noria.errors import NoriaError
from noria.gateway.hosting import frames
from noria.gateway.hosting.callers import Callers
from noria.gateway.hosting.copies import private_copy
from noria.gateway.hosting.host_process import OUT_OF_MEMORY

_PR_SET_PDEATHSIG = 1
_OPEN_FILES = 256
_FILE_SIZE = 64 * 2**20
_MESSAGE = 300
"""Characters of what a model raised that are passed on."""


def main() -> None:
    options = _options()
    _die_with_the_keeper()
    say = _take_stdout()
    try:
        copy = private_copy(options.artifact, options.digest, options.key, options.copies)
        _confine(options.memory)
        model = _load(copy)
    except Exception as error:
        message = error.message if isinstance(error, NoriaError) else f"{type(error).__name__}: {error}"
        say({"failed": message})
        sys.exit(1)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(options.socket)
        listener.listen()
        callers = Callers(
            listener,
            lambda payload: frames.encode_reply(answer(model, frames.decode_call(payload).columns())),
        )
        signal.signal(signal.SIGTERM, lambda *_: callers.leave())
        say({"ready": model.spec})
        callers.serve()


def answer(model: predictor.Predictor, columns: Mapping[str, Column]) -> frames.Reply:
    """Return the outputs of all rows; a row that makes the model raise is found, and harms no other."""
    rows = len(next(iter(columns.values())))
    try:
        return _checked(model, model.predict(columns), rows)
    except MemoryError:
        os._exit(OUT_OF_MEMORY)  # a new process has room for the next rows
    except Exception as error:
        if rows == 1:
            return _failed(model, 1, f"the model raised {type(error).__name__}: {error}"[:_MESSAGE])
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


def _load(copy: Path) -> predictor.Predictor:
    model = predictor.load(copy, lean=True)
    golden.check(copy, model)  # it warms up too: the first call is the slow one
    return model


def _confine(memory: int) -> None:
    """Bound the memory (in bytes), open files and file sizes of the model; a crash leaves no core."""
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_OPEN_FILES, _OPEN_FILES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_FILE_SIZE, _FILE_SIZE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _die_with_the_keeper() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is the keeper who ends its hosts
    signal.pthread_sigmask(signal.SIG_SETMASK, ())  # the keeper's own waits for signals, and is inherited
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() == 1:  # the keeper died before the line above
            sys.exit(1)


def _take_stdout() -> Any:
    """Keep standard output for the keeper, and lead what a model prints to standard error."""
    own = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return lambda message: print(json.dumps(message), file=own, flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Serve one version of a model behind a Unix socket.")
    parser.add_argument("--artifact", type=Path, required=True)
    parser.add_argument("--digest", required=True)
    parser.add_argument("--key", type=Path, required=True)
    parser.add_argument("--copies", type=Path, required=True)
    parser.add_argument("--socket", required=True)
    parser.add_argument("--memory", type=int, required=True)
    return parser.parse_args()


if __name__ == "__main__":
    main()
