"""The process that predicts: `python -m noria.scoring.child ORDER`, with an order (see order.py) as JSON.

It prints a line of JSON for each chunk, `{"rows": so far, "of": all}`, and `{"error": ..., "hint": ...}` when
it fails. What a model prints goes to standard error.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from noria.artifact import golden, predictor, signature
from noria.errors import ArtifactError, NoriaError
from noria.scoring.order import Order
from noria.scoring.output import write_delta, write_parquet
from noria.scoring.rows import Rows


def main(text: str) -> None:
    order = msgspec.json.decode(text, type=Order)
    with os.fdopen(os.dup(1), "w") as own:
        os.dup2(2, 1)
        try:
            tables = _told(
                predictions(order), lambda message: print(json.dumps(message), file=own, flush=True)
            )
            (write_delta if order.delta else write_parquet)(Path(order.out), tables)
        except NoriaError as error:
            print(json.dumps({"error": error.message, "hint": error.hint}), file=own)
            sys.exit(1)


def predictions(order: Order) -> Iterator[tuple[pa.Table, int]]:
    """Verify and load the artifact, and yield the predictions chunk by chunk: id, prediction, version.

    Of a multiclass model the prediction is the most probable class, and each class has its probability in a
    column `probability_CLASS`.

    Raises:
        DataError: the file or one of its values has a fault.
        ArtifactError: the artifact is not to be trusted, or the model fails.
    """
    artifact = Path(order.artifact)
    signature.verify(artifact, order.digest, Path(order.key))
    model = predictor.load(artifact, lean=True)
    golden.check(artifact, model)
    rows = Rows(Path(order.file), [*model.features, *([order.id] if order.id else [])])
    for before, chunk in rows.chunks():
        outputs = _ask(model, rows.columns(before, chunk, model.spec["features"]), before)
        ids = {"id": chunk[order.id].to_arrow()} if order.id else {}
        version = {"version": np.full(chunk.height, order.version)}
        yield pa.table(ids | _columns(outputs, model.spec) | version), rows.count


def _ask(model: predictor.Predictor, columns: dict[str, Any], before: int) -> np.ndarray:
    try:
        outputs = model.predict(columns)
    except Exception as error:
        raise ArtifactError(
            f"behind row {before} the model raised {type(error).__name__}: {error}", hint="noria models"
        ) from error
    bad = ~np.isfinite(outputs).reshape(len(outputs), -1).all(axis=1)
    if bad.any():
        raise ArtifactError(
            f"the model answered row {before + int(bad.argmax()) + 1} with NaN or infinity",
            hint="noria models",
        )
    return outputs


def _columns(outputs: np.ndarray, spec: dict[str, Any]) -> dict[str, Any]:
    """Return the columns that say what a model answered."""
    if spec["task"] != "multiclass":
        return {"prediction": outputs}
    classes = [str(name) for name in spec["classes"]]
    return {
        "prediction": pa.array(classes).take(pa.array(outputs.argmax(axis=1))),
        **{f"probability_{name}": outputs[:, index] for index, name in enumerate(classes)},
    }


def _told(tables: Iterator[tuple[pa.Table, int]], tell: Any) -> Iterator[pa.Table]:
    """Yield the tables, and tell after each how far it is."""
    done = 0
    for table, count in tables:
        yield table
        done += table.num_rows
        tell({"rows": done, "of": count})


if __name__ == "__main__":
    main(sys.argv[1])
