"""The heavy work of a run, each job a function that a child process calls with plain values.

What a run is about, such as its features and its label, is read from the run's own checkout; where its data
and its results lie, from the project.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from noria.clock import open_clock
from noria.core.gates import Gate
from noria.core.windows import AUTO
from noria.project.model import Project
from noria.project.parse import load
from noria.project.table import TableSchema, read_schema
from noria.rows import Checkout, Examined, Rival, RunRow, Snapshot, Training

if TYPE_CHECKING:
    from noria.core.conformal import Misfits
    from noria.pipeline.train import Request

Job = dict[str, Any]
"""What every job is told: `root`, the project; `run_dir`, where the run keeps its files; and its own keys."""


def checkout(job: Job) -> Checkout:
    """Export the commit, or the working tree where there is none, to where the pipeline runs."""
    from noria.adapters.git import Repository

    return Repository(Path(job["root"])).export(job["commit"], _checkout(job))


def snapshot(job: Job) -> Snapshot:
    """Take in what is new, and cut the rows of this run."""
    from noria.adapters import snapshot as cut
    from noria.dataset import report

    project, schema = _project(job)
    now = open_clock(project.home).now()
    made = cut.snapshot(project, schema, Path(job["run_dir"]) / "rows", now, job["windows"], job["since"])
    if not report.place(project.home, made.version).exists():
        report.save(report.report(project, schema, made.version, thorough=False), project.home)
    return made


def train(job: Job) -> Training:
    """Execute the pipeline on a cut, and package its model."""
    from noria.pipeline import train as training

    project, schema = _project(job)
    out = Path(job["run_dir"]) / job["name"]
    return training.train(request(project, schema, _checkout(job), job["rows"], out, job["champion"]))


def request(
    project: Project, schema: TableSchema, checkout: Path, rows: str, out: Path, champion: str | None
) -> Request:
    """Return what an execution of the pipeline is asked: the code of a checkout, on a file of rows."""
    from noria.pipeline.train import Request

    return Request(
        checkout=str(checkout),
        pipeline=project.pipeline,
        rows=rows,
        out=str(out),
        cache=str(project.home / "cache"),
        params=project.train.params,
        seed=project.train.seed,
        features=_features(project, schema),
        label=project.data.label,
        task=str(project.task),
        champion=champion,
        pickle=project.pickle,
        compile=project.serve.compile,
    )


def evaluate(job: Job) -> Any:
    """Measure the candidate for the gates."""
    from noria.artifact import inspection
    from noria.pipeline.evaluate import Evaluation, evaluate

    project, _ = _project(job)
    inspection.admit(Path(job["candidate"]), pickle=project.pickle)
    cuts = msgspec.convert(job["snapshot"], Snapshot)
    return evaluate(
        Evaluation(
            holdout=cuts.holdout,
            train=cuts.cuts[0].train,
            candidate=job["candidate"],
            rival=msgspec.convert(job["rival"], Rival | None),
            newer=job["newer"],
            label=project.data.label,
            task=str(project.task),
            gates=msgspec.convert(job["gates"], tuple[Gate, ...]),
            refit=project.train.refit == AUTO,
        )
    )


def agree(job: Job) -> Any:
    """Measure whether the refitted model says what the candidate said."""
    from noria.artifact import inspection
    from noria.pipeline.evaluate import agree

    project, _ = _project(job)
    for name in ("candidate", "shipped"):
        inspection.admit(Path(job[name]), pickle=project.pickle)
    cuts = msgspec.convert(job["snapshot"], Snapshot)
    shortest = min(cuts.cuts, key=lambda cut: cut.rows)  # whatever the window, its rows were trained on
    return agree(shortest.train, job["candidate"], job["shipped"])


def examine(job: Job) -> Any:
    """Ask the gates that need the candidate in hand; what they find is kept in the run's folder."""
    from noria.gates.examine import examine
    from noria.gates.subject import Subject

    project, schema = _project(job)
    examined = msgspec.convert(job["examined"], Examined)
    subject = Subject(
        project=project,
        schema=schema,
        checkout=_checkout(job),
        folder=Path(job["run_dir"]) / "gates",
        shipped=Path(examined.shipped),
        judged=Path(examined.judged),
        champion_artifact=Path(examined.champion.shipped) if examined.champion else None,
        rival=examined.champion,
        train_file=Path(examined.train),
        full_file=Path(examined.full),
        holdout_file=Path(examined.holdout),
        now=open_clock(project.home).now(),
    )
    return examine(subject, msgspec.convert(job["gates"], tuple[Gate, ...]))


def prepare(job: Job) -> bool:
    """Open the registry once, so that its library is loaded before a run needs it."""
    _registry(job)
    return True


def register(job: Job) -> Any:
    """Register what the run ships, signed, with its lineage."""
    from noria.artifact import background, signature
    from noria.card import provenance

    project, schema = _project(job)
    row, folder = msgspec.convert(job["row"], RunRow), Path(job["run_dir"])
    shipped, twin = (msgspec.convert(job[name], Training) for name in ("shipped", "twin"))
    diff = folder / "working-tree.diff"
    if text := row.facts.get("diff"):
        diff.write_text(text)
    made_from = provenance.save(provenance.record(project, schema, row, shipped, folder), folder)
    signed = signature.sign(Path(shipped.artifact), project.home, folder / signature.NAME)
    kept = [*_learnt(job, row, shipped, twin), made_from, signed]
    return _registry(job).register(
        row,
        shipped,
        twin,
        params={**project.train.params, "seed": project.train.seed},
        metrics=row.facts["metrics"],
        tags=_lineage(row, shipped),
        attachments=[*kept, diff] if text else kept,
        facts={**_facts(row), "background": background.digest(folder / background.FILE)},
        now=open_clock(project.home).now(),
    )


def point(job: Job) -> bool:
    """Move the registry's alias to the champion."""
    project = load(Path(job["root"]))
    return bool(_registry(job).point(project.name, job["version"]))


def _learnt(job: Job, row: RunRow, shipped: Training, twin: Training) -> list[Path]:
    """Write what the shipped model is to be held against in service: its rows, and its twin's misfits."""
    import polars as pl

    from noria.artifact import background
    from noria.core.bounds import Bounds
    from noria.monitor import outliers, reference

    project, schema = _project(job)
    features, folder = _features(project, schema), Path(job["run_dir"])
    rows = pl.read_parquet(folder / "rows" / f"full-{row.facts['window']}.parquet")
    detector, rows = outliers.learnt(rows, features)
    bounds = Bounds(detector=detector, misfits=_misfits(project, folder / "rows" / "holdout.parquet", twin))
    made = reference.build(rows, features, Path(shipped.artifact))
    sample = background.save(rows, list(features), folder)
    return [reference.save(made, folder), outliers.save(bounds, folder), sample]


def _misfits(project: Project, holdout: Path, twin: Training) -> Misfits | None:
    """Return how badly the twin's answers fit the rows that were held out from it."""
    import polars as pl

    from noria.artifact.model import Model
    from noria.core.conformal import calibrate, misfit

    rows = pl.read_parquet(holdout)
    if rows.is_empty():
        return None
    model = Model(Path(twin.artifact))
    truth = model.truth(rows[project.data.label])
    return calibrate(misfit(str(project.task), truth, model.predict(rows)))


def _lineage(row: RunRow, shipped: Training) -> dict[str, str]:
    spec = json.loads((Path(shipped.artifact) / "data" / "spec.json").read_text())
    return {
        "noria.commit": row.commit or "",
        "noria.dirty": str(bool(row.facts.get("diff"))),
        "noria.data_version": str(row.data_version),
        "noria.reason": row.reason,
        "noria.pickle": str(spec["kind"] == "pyfunc"),
        "noria.compiled": spec.get("compiled", ""),
        **{f"noria.step.{step.name}": step.key for step in shipped.steps},
    }


def _facts(row: RunRow) -> dict[str, Any]:
    """What the loop asks of a version later: what it was compared on, and what it was trained on."""
    kept = (
        "metrics",
        "daily",
        "refit",
        "window",
        "learnt",
        "holdout_from",
        "holdout_rows",
        "policy",
        "rows",
        "train_seconds",
        "refit_seconds",
    )
    return {
        **{name: row.facts[name] for name in kept if name in row.facts},
        "commit": row.commit,
        "data_version": row.data_version,
    }


def _registry(job: Job) -> Any:
    from noria.adapters.registry import Registry

    return Registry(Path(job["root"]) / ".noria")


def _checkout(job: Job) -> Path:
    return Path(job["run_dir"]) / "checkout"


def _project(job: Job) -> tuple[Project, TableSchema]:
    """Return the project as the run's checkout says it, living where the project lives."""
    folder = _checkout(job)
    return replace(load(folder), root=Path(job["root"])), read_schema(folder)


def _features(project: Project, schema: TableSchema) -> dict[str, Any]:
    return {name: schema.column(name).feature for name in project.data.features}
