"""Replays whose days are made up: all policies share the days' ups and downs, as they do on a history."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from noria.replay.result import Block, PolicyResult, Replay

BEGIN = datetime(2013, 2, 1, tzinfo=UTC)


def policy(
    name: str, trainings: int, loss: float, *, days: int = 84, own: float = 0.002, **more: Any
) -> PolicyResult:
    """A policy whose loss is `loss` in the mean; `own` is the standard deviation of what no other shares."""
    shared = np.random.default_rng(0).normal(0, 0.05, days)
    noise = np.random.default_rng(len(name)).normal(0, own, days) if own else np.zeros(days)
    losses = loss + (shared - shared.mean()) + (noise - noise.mean())
    blocks = tuple(
        Block(start=(BEGIN + timedelta(days=day)).date().isoformat(), rows=1000, loss=float(lost))
        for day, lost in enumerate(losses)
    )
    made = PolicyResult(
        name=name,
        meaning=f"{name}, in a sentence",
        metrics={"log_loss": loss, "auc": 0.7},
        blocks=blocks,
        trainings=trainings,
        rows_trained=trainings * 12_345,
        train_s=trainings * 1.5,
    )
    return replace(made, **more)


def replay(*policies: PolicyResult, **more: Any) -> Replay:
    days = max(len(policy.blocks) for policy in policies)
    made = Replay(
        project="flights",
        task="binary",
        metric="log_loss",
        begin=BEGIN,
        end=BEGIN + timedelta(days=days),
        spread=False,
        rows=days * 1100,
        labelled=days * 1000,
        policies=policies,
        wall_s=13.0,
        bare_s=10.0,
    )
    return replace(made, **more)
