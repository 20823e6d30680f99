"""Python imports this first where it is on the path: it gives hosts a kind of model that misbehaves.

The model's file says how: `behaviour`, with its size in `much`, and the `value` of its good answers. It
answers the golden request well, so it is loaded like any other.
"""

import json
import os
import signal
import sys
import time
from itertools import count
from pathlib import Path
from types import ModuleType


def poison(spec, path, *, lean):
    import numpy as np

    told = json.loads(Path(path).read_text())
    much, value, calls, kept = told["much"], told["value"], count(), []

    def good(rows):
        return np.full(rows, value)

    def slow(rows):
        end = time.perf_counter() + much
        while time.perf_counter() < end:
            pass
        return good(rows)

    def leak(rows):
        kept.append(np.ones(int(much) // 8))
        return good(rows)

    def print_secrets(rows):
        print(dict(os.environ))
        return good(rows)

    def write_files(rows):
        Path(told["target"]).write_bytes(bytes(int(much)))
        return good(rows)

    def fail(rows):
        raise RuntimeError("no" * int(much))

    def loop(rows):
        while True:
            pass

    behaviours = {
        "steady": good,
        "slow": slow,
        "sleep": lambda rows: time.sleep(much) or good(rows),
        "work": lambda rows: time.sleep(much * rows) or good(rows),
        "pace": lambda rows: time.sleep(much * rows) or good(rows),
        "leak": leak,
        "loop": loop,
        "raise": fail,
        "print": print_secrets,
        "write": write_files,
        "nan": lambda rows: np.full(rows, np.nan),
        "shape": lambda rows: np.zeros((rows, 3)),
        "text": lambda rows: ["yes"] * rows,
        "huge": lambda rows: np.ones(int(much) // 8),
        "exit": lambda rows: os._exit(3),
        "segfault": lambda rows: os.kill(os.getpid(), signal.SIGSEGV),
        "abort": lambda rows: os.abort(),
    }
    behaviour = behaviours[told["behaviour"]]

    def score(columns):
        rows = len(next(iter(columns.values())))
        return good(rows) if next(calls) == 0 else behaviour(rows)

    return score


if "noria.gateway.hosting.host" in sys.orig_argv:
    from noria.artifact import predictor

    module = ModuleType("noria.artifact.predictor.poison")
    module.poison = poison
    sys.modules[module.__name__] = module
    predictor.LOADERS["poison"] = "poison"
