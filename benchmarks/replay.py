"""Five policies over the year of flights: what the default one reaches, and what the replay itself costs."""

from __future__ import annotations

import json
import subprocess
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.evidence import Found
from benchmarks.project import NORIA

AUC, LOG_LOSS, PROMOTIONS, TRAININGS = 0.712, 0.494, 20, 30
OVERHEAD = 1.3
WEEK = timedelta(days=7)
COUNTS = ("trainings", "promotions", "refusals", "rollbacks", "worse_promotions")


def measure(scratch: Path) -> Found:
    """Return a row for each policy, and whether the default one and the replay reach their figures."""
    init = [*NORIA, "init", "flight-delay", "--template", "flights", "--months", "12"]
    subprocess.run(init, cwd=scratch, check=True)
    out = scratch / "replay.json"
    subprocess.run([*NORIA, "replay", "--json", str(out)], cwd=scratch / "flight-delay", check=True)
    said = json.loads(out.read_text())
    project = next(policy for policy in said["policies"] if policy["name"] == "project")
    return Found(
        title="Five policies on the year of flights",
        how=(
            f"`make replay`: {said['labelled']} labelled flights, {said['from'][:10]} to {said['to'][:10]}; "
            f"{said['wall_s']:.0f} s, {said['overhead']:.2f} times the bare calls to training and prediction "
            f"({said['bare_s']:.0f} s), which ran side by side. {said['recommendation']['sentence']}"
        ),
        header=("policy", "auc", "log_loss", "± 95%", *COUNTS, "rows trained", "CPU s"),
        rows=[_row(policy) for policy in said["policies"]],
        target=(
            f"Target for project: AUC at least {AUC}, log-loss at most {LOG_LOSS}, at most {PROMOTIONS} "
            f"promotions and {TRAININGS} trainings, none that proved worse and was not taken back within a "
            f"week; for the replay: at most {OVERHEAD} times the bare calls"
        ),
        reached=reached(project) and said["overhead"] <= OVERHEAD,
    )


def reached(project: dict[str, Any]) -> bool:
    """Return whether a policy is within every figure; the numbers are those of `noria replay --json`."""
    metrics = project["metrics"]
    quality = metrics["auc"] >= AUC and metrics["log_loss"] <= LOG_LOSS
    cost = project["promotions"] <= PROMOTIONS and project["trainings"] <= TRAININGS
    return bool(quality and cost and not any(map(stayed, project["promoted"])))


def stayed(promotion: dict[str, Any]) -> bool:
    """Return whether a promotion proved worse than the model before it, and was not taken back in a week."""
    if not promotion["proved_worse"]:
        return False
    back = promotion["rolled_back"]
    return back is None or datetime.fromisoformat(back) - datetime.fromisoformat(promotion["at"]) > WEEK


def _row(policy: dict[str, Any]) -> list[object]:
    metrics, interval = policy["metrics"], policy["interval"]
    half = interval["high"] - interval["value"]
    counts = (policy[count] for count in COUNTS)
    return [
        policy["name"],
        f"{metrics['auc']:.4f}",
        f"{metrics['log_loss']:.4f}",
        f"{half:.4f}",
        *counts,
        f"{policy['rows_trained']:,}",
        f"{policy['train_s']:.0f}",
    ]
