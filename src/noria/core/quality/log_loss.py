"""Logarithmic loss: minus the log of the probability that was given to what happened (Good 1952)."""

from __future__ import annotations

from noria.core.quality.metric import Array, Metric, mean_of

_FLOOR = 1e-15  # a certain model that is wrong pays 34.5, not infinity


def per_row(truth: Array, output: Array) -> Array:
    """Return the loss of each row in nats, 0 and upwards."""
    import numpy as np

    if output.ndim == 1:
        given = np.where(truth == 1, output, 1 - output)
    else:
        given = output[np.arange(len(truth)), truth.astype(np.intp)]
    loss: Array = -np.log(np.clip(given, _FLOOR, 1))
    return loss


LOG_LOSS = Metric(
    name="log_loss",
    tasks=("binary", "multiclass"),
    lower_is_better=True,
    score=mean_of(per_row),
    per_row=per_row,
)
