"""One execution of a project's pipeline, from labelled rows to a packaged model."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from noria.artifact import manifest, mlmodel, package, predictor
from noria.artifact.native import Kind
from noria.errors import ArtifactError, DataError
from noria.pipeline.execute import Done, Value, execute, keep_outputs
from noria.pipeline.store import Store, digest
from noria.rows import Training

EXAMPLES = 200
"""The rows on which a package is compared with the model in memory."""
COMPILED_ON = 20_000
"""The newest rows, on which a compiled model must answer the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to train: the code in `checkout`, on the Parquet file `rows`, into the folder `out`; all absolute.

    Columns of `rows` that begin with an underscore are noria's own, and the pipeline does not see them.
    `champion` is the artifact of the present champion, for a pipeline that starts from it. `pickle` and
    `compile` are the project's, see `noria.artifact.package.save`.
    """

    checkout: str
    pipeline: str
    rows: str
    out: str
    cache: str
    params: dict[str, Any]
    seed: int
    features: dict[str, Kind]
    label: str
    task: str
    champion: str | None = None
    pickle: bool = False
    compile: bool = False


def train(request: Request) -> Training:
    """Execute the pipeline and package its model into `out`/model, with the other outputs in `out`/outputs.

    Progress goes to `out`/steps.jsonl.

    Raises:
        DataError: there are no rows, or a feature or the label has no column.
        PipelineError: the graph has a fault, or `model` returned no model that can be kept.
        ArtifactError: the packaged model answers otherwise than the model in memory.
    """
    started = time.monotonic()
    out = Path(request.out)
    out.mkdir(parents=True, exist_ok=True)
    rows = _count(request)
    store = Store(Path(request.cache))
    done = execute(Path(request.checkout), request.pipeline, inputs(request), store, out / "steps.jsonl")
    keep_outputs(done, store, out / "outputs")
    return Training(
        artifact=str(out / "model"),
        digest=_package(request, done["model"]),
        rows=rows,
        seconds=time.monotonic() - started,
        steps=tuple(step.record for step in done.values()),
    )


def inputs(request: Request) -> dict[str, Value]:
    """Return the inputs that steps can take; nothing is read before a step needs it."""
    champion = request.champion
    return {
        "train": Value(content=digest(Path(request.rows)), load=cache(lambda: _read(request.rows))),
        "params": Value(content=request.params, load=lambda: request.params),
        "seed": Value(content=request.seed, load=lambda: request.seed),
        "champion": Value(
            content=manifest.digest(Path(champion)) if champion else None,
            load=cache(lambda: predictor.load(champion) if champion else None),
        ),
    }


def _count(request: Request) -> int:
    columns = pl.scan_parquet(request.rows)
    missing = [name for name in (*request.features, request.label) if name not in columns.collect_schema()]
    if missing:
        raise DataError(f"the rows to train on have no column {missing[0]!r}", hint="noria doctor")
    rows = int(columns.select(pl.len()).collect().item())
    if not rows:
        raise DataError("there are no rows to train on", hint="noria plan")
    return rows


def _read(rows: str) -> pl.DataFrame:
    return pl.read_parquet(rows).select(~pl.selectors.starts_with("_"))


def _package(request: Request, model: Done) -> str:
    """Package the model; return the artifact's digest.

    A package is made once for the same model, so that a run in which nothing changed loads no model at all.
    """
    target = Path(request.out) / "model"
    code = [digest(file) for file in sorted(mlmodel.CODE.glob("*.py"))]
    meaning = json.dumps(
        [model.value.content, request.task, request.features, request.pickle, request.compile, code]
    )
    kept = Path(request.cache) / "models" / hashlib.sha256(meaning.encode()).hexdigest()
    try:
        found = manifest.digest(kept)
        manifest.verify(kept, found)
    except ArtifactError:
        rows = pl.scan_parquet(request.rows).select(request.features.keys())
        found = package.save(
            model.value.load(),
            kept,
            task=request.task,
            features=request.features,
            example=rows.head(EXAMPLES).collect(),
            pickle=request.pickle,
            compile_on=rows.tail(COMPILED_ON).collect() if request.compile else None,
        )
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(kept, target)
    return found
