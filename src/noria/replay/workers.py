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
from concurrent.futures import CancelledError, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import polars as pl

from noria.adapters.compute import THREADS, processors
from noria.artifact import package
from noria.artifact.model import columns_of
from noria.artifact.predictor import Predictor, load
from noria.core.quality import Array
from noria.errors import JobKilled, NoriaError, PipelineError
from noria.pipeline import graph
from noria.pipeline.evaluate import differing
from noria.pipeline.source import imported
from noria.pipeline.train import EXAMPLES, Request

PRELOADED = ("noria.replay.workers", "skops.io", "lightgbm", "pandas")
MODELS = 8
"""Models that a process keeps loaded."""
ASKED_AGAIN = 20
"""Rows that a model is asked one by one as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """A packaged model in `artifact`; the pipeline took `seconds` of time and `cpu_seconds` of work.

    `not_repeatable` counts the rows, of a few that were asked one by one, whose output was another in a
    batch. `classes` are those of a classifier, as texts, in the order of its outputs.
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

    What they train or predict is told by an Arrow file of all rows, and the numbers of some of them.
    """

    def __init__(self) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(list(PRELOADED))
        with _one_thread():
            self._pool = ProcessPoolExecutor(processors(), context, _begin)
            self._pool.submit(_ready).result()  # the server of forks has taken its environment over by now

    def inputs(self, checkout: Path, pipeline: str) -> frozenset[str]:
        """Return the names of everything that steps of the pipeline take.

        Raises:
            PipelineError: the graph has a fault.
        """
        names: frozenset[str] = result(self._submit(_inputs, checkout, pipeline))
        return names

    def train(self, request: Request, numbers: np.ndarray) -> Future[Trained]:
        """Execute the pipeline on the rows of these numbers, rising; `request.rows` is the Arrow file.

        The future raises PipelineError where the pipeline does not return a model that can be kept.
        """
        return self._submit(_train, request, numbers)

    def predict(self, artifact: str, rows: str, numbers: range) -> Future[Predicted]:
        """Ask the model of an artifact for the rows of these numbers in an Arrow file."""
        return self._submit(_predict, artifact, rows, numbers)

    def close(self) -> None:
        """End the processes; what they were doing is given up."""
        pool: Any = self._pool
        processes, manager = pool._processes, pool._executor_manager_thread
        pool.shutdown(wait=False, cancel_futures=True)  # from now on, no other process begins
        for process in list(processes or ()):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        if manager is not None:
            manager.join()

    def _submit(self, work: Callable[..., Any], *arguments: Any) -> Future[Any]:
        try:
            return self._pool.submit(work, *arguments)
        except RuntimeError:  # the processes are gone
            raise _killed() from None

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
    except (BrokenProcessPool, CancelledError):
        raise _killed() from None


def _killed() -> JobKilled:
    return JobKilled(
        "a process of the replay was ended while it trained or predicted: by the pipeline's own code, or by "
        "the kernel, which ends what takes too much memory; what was trained is kept",
        hint="noria replay",
    )


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let the processes that begin in here use one processor each, whatever the pipeline asks for."""
    limits = ("OMP_THREAD_LIMIT", *THREADS)
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


def _begin() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the caller, who then ends the workers
    Thread(target=_end_with_the_caller, daemon=True).start()


def _end_with_the_caller() -> None:
    """A caller that was killed could not end its workers."""
    caller = multiprocessing.parent_process()
    assert caller is not None
    caller.join()
    os._exit(1)


def _ready() -> None:
    return None


def _inputs(checkout: Path, pipeline: str) -> frozenset[str]:
    with _told_as_its_own(f"in {pipeline}"), imported(checkout, pipeline) as module:
        return frozenset(need for step in graph.read(module) for need in step.needs)


def _train(request: Request, numbers: np.ndarray) -> Trained:
    frame = _history(request.rows)[numbers].select(~pl.selectors.starts_with("_"))
    began, cpu = time.perf_counter(), time.process_time()
    estimator = _executed(request, frame)
    seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu
    example = frame.head(EXAMPLES)
    with _told_as_its_own("of the model that the pipeline returned"):
        package.save(
            estimator,
            Path(request.out),
            task=request.task,
            features=request.features,
            example=example,
            pickle=request.pickle,
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


def _executed(request: Request, frame: pl.DataFrame) -> Any:
    """Return what the pipeline's step `model` returns."""
    values: dict[str, Any] = {"train": frame, "params": request.params, "seed": request.seed}
    values["champion"] = load(request.champion) if request.champion else None
    checkout = Path(request.checkout)
    with (
        _told_as_its_own(f"in {request.pipeline}"),
        imported(checkout, request.pipeline) as module,
    ):
        for step in graph.read(module):
            with _told_as_its_own(f"in the step {step.name} of the pipeline"):
                values[step.name] = step.function(**{name: values[name] for name in step.needs})
    return values["model"]


def _not_repeatable(model: Predictor, rows: pl.DataFrame) -> int:
    together = model.predict(columns_of(rows, model))
    alone = [model.predict(columns_of(rows[number : number + 1], model)) for number in range(len(rows))]
    return differing(np.concatenate(alone), together)


@contextmanager
def _told_as_its_own(where: str) -> Iterator[None]:
    """Raise what the project's code raises, of whatever class, as one that every process knows."""
    try:
        yield
    except NoriaError:
        raise
    except (Exception, SystemExit) as error:
        raise PipelineError(f"{where}: {type(error).__name__}: {error}", hint="noria run") from None


def _predict(artifact: str, rows: str, numbers: range) -> Predicted:
    model, asked = _model(artifact), _history(rows)[numbers.start : numbers.stop]
    began = time.perf_counter()
    with _told_as_its_own("as the model predicted"):
        outputs = model.predict(columns_of(asked, model))
    return Predicted(outputs=outputs, seconds=time.perf_counter() - began)


@lru_cache(1)
def _history(rows: str) -> pl.DataFrame:
    return pl.scan_ipc(rows).collect()


@lru_cache(MODELS)
def _model(artifact: str) -> Predictor:
    return load(artifact)
