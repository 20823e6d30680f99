"""A replay as plain JSON values; docs/reference/replay.md describes each key."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from datetime import datetime
from math import isfinite
from typing import Any

from noria.core.interval import Interval
from noria.replay.intervals import best, gaps_to, losses_of
from noria.replay.recommendation import recommend
from noria.replay.result import PolicyResult, Promotion, Replay
from noria.timeline import timeline


def to_json(replay: Replay) -> dict[str, Any]:
    """Return everything, of the decisions the reasons; what is infinite or undefined is null."""
    losses, winner = losses_of(replay), best(replay)
    regrets = gaps_to(replay, winner.name) if winner else {}
    return {
        "project": replay.project,
        "task": replay.task,
        "metric": replay.metric,
        "from": replay.begin.isoformat(),
        "to": replay.end.isoformat(),
        "spread": replay.spread,
        "rows": replay.rows,
        "labelled": replay.labelled,
        "overhead": replay.overhead,
        "wall_s": replay.wall_s,
        "bare_s": replay.bare_s,
        "warnings": list(replay.warnings),
        "recommendation": asdict(recommend(replay)),
        "policies": [
            _policy(policy, losses.get(policy.name), regrets.get(policy.name)) for policy in replay.policies
        ],
    }


def _policy(policy: PolicyResult, lost: Interval | None, regret: Interval | None) -> dict[str, Any]:
    return {
        "name": policy.name,
        "meaning": policy.meaning,
        "fault": policy.fault,
        "looks_ahead": policy.looks_ahead,
        "metrics": {name: _finite(value) for name, value in policy.metrics.items()},
        "interval": _ends(lost),
        "regret": _ends(regret),
        "causes": _causes(policy),
        "trainings": policy.trainings,
        "rows_trained": policy.rows_trained,
        "train_s": policy.train_s,
        "promotions": policy.promotions,
        "refusals": policy.refusals,
        "failed": policy.failed,
        "rollbacks": policy.rollbacks,
        "worse_promotions": policy.worse_promotions,
        "promoted": [_promotion(promotion) for promotion in policy.promoted],
        "decisions": [_decision(entry, *told) for entry in policy.decisions for told in timeline([entry])],
        "blocks": [asdict(block) for block in policy.blocks],
    }


def _causes(policy: PolicyResult) -> dict[str, int]:
    """Return how many runs each cause began; of several at once, the most urgent."""
    runs = (entry["body"] for entry in policy.decisions if entry["kind"] == "run")
    return dict(Counter(run["triggers"][0]["cause"] for run in runs))


def _ends(interval: Interval | None) -> dict[str, float | None] | None:
    if interval is None:
        return None
    return {name: _finite(value) for name, value in asdict(interval).items()}


def _promotion(promotion: Promotion) -> dict[str, Any]:
    gain, back = promotion.gain, promotion.rolled_back
    return {
        "at": promotion.at.isoformat(),
        "version": promotion.version,
        "gain": gain and {name: _finite(getattr(gain, name)) for name in ("gain", "low", "high")},
        "proved_worse": promotion.proved_worse,
        "rolled_back": back and back.isoformat(),
    }


def _decision(entry: dict[str, Any], at: datetime, kind: str, reason: str) -> dict[str, Any]:
    version = entry["body"].get("version")
    said = reason.removeprefix(f"version {version}: ")
    return {"at": at.isoformat(), "kind": kind, "version": version, "reason": said}


def _finite(value: float) -> float | None:
    return value if isfinite(value) else None
