"""The tests of a look at a rollout or a guard, taken again from the counts that the ledger keeps of them."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf, isclose
from typing import Any

from noria.core import gain, guard, limits
from noria.core.limits import Finding
from noria.core.quality import METRICS
from noria.core.sequential import bound, mcnemar, mean_sequence, rate_above, split
from noria.project.scalars import ABORT

Counts = dict[str, float]
Found = tuple[float, float, bool]
"""A statistic, its bound, and whether what was seen lies beyond the limit."""


def retested(numbers: Mapping[str, Any]) -> list[Finding]:
    """Return the findings of a look, each computed again from its counts among the look's numbers."""
    tests: dict[str, Counts] = {}
    for key, value in numbers.items():
        test, colon, name = key.rpartition(": ")
        if colon:
            tests.setdefault(test, {})[name] = float(value)
    return [_finding(test, counts, tests) for test, counts in tests.items()]


def differing(numbers: Mapping[str, Any], findings: list[Finding]) -> list[str]:
    """Return the names of the numbers that do not follow from the counts, but for rounding."""
    again = {name: value for finding in findings for name, value in finding.numbers.items()}
    return [name for name, value in again.items() if not isclose(value, float(numbers[name]), rel_tol=1e-6)]


def _finding(test: str, counts: Counts, tests: Mapping[str, Counts]) -> Finding:
    metric = next((name for name in tests if name in METRICS), test)
    if test in METRICS:
        found = _worse(counts)
    elif test == "mcnemar":
        found = _misses(counts, tests[metric])
    elif test == "guard":
        found = _guard(counts)
    elif test == "sample ratio":
        found = _ratio(counts)
    else:
        found = _limit(test, counts)
    statistic, limit, above = found
    kept = {name: value for name, value in counts.items() if name not in ("statistic", "bound")}
    return Finding(test=test, statistic=statistic, bound=limit, above=above, said="", counts=kept)


def _worse(counts: Counts) -> Found:
    by_days = counts["days"] >= gain.DAYS
    return -_ends(counts, gain.ALPHA, by_days=by_days)[1], counts["bound"], counts["gain"] < -counts["bound"]


def _misses(counts: Counts, metric: Counts) -> Found:
    """The margin is the bound of the look's metric."""
    won, lost = int(counts["won"]), int(counts["lost"])
    above = lost - won > metric["bound"] * counts["rows"] and metric["gain"] < 0
    return mcnemar(lost, won), bound(gain.ALPHA / 2), above


def _guard(counts: Counts) -> Found:
    low, _ = _ends(counts, 2 * guard.ALPHA, by_days=True)
    above = counts["rows"] >= counts["needed"] and counts["gain"] > guard.WORTHWHILE * counts["loss"]
    return low, 0.0, above


def _ratio(counts: Counts) -> Found:
    first, second = int(counts["challenger"]), int(counts["champion"])
    return split(first, second, counts["share"], limits.ENTITIES), bound(limits.RATIO_ALPHA), True


def _limit(text: str, counts: Counts) -> Found:
    rule = ABORT.parse(text)
    if "part" in counts:
        ours, theirs, part = counts["challenger errors"], counts["champion errors"], counts["part"]
        statistic = split(int(ours), int(theirs), part, limits.EVENTS)
        return statistic, bound(limits.ALPHA), ours > part * (ours + theirs)
    if rule.measure == "error_rate":
        errors, rows = int(counts["errors"]), int(counts["rows"])
        return rate_above(errors, rows, rule.limit), bound(limits.ALPHA), errors > rule.limit * rows
    slow, answers = int(counts["slower"]), int(counts["answers"])
    beyond = counts.get("slower than seen", slow)  # of the champion's percentile as it was seen
    alpha = limits.ALPHA / 2 if rule.of_champion else limits.ALPHA
    return rate_above(slow, answers, limits.TAIL), bound(alpha), beyond > limits.TAIL * answers


def _ends(counts: Counts, alpha: float, *, by_days: bool) -> tuple[float, float]:
    """Return the ends of a gain's interval; see `noria.core.gain`."""
    if not by_days:
        rows = int(counts["rows"])
        return mean_sequence(rows, counts["gain"], rows * counts["error"] ** 2, alpha)
    days = int(counts["days"])
    if days < gain.DAYS:
        return -inf, inf
    return mean_sequence(days, counts["gain"], (days - 1) * counts["error"] ** 2, alpha, target=1)
