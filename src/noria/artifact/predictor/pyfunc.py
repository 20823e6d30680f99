"""Python models of MLflow, kept by cloudpickle: to load one runs code of its own."""

from __future__ import annotations

from typing import Any

import numpy as np

from .tables import Score, frame


def pyfunc(spec: dict[str, Any], path: str, *, lean: bool) -> Score:
    import mlflow.pyfunc

    model = mlflow.pyfunc.load_model(path, suppress_warnings=True)
    return lambda columns: np.asarray(model.predict(frame(columns, spec["features"])), dtype=np.float64)
