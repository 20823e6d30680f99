"""A rollout's limits, each held against what both versions did by a test that stays valid at every look."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from noria.core.entities import count
from noria.core.sequential import bound, rate_above, rate_below, split
from noria.core.window import BINS, AbortRule, ArmCounts, end

ALPHA = 0.01
"""The probability, at most, that a limit that is kept is called breached, in all looks at a step together."""
RATIO_ALPHA = 0.001
"""The same for the sample ratio, which should never differ."""
TAIL = 0.01
"""A 99th percentile below a limit means that at most this share of the answers is slower."""
EVENTS, ENTITIES = 10.0, 100.0
"""Concentrations of `split`: errors of a bad version differ much from the plan, a faulty split a little."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a test found: a log e-value `statistic`, its `bound`, and the `counts` that it was computed from.

    `above` says whether what was seen lies beyond the limit, by chance or not.
    """

    test: str
    statistic: float
    bound: float
    above: bool
    said: str
    counts: dict[str, float]

    @property
    def proven(self) -> bool:
        return self.above and self.statistic >= self.bound

    @property
    def numbers(self) -> dict[str, float]:
        """All of it, as the ledger keeps it."""
        numbers = self.counts | {"statistic": self.statistic, "bound": self.bound}
        return {f"{self.test}: {name}": value for name, value in numbers.items()}


def sample_ratio(challenger: ArmCounts, champion: ArmCounts, share: float) -> Finding:
    """Test whether the challenger got its `share` (0 to 1) of the entities, no more and no less."""
    got, rest = count(challenger.entities), count(champion.entities)
    return Finding(
        test="sample ratio",
        statistic=split(got, rest, share, ENTITIES),
        bound=bound(RATIO_ALPHA),
        above=True,  # too few are as wrong as too many
        said=f"{got} of {got + rest} entities met the challenger, where {share:.0%} are planned",
        counts={"challenger": got, "champion": rest, "share": share},
    )


def needs_ratio(rule: AbortRule) -> bool:
    """Return whether the rule's test counts events of both versions, and so trusts the planned shares."""
    return rule.of_champion and rule.measure == "error_rate"


def judge(rule: AbortRule, challenger: ArmCounts, champion: ArmCounts, share: float) -> Finding:
    """Test whether the challenger, with its `share` (0 to 1) of the requests, breaches a limit."""
    match rule.measure, rule.of_champion:
        case "p99", True:
            return _latency_of_both(rule, challenger, champion)
        case "p99", False:
            return _latency(rule, challenger)
        case _, True:
            return _errors_of_both(rule, challenger, champion, share)
    return _errors(rule, challenger)


def _errors(rule: AbortRule, challenger: ArmCounts) -> Finding:
    errors, rows = challenger.errors, challenger.requests + challenger.errors
    return Finding(
        test=rule.text,
        statistic=rate_above(errors, rows, rule.limit),
        bound=bound(ALPHA),
        above=errors > rule.limit * rows,
        said=_said(rule, _share(errors, rows), rule.limit)
        + f": {errors} of {rows} failed{_cause(challenger)}",
        counts={"rows": rows, "errors": errors},
    )


def _errors_of_both(rule: AbortRule, challenger: ArmCounts, champion: ArmCounts, share: float) -> Finding:
    """Of all errors, the challenger may have the part that its requests, counted `limit` times, have of all.

    A lower rate than the limit gives it fewer still, so the test, taken on this side alone, holds for it too.
    """
    ours, theirs = challenger.errors, champion.errors
    part = rule.limit * share / (rule.limit * share + 1 - share)
    base = _share(theirs, champion.requests + theirs)
    return Finding(
        test=rule.text,
        statistic=split(ours, theirs, part, EVENTS),
        bound=bound(ALPHA),
        above=ours > part * (ours + theirs),
        said=_said(rule, _share(ours, challenger.requests + ours), rule.limit * base)
        + f": {ours} of {ours + theirs} errors, at most {part:.1%} are its part{_cause(challenger)}",
        counts={"challenger errors": ours, "champion errors": theirs, "part": part},
    )


def _latency(rule: AbortRule, challenger: ArmCounts) -> Finding:
    slow, answers = challenger.slower(rule.limit), sum(challenger.bins)
    return Finding(
        test=rule.text,
        statistic=rate_above(slow, answers, TAIL),
        bound=bound(ALPHA),
        above=slow > TAIL * answers,
        said=_said(rule, challenger.p99 or 0, rule.limit) + f": {slow} of {answers} answers are slower",
        counts={"answers": answers, "slower": slow, "limit": rule.limit},
    )


def _latency_of_both(rule: AbortRule, challenger: ArmCounts, champion: ArmCounts) -> Finding:
    """The champion's percentile is not known but estimated, so two things must be proven, each at alpha / 2.

    That the champion's is below some v, and that more than 1% of the challenger's answers are slower than
    `limit` times v. If the limit is kept, one of the two is false, whatever v. The evidence of the first
    grows with v, that of the second falls; so the smallest proven v may be taken, and alpha holds still.
    """
    needed = bound(ALPHA / 2)
    proven = _p99_below(champion, needed)
    limit = rule.limit * proven
    answers, slow = sum(challenger.bins), challenger.slower(limit)
    seen_limit = rule.limit * (champion.p99 or 0)  # without any answer of the champion nothing may pass
    beyond = challenger.slower(seen_limit)
    return Finding(
        test=rule.text,
        statistic=rate_above(slow, answers, TAIL),
        bound=needed,
        above=beyond > TAIL * answers,
        said=_said(rule, challenger.p99 or 0, seen_limit)
        + (f": {slow} of {answers} are slower" if proven < inf else ": the champion's is not sure yet"),
        counts={
            "answers": answers,
            "slower": slow,
            "limit": limit,
            "champion answers": sum(champion.bins),
            "champion slower": champion.slower(proven),
            "seen limit": seen_limit,
            "slower than seen": beyond,
        },
    )


def _p99_below(arm: ArmCounts, needed: float) -> float:
    """Return the least end of a bin (seconds) below which the 99th percentile surely lies; else infinity."""
    answers = slow = sum(arm.bins)
    for index in range(BINS - 1):
        slow -= arm.bins[index]
        if rate_below(slow, answers, TAIL) >= needed:
            return end(index)
    return inf


def _cause(arm: ArmCounts) -> str:
    return f", most often: {arm.cause}" if arm.cause else ""


def _said(rule: AbortRule, seen: float, limit: float) -> str:
    return f"{rule.measure} is {seen:.4g}, the limit is {limit:.4g} ({rule.text})"


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
