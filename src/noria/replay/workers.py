"""The processes of a replay: each holds the history, trains models on parts of it, and predicts with them.

They stay for the whole replay, so that what is slow to load is loaded once: the libraries, the rows, and the
models that were asked last. Each works on one processor: two trainings side by side on two processors end
sooner than one after the other on both.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from noria.artifact import package
from noria.artifact.predictor import Predictor, load
from noria.core.quality import Array
from noria.errors import JobKilled, NoriaError, PipelineError
from noria.pipeline import graph
from noria.pipeline.evaluate import TOLERANCE, columns_of
from noria.pipeline.source import imported
from noria.pipeline.train import Request

PRELOADED = ("noria.replay.workers", "skops.io", "lightgbm", "pandas")
MODELS = 8
"""Models that a process keeps loaded."""
EXAMPLES = 200
"""Rows on which a package is compared with the model in memory."""
ASKED_AGAIN = 20
"""Rows that a model is asked one by one as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """A packaged model in `artifact`; `seconds` is the time and `cpu_seconds` the work of the pipeline's steps.

    `not_repeatable` counts the rows, of a few that were asked one by one, whose output was another in a batch.
    `classes` are those of a classifier, as texts, in the order of its outputs.
    """

    artifact: str
    rows: int
    seconds: float
    cpu_seconds: float
    not_repeatable: int
    classes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicted:
    """Outputs of shape (n,) or (n, k), and the seconds that the model took."""

    outputs: Array
    seconds: float


class Workers:
    """As many processes as there are processors. Close them, or use them in a `with` statement.

    `rows` is an Arrow file of the history, which all of them map into memory.
    """

    def __init__(self, rows: Path) -> None:
        self.count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(list(PRELOADED))
        with _one_thread():
            self._pool = ProcessPoolExecutor(self.count, context, _begin, (str(rows),))
            self._pool.submit(_ready).result()  # the server of forks has taken its environment over by now

    def inputs(self, checkout: Path, pipeline: str) -> frozenset[str]:
        """Return the names of everything that steps of the pipeline take.

        Raises:
            PipelineError: the graph has a fault.
        """
        names: frozenset[str] = result(self._pool.submit(_inputs, checkout, pipeline))
        return names

    def train(self, request: Request, numbers: np.ndarray) -> Future[Trained]:
        """Execute the pipeline on the rows of these numbers; `request.rows` is not used.

        The future raises PipelineError where the pipeline does not return a model that can be kept.
        """
        return self._pool.submit(_train, request, numbers)

    def predict(self, artifact: str, numbers: range) -> Future[Predicted]:
        """Ask the model of an artifact for the rows of these numbers."""
        return self._pool.submit(_predict, artifact, numbers)

    def close(self) -> None:
        """End the processes; what they were doing is given up."""
        children = list(getattr(self._pool, "_processes", None) or {})
        self._pool.shutdown(wait=False, cancel_futures=True)
        for process in children:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def result(future: Future[Any]) -> Any:
    """Return what a future comes to.

    Raises:
        JobKilled: the process was ended, by the system or by the pipeline's own code.
    """
    try:
        return future.result()
    except BrokenProcessPool:
        raise JobKilled(
            "a process of the replay was ended while it trained or predicted; the kernel ends what takes too "
            "much memory; what was trained is kept",
            hint="noria replay",
        ) from None


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let the processes that begin in here use one processor each, whatever the pipeline asks for."""
    limits = (
        "OMP_THREAD_LIMIT",
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "POLARS_MAX_THREADS",
    )
    before = {name: os.environ.get(name) for name in limits}
    os.environ.update(dict.fromkeys(limits, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


# --- in the processes ---

_rows: pl.DataFrame = pl.DataFrame()


def _begin(rows: str) -> None:
    global _rows
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the caller, who then ends the workers
    _rows = pl.scan_ipc(rows).collect()


def _ready() -> None:
    return None


def _inputs(checkout: Path, pipeline: str) -> frozenset[str]:
    with imported(checkout, pipeline) as module:
        return frozenset(need for step in graph.read(module) for need in step.needs)


def _train(request: Request, numbers: np.ndarray) -> Trained:
    frame = _rows[numbers].select(~pl.selectors.starts_with("_"))
    values: dict[str, Any] = {"train": frame, "params": request.params, "seed": request.seed}
    values["champion"] = load(request.champion) if request.champion else None
    began, cpu = time.perf_counter(), time.process_time()
    with imported(Path(request.checkout), request.pipeline) as module:
        for step in graph.read(module):
            values[step.name] = _called(step.function, step.name, {name: values[name] for name in step.needs})
    seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu
    package.save(
        values["model"],
        Path(request.out),
        task=request.task,
        features=request.features,
        example=frame.head(EXAMPLES),
    )
    model = _model(request.out)
    return Trained(
        artifact=request.out,
        rows=len(frame),
        seconds=seconds,
        cpu_seconds=cpu_seconds,
        not_repeatable=_not_repeatable(model, frame.head(ASKED_AGAIN)),
        classes=tuple(map(str, model.spec["classes"])),
    )


def _not_repeatable(model: Predictor, rows: pl.DataFrame) -> int:
    together = model.predict(columns_of(rows, model))
    alone = [model.predict(columns_of(rows[number : number + 1], model)) for number in range(len(rows))]
    off = ~np.isclose(np.concatenate(alone), together, rtol=0, atol=TOLERANCE, equal_nan=True)
    return int(off.reshape(len(rows), -1).any(axis=1).sum())


def _called(function: Callable[..., Any], name: str, values: dict[str, Any]) -> Any:
    """Call a step; what it raises may be of any class, so it comes back as one that every process knows."""
    try:
        return function(**values)
    except NoriaError:
        raise
    except Exception as error:
        raise PipelineError(
            f"in the step {name} of the pipeline: {type(error).__name__}: {error}", hint="noria run"
        ) from None


def _predict(artifact: str, numbers: range) -> Predicted:
    model = _model(artifact)
    rows = _rows[numbers.start : numbers.stop]
    began = time.perf_counter()
    outputs = model.predict(columns_of(rows, model))
    return Predicted(outputs=outputs, seconds=time.perf_counter() - began)


@lru_cache(MODELS)
def _model(artifact: str) -> Predictor:
    return load(artifact)
