"""One metric a file; here is the list of them."""

from __future__ import annotations

from noria.core.quality.absolute_error import MAE
from noria.core.quality.accuracy import ACCURACY
from noria.core.quality.auc import AUC
from noria.core.quality.brier import BRIER
from noria.core.quality.log_loss import LOG_LOSS
from noria.core.quality.metric import Array, Metric, as_array
from noria.core.quality.squared_error import RMSE

METRICS = {metric.name: metric for metric in (LOG_LOSS, AUC, BRIER, ACCURACY, RMSE, MAE)}

__all__ = ["METRICS", "Array", "Metric", "as_array", "metrics_of", "primary", "score"]


def metrics_of(task: str) -> tuple[Metric, ...]:
    """Return the metrics of a task, the one that is trained for first."""
    return tuple(metric for metric in METRICS.values() if task in metric.tasks)


def primary(task: str) -> Metric:
    """Return the metric that gates use when the policy names none."""
    return metrics_of(task)[0]


def score(task: str, truth: Array, output: Array) -> dict[str, float]:
    """Return every metric of a task by name; see `Metric` for the shapes."""
    return {metric.name: metric.score(truth, output) for metric in metrics_of(task)}
