"""Every training and every prediction that a replay needs, made once, whichever policies ask for it.

A training is known by what it depends on: the pipeline's code, parameters and seed, and the very rows. What
was trained is kept under the project's `.noria/replay`, so that a replay goes on where one was interrupted.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from threading import RLock
from typing import Any

import msgspec
import numpy as np

from noria.artifact import manifest
from noria.core.quality import Array
from noria.errors import ArtifactError
from noria.pipeline.train import Request
from noria.replay.workers import Predicted, Trained, Workers, result

CHUNKS, SMALLEST = 128, 256
"""A model predicts the chunks of the history that it is asked for: this many, of so many rows at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    """What to train: a request, whose rows are those of the numbers in `rows`, rising, of shape (n,)."""

    request: Request
    rows: np.ndarray


class Trainings:
    """Shares trainings and predictions between the threads of a replay's policies.

    `rows` is an Arrow file with `count` rows, `folder` is where models are kept, and `code` a digest of all
    that makes a model but is no part of what is ordered. `seconds` adds up what the bare calls took: the
    pipeline's steps and the models' predictions, each once, also where an earlier replay has made a model.
    """

    def __init__(self, workers: Workers, folder: Path, rows: Path, count: int, code: str) -> None:
        self._workers = workers
        self._folder = folder
        self._rows = str(rows)
        self._count = count
        self._code = code
        self.chunk = max(SMALLEST, -(-count // CHUNKS))
        self._lock = RLock()  # a future that is done already calls back at once
        self._asked: dict[Any, Future[Any]] = {}
        self.seconds = 0.0

    def train(self, ordered: Ordered) -> Future[Trained]:
        """Return the future of a training: begun now, or before by whoever asked first.

        It raises PipelineError where the pipeline makes no model that can be kept.
        """
        key = self._key(ordered)
        return self._once(key, lambda: self._kept(key) or self._begin(key, ordered))

    def outputs(self, trained: Trained, numbers: range) -> Array:
        """Return what a model says of the rows of these numbers, of shape (n,), or (n, k) in its classes."""
        chunks = range(numbers.start // self.chunk, -(-numbers.stop // self.chunk))
        futures = [
            self._once((trained.artifact, chunk), partial(self._predict, trained, chunk)) for chunk in chunks
        ]
        found = np.concatenate([result(future).outputs for future in futures])
        begin = chunks.start * self.chunk
        part: Array = found[numbers.start - begin : numbers.stop - begin]
        return part

    def _once(self, key: Any, begin: Callable[[], Future[Any]]) -> Future[Any]:
        with self._lock:
            if key not in self._asked:
                self._asked[key] = begin()
            return self._asked[key]

    def _key(self, ordered: Ordered) -> str:
        meaning = replace(ordered.request, checkout="", rows="", out="", cache="", champion=None)
        champion = ordered.request.champion
        said = json.dumps(
            [self._code, msgspec.to_builtins(meaning), manifest.digest(Path(champion)) if champion else None]
        )
        taken = np.zeros(self._count, dtype=bool)
        taken[ordered.rows] = True
        return hashlib.sha256(said.encode() + np.packbits(taken).tobytes()).hexdigest()

    def _kept(self, key: str) -> Future[Trained] | None:
        """Return what an earlier replay trained, if its artifact is whole."""
        record = self._folder / f"{key}.json"
        try:
            trained = msgspec.json.decode(record.read_bytes(), type=Trained)
            manifest.verify(Path(trained.artifact), manifest.digest(Path(trained.artifact)))
        except (OSError, msgspec.DecodeError, ArtifactError):
            return None
        future: Future[Trained] = Future()
        future.set_result(trained)
        self._add(future)
        return future

    def _begin(self, key: str, ordered: Ordered) -> Future[Trained]:
        request = replace(ordered.request, rows=self._rows, out=str(self._folder / key))
        future = self._workers.train(request, ordered.rows)
        future.add_done_callback(self._add)
        future.add_done_callback(lambda done: self._keep(key, done))
        return future

    def _keep(self, key: str, done: Future[Trained]) -> None:
        if done.cancelled() or done.exception() is not None:
            return
        partial = self._folder / f"{key}.partial"
        partial.write_bytes(msgspec.json.encode(done.result()))
        partial.rename(self._folder / f"{key}.json")

    def _predict(self, trained: Trained, chunk: int) -> Future[Predicted]:
        numbers = range(chunk * self.chunk, min((chunk + 1) * self.chunk, self._count))
        future = self._workers.predict(trained.artifact, self._rows, numbers)
        future.add_done_callback(self._add)
        return future

    def _add(self, done: Future[Trained] | Future[Predicted]) -> None:
        if not done.cancelled() and done.exception() is None:
            with self._lock:
                self.seconds += done.result().seconds
