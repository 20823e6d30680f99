"""Runs the steps of a pipeline in the present process, each only when the store does not have its output."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

from noria.errors import PipelineError
from noria.pipeline import fingerprint, graph
from noria.pipeline.graph import Step
from noria.pipeline.source import Source, imported
from noria.pipeline.store import Store, Stored
from noria.rows import StepRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """An input, or a step's output. `load` brings it into memory, once; `content` stands for it in keys."""

    content: Any
    load: Callable[[], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """An executed or cached step. `stored` is None when the output cannot be kept; the log says why."""

    record: StepRecord
    value: Value
    stored: Stored | None


def execute(
    checkout: Path, pipeline: str, inputs: Mapping[str, Value], store: Store, events: Path
) -> dict[str, Done]:
    """Run all steps in the order of their needs; return them by name.

    Each finished step is in the store at once, so the next execution after a failure resumes at the failed
    step. `events` gets a JSON line when a step starts, is found in the store, ends or fails.

    Raises:
        PipelineError: the graph has a fault. What a step raises passes through, with a note naming the step.
    """
    name = Path(pipeline).stem
    source = Source(checkout, pipeline)
    environment = fingerprint.environment(checkout)
    done: dict[str, Done] = {}
    with imported(checkout, pipeline) as module:
        for step in graph.read(module):
            values = {**inputs, **{name: before.value for name, before in done.items()}}
            content = {need: values[need].content for need in step.needs}
            parts = fingerprint.parts(step, name, source, content, environment)
            with _told(events, step.name) as tell:
                done[step.name] = _run(step, parts, values, store)
                tell(done[step.name])
            store.remember(step.name, parts)
    return done


def keep_outputs(done: Mapping[str, Done], store: Store, directory: Path) -> None:
    """Put the stored outputs of all steps but the model into `directory`, by step name."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, step in done.items():
        if step.stored is not None and name != "model":
            source = store.path(step.stored)
            target = directory / f"{name}{source.suffix}"
            target.unlink(missing_ok=True)
            try:
                os.link(source, target)
            except OSError:  # another file system
                shutil.copyfile(source, target)


def _run(step: Step, parts: fingerprint.Parts, values: Mapping[str, Value], store: Store) -> Done:
    key = fingerprint.key(parts)
    stored = store.find(key)
    if stored is not None:
        return _done(step, key, stored, store)
    started = time.monotonic()
    output = step.function(**{need: values[need].load() for need in step.needs})
    if step.name == "model":
        _check_model(output)
    try:
        stored = store.put(key, output)
    except PipelineError as error:
        print(f"step {step.name} runs every time: {error.message}", flush=True)
    seconds = time.monotonic() - started
    # An output that is not kept has no digest, so whatever needs it runs again as well.
    content = stored.digest if stored else uuid4().hex
    record = StepRecord(name=step.name, key=key, cached=False, seconds=seconds, output=content)
    return Done(record=record, value=Value(content=content, load=lambda: output), stored=stored)


def _done(step: Step, key: str, stored: Stored, store: Store) -> Done:
    record = StepRecord(name=step.name, key=key, cached=True, seconds=0.0, output=stored.digest)
    value = Value(content=stored.digest, load=cache(lambda: store.load(stored)))
    return Done(record=record, value=value, stored=stored)


def _check_model(output: Any) -> None:
    if not callable(getattr(output, "predict", None)):
        raise PipelineError(
            f"the step `model` returned {type(output).__name__}, which is no model: it has no method "
            "predict; return a fitted LightGBM, XGBoost or scikit-learn model",
            hint="noria run",
        )


@contextmanager
def _told(events: Path, step: str) -> Iterator[Callable[[Done], None]]:
    """Write what happens to a step to the events file, and name the step in what it raises."""

    def tell(event: str, **facts: Any) -> None:
        with events.open("a") as file:
            file.write(json.dumps({"step": step, "event": event, **facts}) + "\n")

    def ended(done: Done) -> None:
        tell("cached" if done.record.cached else "done", seconds=round(done.record.seconds, 6))

    tell("started")
    try:
        yield ended
    except BaseException as error:
        error.add_note(f"in the step {step} of the pipeline")
        tell("failed", error=f"{type(error).__name__}: {error}")
        raise
