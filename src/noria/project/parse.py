"""noria.toml, or [tool.noria] in pyproject.toml, read into a Project with every fault at once."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from noria.core.gain import QualityLimit
from noria.core.gates import Gate
from noria.core.policy import Brakes, Cadence, DriftTrigger, QualityTrigger, Triggers
from noria.core.quality import primary
from noria.core.rollout import Step
from noria.errors import ProjectError
from noria.project import layout
from noria.project.changes import changed
from noria.project.checks import default_gates, gate
from noria.project.consistency import contradictions, unknown_columns
from noria.project.model import (
    Alerts,
    Data,
    Evaluation,
    Explain,
    Feedback,
    Monitor,
    Project,
    RolloutPolicy,
    Serve,
    Task,
    Train,
)
from noria.project.table import FILE, TableSchema, read_schema

_INIT = "noria init --help"


def load(root: Path, changes: Mapping[str, Any] | None = None) -> Project:
    """Return the project in the directory `root`; `changes` are other values, see `noria.project.changes`.

    Raises:
        ProjectError: there is no project file, or it or schema.toml has faults; it holds all of them.
    """
    file, raw = _raw(root)
    raw = changed(raw, changes or {})
    faults: list[str] = []
    values = layout.FILE.read(raw, "", faults)
    faults += contradictions(values)
    schema, schema_faults = _schema(root)
    faults += unknown_columns(values, schema) if schema else []
    sentences = (*(f"{file}: {fault}" for fault in faults), *schema_faults)
    if sentences:
        raise ProjectError(sentences)
    return _project(root.resolve(), values, schema)


def _raw(root: Path) -> tuple[str, dict[str, Any]]:
    """Return the name and the content of the project file."""
    if (root / "noria.toml").is_file():
        return "noria.toml", _toml(root / "noria.toml")
    if (root / "pyproject.toml").is_file():
        tool = _toml(root / "pyproject.toml").get("tool")
        table = tool.get("noria") if isinstance(tool, dict) else None
        if isinstance(table, dict):
            return "pyproject.toml: [tool.noria]", table
    fault = f"noria.toml: there is none in {root}, nor [tool.noria] in a pyproject.toml"
    raise ProjectError((fault,), hint=_INIT)


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ProjectError((f"{path.name}: no valid TOML: {error}",)) from None


def _schema(root: Path) -> tuple[TableSchema | None, tuple[str, ...]]:
    """Return what schema.toml says and its faults; a project may do without when it names its features."""
    if not (root / FILE).is_file():
        return None, ()
    try:
        return read_schema(root), ()
    except ProjectError as error:
        return None, error.faults


def _project(root: Path, values: dict[str, Any], schema: TableSchema | None) -> Project:
    model, task = dict(values["model"]), Task(values["model"]["task"])
    lines = values.get("gates")
    return Project(
        root=root,
        task=task,
        data=_data(values["data"], schema),
        train=_train(values.get("train", {})),
        triggers=_triggers(values.get("triggers", {})),
        brakes=Brakes(**values.get("brakes", {})),
        gates=default_gates(task) if lines is None else tuple(_gate(line, task) for line in lines),
        rollout=_rollout(values.get("rollout", {}), task),
        serve=Serve(**values.get("serve", {})),
        monitor=Monitor(**values.get("monitor", {})),
        alerts=Alerts(**values.get("alerts", {})),
        feedback=Feedback(**values.get("feedback", {})),
        explain=Explain(**values.get("explain", {})),
        **{key: value for key, value in model.items() if key != "task"},
    )


def _train(values: dict[str, Any]) -> Train:
    evaluation = Evaluation(values.get("evaluation", Evaluation.HOLDOUT))
    return Train(**{**values, "evaluation": evaluation})


def _data(values: dict[str, Any], schema: TableSchema | None) -> Data:
    if "features" in values:
        return Data(**values)
    if schema is None:
        raise ProjectError((f"data.features: found nothing, and there is no {FILE} to take them from",))
    taken = {values.get(key) for key in ("label", "time", "entity", "label_time")}
    features = (column.name for column in schema.columns if column.feature and column.name not in taken)
    return Data(**values, features=tuple(features))


def _triggers(values: dict[str, Any]) -> Triggers:
    kinds = {"quality": QualityTrigger, "cadence": Cadence, "drift": DriftTrigger}
    return Triggers(**{**values, **{key: kinds[key](**values[key]) for key in kinds if key in values}})


def _rollout(values: dict[str, Any], task: Task) -> RolloutPolicy:
    steps = (
        Step(weight=step.get("weight", 0), requests=step.get("requests") or step["shadow"])
        for step in values.get("steps", ())
    )
    quality = values.get("quality")
    limit = QualityLimit(**{"metric": primary(task).name, **quality}) if quality else None
    return RolloutPolicy(**{**values, "steps": tuple(steps), "quality": limit})


def _gate(line: dict[str, Any], task: Task) -> Gate:
    return gate(line["check"], {key: value for key, value in line.items() if key != "check"}, task)
