"""Python models that misbehave: an honest LightGBM whose answers are bent on their way out."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cloudpickle
import polars as pl

from benchmarks.broken.flights import FEATURES, frame, learner
from noria.artifact import package
from noria.gates.subject import Subject

CATEGORIES = [name for name, kind in FEATURES.items() if kind == "category"]
Bend = Callable[[Any, Any], Any]
"""Takes the scores and the pandas frame that was asked, and returns other scores."""

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # a clean process cannot import this module


def bent(subject: Subject, folder: Path, bend: Bend) -> Subject:
    """Return the candidate with both of its models bent."""
    return replace(
        subject,
        folder=folder,
        judged=_packaged(subject, folder / "judged", subject.train, bend),
        shipped=_packaged(subject, folder / "shipped", pl.read_parquet(subject.full_file), bend),
    )


def _packaged(subject: Subject, directory: Path, rows: Any, bend: Bend) -> Path:
    model = _python_model(learner(rows, FEATURES), _known(rows), bend)
    example = frame(subject.train.drop_nulls().tail(5), FEATURES)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # MLflow has much to say of models without type hints
        package.save(model, directory, task="binary", features=FEATURES, example=example, pickle=True)
    return directory


def _known(rows: Any) -> dict[str, list[str]]:
    return {name: sorted(rows[name].unique().drop_nulls().to_list()) for name in CATEGORIES}


def _python_model(model: Any, known: dict[str, list[str]], bend: Bend) -> Any:
    import pandas as pd
    from mlflow.pyfunc import PythonModel

    class Bent(PythonModel):  # type: ignore[misc]
        """Local, so that it is pickled with its code."""

        def predict(self, model_input: Any, params: Any = None) -> Any:
            typed = {name: pd.Categorical(model_input[name], values) for name, values in known.items()}
            return bend(model.predict_proba(model_input.assign(**typed))[:, 1], model_input)

    return Bent()
