"""`noria run` with nothing changed, against `dvc repro` with nothing changed, on the same five steps."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from statistics import median

from benchmarks.environments import environment
from benchmarks.evidence import Found
from benchmarks.project import IDENTITY, NORIA, Project, init, seconds_of

PAIRS = 9
TARGET = 1 / 3
STEPS = {
    "clean": ["data/customers.csv"],
    "rates": ["clean"],
    "encode": ["clean", "rates"],
    "summary": ["encode"],
    "model": ["encode"],
}
"""The five steps and what each needs; `benchmarks/peers/steps.py` holds them, for both."""


def measure(scratch: Path) -> Found:
    """Return the median times of both, run in turns, and their ratio."""
    dvc = environment("dvc") / "dvc"
    ours, theirs = _noria(scratch), _dvc(scratch, dvc)
    pairs = [
        (seconds_of([*NORIA, "run"], ours), seconds_of([str(dvc), "repro"], theirs, DVC_NO_ANALYTICS="1"))
        for _ in range(PAIRS)
    ]
    noria, peer = (median(times) for times in zip(*pairs, strict=True))
    return Found(
        title="A run in which nothing changed",
        how=(
            f"Five steps (`benchmarks/peers/steps.py`), once as a pipeline of noria, once as stages of dvc; "
            f"both have run before. Wall time of the command, {PAIRS} times in turns, medians."
        ),
        header=("command", "seconds", "fastest", "slowest"),
        rows=[
            ("noria run", noria, min(a for a, _ in pairs), max(a for a, _ in pairs)),
            ("dvc repro", peer, min(b for _, b in pairs), max(b for _, b in pairs)),
            ("ratio", noria / peer, min(a / b for a, b in pairs), max(a / b for a, b in pairs)),
        ],
        target="Target: noria takes at most a third of dvc's time",
        reached=noria / peer <= TARGET,
    )


def _noria(scratch: Path) -> Path:
    project = init(scratch, "--template", "tabular")
    _pipeline(project)
    subprocess.run([*NORIA, "run"], cwd=project.root, check=True, capture_output=True)
    return project.root


def _pipeline(project: Project) -> None:
    steps = Path(__file__).with_name("peers") / "steps.py"
    (project.root / "steps.py").write_text(steps.read_text())
    (project.root / "pipeline.py").write_text(
        "import polars as pl\n\nimport steps\n\n\n"
        "def clean(train: pl.DataFrame) -> pl.DataFrame:\n    return steps.clean(train)\n\n\n"
        "def rates(clean: pl.DataFrame) -> dict:\n    return steps.rates(clean)\n\n\n"
        "def encode(clean: pl.DataFrame, rates: dict) -> pl.DataFrame:\n"
        "    return steps.encode(clean, rates)\n\n\n"
        "def summary(encode: pl.DataFrame) -> dict:\n    return steps.summary(encode)\n\n\n"
        "def model(encode: pl.DataFrame):\n    return steps.model(encode)\n"
    )
    project.edit("noria.toml", r"(?s)\nfeatures = \[.*?\]", f"\nfeatures = {_names()}")
    project.commit("five steps")


def _names() -> str:
    return '["age", "tenure_months", "monthly_price", "data_gb"]'


def _dvc(scratch: Path, dvc: Path) -> Path:
    """Make the same steps stages of dvc, and run them once."""
    folder = scratch / "dvc"
    (folder / "data").mkdir(parents=True)
    source = scratch / "measured" / "data" / "customers.csv"
    (folder / "data" / "customers.csv").write_bytes(source.read_bytes())
    here = Path(__file__).with_name("peers")
    for name in ("steps.py", "stage.py"):
        (folder / name).write_text((here / name).read_text())
    (folder / "dvc.yaml").write_text(stages(sys.executable))
    for command in (["git", "init", "-q"], [str(dvc), "init", "-q"], [str(dvc), "repro", "-q"]):
        seconds_of(command, folder, DVC_NO_ANALYTICS="1")
    seconds_of(["git", "add", "."], folder)
    seconds_of(["git", *IDENTITY, "commit", "-qm", "five stages"], folder)
    return folder


def stages(python: str) -> str:
    """Return dvc.yaml with the five steps."""
    lines = ["stages:"]
    for step, needs in STEPS.items():
        inputs = [need if need in ("data/customers.csv",) else f"{need}.out" for need in needs]
        dependencies = ", ".join(["steps.py", "stage.py", *inputs])
        lines += [
            f"  {step}:",
            f"    cmd: {python} stage.py {step} {' '.join(inputs)}",
            f"    deps: [{dependencies}]",
            f"    outs: [{step}.out]",
        ]
    return "\n".join(lines) + "\n"
