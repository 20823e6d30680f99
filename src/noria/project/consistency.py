"""What is right alone and wrong together, within noria.toml and against schema.toml."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from noria.core.gain import DAYS
from noria.core.quality import metrics_of
from noria.core.windows import NAMED
from noria.project.kinds import nearest
from noria.project.table import FILE, TableSchema

_TIMELESS = {"window": '"all", "recent" or "auto"', "holdout": 'a share such as "20%"'}


def contradictions(values: dict[str, Any]) -> Iterator[str]:
    """Yield a sentence for each pair of keys that are right alone and wrong together."""
    data, train = values.get("data", {}), values.get("train", {})
    yield from _wrong_metrics(values)
    yield from _wrong_steps(values.get("rollout", {}).get("steps", ()))
    yield from _wrong_guard(values)
    yield from _wrong_columns(data)
    yield from _wrong_cadence(values.get("triggers", {}))
    yield from _wrong_gates(values)
    if values.get("model", {}).get("task") == "multiclass" and "fallback" in values.get("serve", {}):
        yield "serve.fallback: found a number; a multiclass model answers with a probability for each class"
    if values.get("monitor", {}).get("outliers") == "fallback" and "fallback" not in values.get("serve", {}):
        yield 'monitor.outliers: found "fallback"; without serve.fallback there is none'
    yield from _wrong_explain(values)
    for key in ("window", "holdout"):
        if _is_duration(train.get(key)) and not data.get("time"):
            yield f"train.{key}: found a duration; without data.time only {_TIMELESS[key]} is allowed"


def _is_duration(value: Any) -> bool:
    """Return whether a holdout or a window is one; a window is kept as it was written."""
    return isinstance(value, timedelta) or (isinstance(value, str) and value not in NAMED)


def unknown_columns(values: dict[str, Any], schema: TableSchema) -> Iterator[str]:
    """Yield a sentence for each column that schema.toml does not have, or that no model can take."""
    data = values.get("data", {})
    for key in ("label", "time", "entity", "label_time"):
        if key in data and data[key] not in schema.names:
            yield f'data.{key}: found "{data[key]}"; {_no_such_column(data[key], schema)}'
    for index, name in enumerate(data.get("features", ())):
        place = f'data.features[{index}]: found "{name}"'
        if name not in schema.names:
            yield f"{place}; {_no_such_column(name, schema)}"
        elif schema.column(name).feature is None:
            yield f"{place}; a {schema.column(name).kind} cannot be a feature: derive numbers or categories"
    for place, name in _sliced(values):
        if name not in schema.names:
            yield f'{place}: found "{name}"; {_no_such_column(name, schema)}'


def _sliced(values: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the columns whose values are looked at one by one, each with its place in the file."""
    for key in ("slices", "sensitive"):
        for index, name in enumerate(values.get("monitor", {}).get(key, ())):
            yield f"monitor.{key}[{index}]", name
    for index, line in enumerate(values.get("gates", ())):
        if line["check"] == "slices":
            yield f"gates[{index}].column", line["column"]


def _wrong_columns(data: dict[str, Any]) -> Iterator[str]:
    features = data.get("features", ())
    for name in sorted({name for name in features if features.count(name) > 1}):
        yield f'data.features: found "{name}" {features.count(name)} times; allowed: once'
    for key in ("label", "label_time"):
        if data.get(key) in features:
            yield f'data.features: found "{data[key]}"; the column of data.{key} is not known when predicting'
    for key in ("time", "entity", "label_time"):
        if key in data and data[key] == data.get("label"):
            yield f'data.{key}: found "{data[key]}"; that is the label'


def _wrong_cadence(triggers: dict[str, Any]) -> Iterator[str]:
    floor, ceiling = (triggers.get("cadence", {}).get(key) for key in ("floor", "ceiling"))
    if floor and ceiling and ceiling < floor:
        yield f"triggers.cadence.ceiling: found {ceiling}; allowed: the floor, {floor}, or more"
    if "cadence" in triggers and "schedule" in triggers:
        yield "triggers.schedule: found beside triggers.cadence; allowed: one of the two"


def _wrong_metrics(values: dict[str, Any]) -> Iterator[str]:
    task = values.get("model", {}).get("task")
    if task is None:
        return
    known = [metric.name for metric in metrics_of(task)]
    places = [(f"gates[{index}]", line) for index, line in enumerate(values.get("gates", ()))]
    places.append(("triggers.quality", values.get("triggers", {}).get("quality", {})))
    places.append(("rollout.quality", values.get("rollout", {}).get("quality", {})))
    for place, line in places:
        metric = line.get("metric", known[0])
        if metric not in known:
            yield f'{place}.metric: found "{metric}"; allowed with the task {task}: {", ".join(known)}'


def _wrong_gates(values: dict[str, Any]) -> Iterator[str]:
    """A gate may need what the project does not have."""
    task = values.get("model", {}).get("task")
    for index, line in enumerate(values.get("gates", ())):
        if line["check"] == "fairness" and not values.get("monitor", {}).get("sensitive"):
            yield f'gates[{index}].check: found "fairness"; it needs the columns of monitor.sensitive'
        if line["check"] == "calibration" and task == "regression":
            yield f'gates[{index}].check: found "calibration"; allowed with the tasks binary and multiclass'


def _wrong_steps(steps: tuple[dict[str, Any], ...]) -> Iterator[str]:
    weight = 0
    for index, step in enumerate(steps):
        if set(step) not in ({"shadow"}, {"weight", "requests"}):
            found = " and ".join(step) or "nothing"
            yield f"rollout.steps[{index}]: found {found}; allowed: shadow alone, or weight and requests"
        if "shadow" in step and weight:
            yield f"rollout.steps[{index}]: found shadow after a weight; shadows come before the weights"
        if step.get("weight", 100) <= weight:
            yield f"rollout.steps[{index}].weight: found {step['weight']}; weights rise: above {weight}"
        weight = step.get("weight", weight)


def _wrong_guard(values: dict[str, Any]) -> Iterator[str]:
    """A guard that ends before enough days are mature could never act."""
    guard, delay = values.get("rollout", {}).get("guard"), values.get("data", {}).get("label_delay")
    least = timedelta(days=DAYS + 1) + (delay or timedelta(0))  # the day of the promotion does not count
    if guard is not None and guard < least:
        found, allowed = (duration / timedelta(days=1) for duration in (guard, least))
        yield f"rollout.guard: found {found:g}d; allowed: {allowed:g}d or more, until {DAYS} days are mature"


def _wrong_explain(values: dict[str, Any]) -> Iterator[str]:
    """Only a feature moves an answer, and only an answer that is one number crosses another."""
    features, explain = values.get("data", {}).get("features"), values.get("explain", {})
    for index, name in enumerate(explain.get("changeable", ())):
        if features is not None and name not in features:
            yield f'explain.changeable[{index}]: found "{name}"; no such feature: {nearest(name, features)}'
    if values.get("model", {}).get("task") == "multiclass" and "threshold" in explain:
        yield "explain.threshold: found a number; of several classes another one has to win"


def _no_such_column(name: str, schema: TableSchema) -> str:
    return f"no such column in {FILE}: {nearest(name, schema.names)}"
