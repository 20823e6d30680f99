"""Every training and every prediction that a replay needs, made once, whichever policies ask for it.

A training is known by what it depends on: the pipeline's code, parameters and seed, and the very rows. What was
trained is kept under the project's `.noria/replay`, so that a replay that was interrupted goes on where it was.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from threading import RLock
from typing import Any

import msgspec
import numpy as np

from noria.artifact import manifest
from noria.core.quality import Array
from noria.errors import ArtifactError
from noria.pipeline.measure import aligned
from noria.pipeline.train import Request
from noria.replay.workers import Predicted, Trained, Workers, result

CHUNKS, SMALLEST = 128, 256
"""A model predicts the chunks of the history that it is asked for: this many, of so many rows at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    """What to train: the request without its rows, whose numbers are `rows`, rising, of shape (n,)."""

    request: Request
    rows: np.ndarray


class Trainings:
    """Shares trainings and predictions between the threads of a replay's policies.

    `code` is a digest of what the pipeline's code and environment are, `classes` the label's classes in the
    order of all outputs, as texts. `seconds` adds up what the bare calls took: the pipeline's steps and the
    models' predictions, each distinct one once, without those that an earlier replay had kept.
    """

    def __init__(
        self, workers: Workers, folder: Path, code: str, rows: int, classes: tuple[str, ...]
    ) -> None:
        self._workers = workers
        self._folder = folder
        self._code = code
        self._rows = rows
        self.chunk = max(SMALLEST, -(-rows // CHUNKS))
        self._classes = classes
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
        """Return what a model says of the rows of these numbers, of shape (n,) or (n, k)."""
        chunks = range(numbers.start // self.chunk, -(-numbers.stop // self.chunk))
        futures = [
            self._once((trained.artifact, chunk), lambda c=chunk: self._predict(trained, c))
            for chunk in chunks
        ]
        if not futures:
            return np.empty(0)
        found = np.concatenate([result(future).outputs for future in futures])
        begin = chunks.start * self.chunk
        part = found[numbers.start - begin : numbers.stop - begin]
        return aligned(part, trained.classes, self._classes) if part.ndim > 1 else part

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
        taken = np.zeros(self._rows, dtype=bool)
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
        return future

    def _begin(self, key: str, ordered: Ordered) -> Future[Trained]:
        request = replace(ordered.request, out=str(self._folder / key))
        future = self._workers.train(request, ordered.rows)
        future.add_done_callback(lambda done: self._keep(key, done))
        return future

    def _keep(self, key: str, done: Future[Trained]) -> None:
        if done.cancelled() or done.exception() is not None:
            return
        partial = self._folder / f"{key}.partial"
        partial.write_bytes(msgspec.json.encode(done.result()))
        partial.rename(self._folder / f"{key}.json")
        self._count(done.result().seconds)

    def _predict(self, trained: Trained, chunk: int) -> Future[Predicted]:
        numbers = range(chunk * self.chunk, min((chunk + 1) * self.chunk, self._rows))
        future = self._workers.predict(trained.artifact, numbers)
        future.add_done_callback(
            lambda done: None if done.cancelled() or done.exception() else self._count(done.result().seconds)
        )
        return future

    def _count(self, seconds: float) -> None:
        with self._lock:
            self.seconds += seconds
