"""The whole year of flights, once."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from benchmarks.evidence import Found
from benchmarks.project import NORIA

SECONDS, AUC, LOG_LOSS, TRAININGS = 480, 0.700, 0.503, 25
COLUMNS = ("requests", "auc", "log_loss", "trainings", "promotions", "refusals")


def measure(scratch: Path) -> Found:
    """Return the demo's table by month, and whether every figure reached its target."""
    out = scratch / "demo.json"
    subprocess.run([*NORIA, "demo", "--json", str(out)], cwd=scratch, check=True)
    said = json.loads(out.read_text())
    months = [_row(month.get("month", ""), month) for month in said["months"]]
    return Found(
        title="The demo's year",
        how=(
            f"`noria demo`: {said['wall_s']:.0f} s; {said['failed']} failed requests; {said['acknowledged']} "
            f"predictions acknowledged, {said['logged']} in the table; {said['labels']} labels sent, "
            f"{said['joined']} joined; the ledger {'verifies' if said['ledger_ok'] else 'DOES NOT VERIFY'}."
        ),
        header=("month", *COLUMNS, "January's auc", "January's log_loss"),
        rows=[*months, _row("all", said)],
        target=(
            f"Target: at most {SECONDS} s, AUC {AUC:.3f}, log-loss {LOG_LOSS:.3f}, {TRAININGS} trainings, "
            "nothing failed, lost or doubled"
        ),
        reached=reached(said),
    )


def reached(said: dict[str, object]) -> bool:
    """Return whether every figure of the demo is within its target."""
    figures = said["wall_s"] <= SECONDS and said["auc"] >= AUC and said["log_loss"] <= LOG_LOSS
    counts = said["trainings"] <= TRAININGS and said["failed"] == 0
    kept = said["acknowledged"] == said["logged"] and said["labels"] == said["joined"]
    return bool(figures and counts and kept and said["ledger_ok"])


def _row(name: str, said: dict[str, dict[str, float]]) -> list[object]:
    static = said.get("static", {})
    return [name, *(said[column] for column in COLUMNS), static.get("auc"), static.get("log_loss")]
