"""The registry: versions, their metrics, lineage and artifacts in MLflow, in process, without a server.

MLflow's import takes seconds and 150 MB, so only the children that do a job open a registry. The truth of who
is champion is in the control state; MLflow's alias `champion` is a projection of it for MLflow's own clients.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from noria.artifact import lineage, manifest
from noria.rows import RunRow, Training, VersionRow

CHAMPION = "champion"
RUN_TAG = "noria.run"
REGISTERED_TAG = "noria.registered"


class Registry:
    """The MLflow registry in a project's `.noria`: `mlflow.db` and `mlartifacts/`."""

    def __init__(self, home: Path) -> None:
        self._artifacts = home / "mlartifacts"
        self._client = _client(f"sqlite:///{home / 'mlflow.db'}")

    def register(
        self,
        run: RunRow,
        shipped: Training,
        twin: Training,
        *,
        params: Mapping[str, Any],
        metrics: Mapping[str, float],
        tags: Mapping[str, str],
        attachments: Sequence[Path] = (),
        facts: Mapping[str, Any],
        now: datetime,
    ) -> VersionRow:
        """Register what a run ships as the model's next version; said again for a run, return the same one.

        The twin, `attachments` (such as the diff of a dirty tree), parameters, metrics and tags are kept with
        the run in MLflow. The row's `facts` are the given ones, with the path of the twin; `now` is the
        project's time.

        Raises:
            ArtifactError: the artifact is not what the training made.
        """
        kept = self._run(run)
        files = Path(kept.info.artifact_uri)
        found = self._client.search_model_versions(f"run_id = '{kept.info.run_id}'")
        if not found:
            self._log(kept, params, metrics, tags)
            self._copy(kept, {"model": shipped, "twin": twin}, attachments)
            tags = {**tags, REGISTERED_TAG: now.isoformat()}
            found = [self._create(run.model, str(files / "model"), kept.info.run_id, tags)]
        return VersionRow(
            model=run.model,
            version=int(found[0].version),
            run=run.id,
            artifact=str(files / "model"),
            digest=shipped.digest,
            registered=datetime.fromisoformat(found[0].tags[REGISTERED_TAG]),
            facts={**facts, "twin": str(files / "twin")},
        )

    def point(self, model: str, champion: int | None) -> bool:
        """Let the alias follow the control state; return whether it had to move."""
        alias = self._client.get_registered_model(model).aliases.get(CHAMPION)
        if champion == (None if alias is None else int(alias)):
            return False
        if champion is None:
            self._client.delete_registered_model_alias(model, CHAMPION)
        else:
            self._client.set_registered_model_alias(model, CHAMPION, str(champion))
        return True

    def _run(self, run: RunRow) -> Any:
        """Return MLflow's run of noria's run, made where there is none yet."""
        experiment = self._client.get_experiment_by_name(run.model)
        if experiment is None:
            location = str(self._artifacts / run.model)
            experiment = self._client.get_experiment(self._client.create_experiment(run.model, location))
        found = self._client.search_runs([experiment.experiment_id], f"tags.`{RUN_TAG}` = '{run.id}'")
        if found:
            return found[0]
        begun = int(run.started.timestamp() * 1000)
        return self._client.create_run(experiment.experiment_id, begun, {RUN_TAG: run.id}, run_name=run.id)

    def _log(
        self, kept: Any, params: Mapping[str, Any], metrics: Mapping[str, float], tags: Mapping[str, str]
    ) -> None:
        from mlflow.entities import Metric, Param, RunTag

        begun = kept.info.start_time  # not the present: logged again, it is the same measurement
        self._client.log_batch(
            kept.info.run_id,
            [Metric(name, float(value), begun, 0) for name, value in metrics.items()],
            [Param(name, str(value)) for name, value in params.items()],
            [RunTag(name, value) for name, value in tags.items()],
        )

    def _copy(self, kept: Any, trainings: Mapping[str, Training], attachments: Sequence[Path]) -> None:
        for name, training in trainings.items():
            self._client.log_artifacts(kept.info.run_id, training.artifact, name)
            manifest.verify(Path(kept.info.artifact_uri) / name, training.digest)
        for attachment in attachments:
            self._client.log_artifact(kept.info.run_id, str(attachment), lineage.FOLDER)
        self._client.set_terminated(kept.info.run_id)

    def _create(self, model: str, source: str, mlflow_run: str, tags: Mapping[str, str]) -> Any:
        if not self._client.search_registered_models(f"name = '{model}'"):
            self._client.create_registered_model(model)
        return self._client.create_model_version(model, source, mlflow_run, dict(tags))


def _client(uri: str) -> Any:
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("DO_NOT_TRACK", "true")
    from mlflow import MlflowClient

    logging.getLogger("mlflow").setLevel(logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    return MlflowClient(uri, uri)
