"""Mean absolute error, in the label's unit."""

from __future__ import annotations

from noria.core.quality.metric import Array, Metric, mean_of


def per_row(truth: Array, output: Array) -> Array:
    """Return the absolute error of each row."""
    import numpy as np

    return np.abs(output - truth)


MAE = Metric(name="mae", tasks=("regression",), lower_is_better=True, score=mean_of(per_row), per_row=per_row)
