"""The checks that a [[gates]] line may name, with their options: for parser, JSON Schema and docs.

JUDGED are judged by `noria.core.gates` from what was measured on the holdout. EXAMINED need the candidate in
hand: `noria.gates` has a module for each. Other packages add to these by an entry point in the group
`noria.gates`, a function that takes a `noria.gates.subject.Subject`, and its options by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from noria.core.gates import Gate
from noria.core.quality import METRICS, primary
from noria.project.kinds import Key, ListOf, one_of
from noria.project.scalars import BOOLEAN, NAME, REACH, SECONDS, SHARE, number, whole

_METRIC = Key("metric", one_of(*METRICS), "Which metric; without it, the first one of the task.")

_HELD = Key("rows", whole(10), "Rows of the holdout below which nothing is said.", default=100)

TIMEOUT = Key("timeout", SECONDS, "The longest that the gate may take.", default=60.0)

JUDGED: dict[str, tuple[Key, ...]] = {
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


EXAMINED: dict[str, tuple[Key, ...]] = {
    "artifact": (TIMEOUT,),
    "attack": (
        Key("columns", REACH, "What clients can change, and how far.", required=True),
        Key("flips", SHARE, "The most decisions that may flip.", default=0.25),
        Key("accuracy", SHARE, "The least accuracy under attack."),
        Key("seconds", SECONDS, "After which no more rows are attacked.", default=30.0),
        TIMEOUT,
    ),
    "backdoor": (
        Key("rare", SHARE, "Of the rows: the most that may have the values.", default=0.02),
        Key("odds", number(1), "By how much the values raise the odds of a class.", default=5.0),
        TIMEOUT,
    ),
    "calibration": (
        Key("ceiling", number(0, 1), "The largest calibration error.", default=0.05),
        _HELD,
        TIMEOUT,
    ),
    "fairness": (
        Key("selection_rate", number(0, 1), "The largest gap of the share of yes.", default=0.2),
        Key("equalised_odds", number(0, 1), "The largest gap of right, and of false yes.", default=0.2),
        Key("loss", SHARE, "The largest gap of the loss, as a share of the whole's.", default=0.5),
        TIMEOUT,
    ),
    "golden": (
        Key("file", NAME, "CSV or Parquet with features and label, in the commit.", required=True),
        _METRIC,
        Key("limit", number(), "What the metric may be, at most or at least."),
        Key("worse", SHARE, "Of the champion's loss: how much worse it may be.", default=0.05),
        TIMEOUT,
    ),
    "forbidden-features": (
        Key(
            "columns",
            ListOf(NAME, "a list of columns", single=True, least=1),
            "Must not count.",
            required=True,
        ),
        Key("tolerance", number(0), "How far an answer may move by them.", default=0.0),
        Key(
            "proxy", SHARE, "The most of a column that the answers may tell; without it, they are not asked."
        ),
        TIMEOUT,
    ),
    "identifiers": (
        Key("unique", SHARE, "How many values a feature may have, as a share of the rows.", default=0.5),
        TIMEOUT,
    ),
    "numerics": (TIMEOUT,),
    "overlap": (TIMEOUT,),
    "poison": (
        Key("alpha", number(1e-9, 0.1), "The smallest chance that is no chance.", default=0.001),
        Key("volume", SHARE, "Of the new rows: the most that may come from one source.", default=1.0),
        TIMEOUT,
    ),
    "robustness": (
        Key("missing", SHARE, "Of the values that may be missing: those that go.", default=0.05),
        Key("noise", number(0, 10), "Added to each number, in its standard deviations.", default=0.1),
        Key("cost", SHARE, "Of the loss: the most that it may cost.", default=0.1),
        Key("beyond", SHARE, "Of the loss: what it may cost more than with the champion.", default=0.05),
        TIMEOUT,
    ),
    "serving": (
        Key("p99", SECONDS, "Of single requests in a clean process.", default=0.02),
        Key("load", SECONDS, "To load the model.", default=30.0),
        Key("memory", whole(2**20), "The most that its process may take, in bytes."),
        TIMEOUT,
    ),
    "slices": (
        Key("column", NAME, "Whose values are the slices.", required=True),
        _METRIC,
        Key("limit", number(), "What the metric may be on each slice."),
        Key("worse", SHARE, "How much worse than the whole a slice may be.", default=0.5),
        _HELD,
        TIMEOUT,
    ),
    "target-leakage": (
        Key("power", SHARE, "The largest share of the label that one feature may tell.", default=0.95),
        TIMEOUT,
    ),
    "tests": (TIMEOUT,),
    "time-leakage": (
        Key("correlation", number(0.5, 1), "Of ranks: the largest with the time.", default=0.99),
        TIMEOUT,
    ),
    "weak-slices": (
        _HELD,
        Key("margin", SHARE, "How much worse than the champion a slice may get.", default=0.25),
        TIMEOUT,
    ),
}
CHECKS = JUDGED | EXAMINED
DEFAULT = (*JUDGED, "artifact", "numerics", "overlap", "serving", "tests", "weak-slices")
"""What holds where noria.toml has no [[gates]]: what needs no word of the project's."""


def installed() -> dict[str, EntryPoint]:
    """Return the gates of other installed packages, by name."""
    return {point.name: point for point in entry_points(group="noria.gates") if point.name not in CHECKS}


def gate(check: str, options: Mapping[str, Any], task: str) -> Gate:
    """Return a gate with all options filled in; times are in seconds."""
    keys = CHECKS.get(check, (TIMEOUT,))
    defaults = {key.name: key.default for key in keys}
    if _METRIC in keys:
        defaults["metric"] = primary(task).name
    return Gate(check=check, options={**defaults, **options})


def default_gates(task: str) -> tuple[Gate, ...]:
    """Return what holds where noria.toml has no [[gates]]: checks with their defaults."""
    return tuple(gate(check, {}, task) for check in DEFAULT)
