"""The checks that a [[gates]] line may name, with their options: for parser, JSON Schema and docs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from noria.core.gates import Gate
from noria.core.quality import METRICS, primary
from noria.project.kinds import Key, one_of
from noria.project.scalars import BOOLEAN, SECONDS, SHARE, number, whole

_METRIC = Key("metric", one_of(*METRICS), "Which metric; without it, the first one of the task.")

CHECKS: dict[str, tuple[Key, ...]] = {
    "enough-rows": (Key("rows", whole(1), "How many rows the holdout must have.", default=500),),
    "finite": (),
    "beats-baseline": (
        _METRIC,
        Key("margin", number(0), "How much better it must be, in the metric's unit.", default=0.0),
    ),
    "better-than-champion": (
        _METRIC,
        Key("margin", number(0), "How much worse it may look, in the metric's unit.", default=0.0),
        Key(
            "confidence",
            number(0.5, 0.999),
            "Of the interval of the pooled gain, with half of the rest on each side.",
            default=0.9,
        ),
        Key("worthwhile", SHARE, "Of the champion's loss: the least gain to promote for.", default=0.01),
        Key("newer", BOOLEAN, "Newer data or code that is not worse passes too.", default=False),
    ),
    "agreement": (
        Key("correlation", number(0, 1), "Of the refitted model with the judged one.", default=0.7),
    ),
    "latency": (Key("p99", SECONDS, 'Of single rows in a clean process, such as "20ms".', default=0.02),),
}


def gate(check: str, options: Mapping[str, Any], task: str) -> Gate:
    """Return a gate with all options filled in; a latency is in seconds."""
    defaults = {key.name: key.default for key in CHECKS[check]}
    if _METRIC in CHECKS[check]:
        defaults["metric"] = primary(task).name
    return Gate(check=check, options={**defaults, **options})


def default_gates(task: str) -> tuple[Gate, ...]:
    """Return every check with its defaults: what holds where noria.toml has no [[gates]]."""
    return tuple(gate(check, {}, task) for check in CHECKS)
