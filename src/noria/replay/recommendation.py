"""Which policy to choose: the cheapest that is not proven worse than the best by more than is worthwhile."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

from noria.core.interval import Interval
from noria.replay.figures import between, loss
from noria.replay.intervals import STRETCH, best, gaps_to, losses_of
from noria.replay.result import PolicyResult, Replay

WORTHWHILE = 0.005
"""The share of the best policy's loss below which a difference is not worth a training."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """`policy` is None where the evidence does not separate the policies, or there is nothing to compare."""

    policy: str | None
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """What the sentences are made of: `regrets` to the best policy, and the amount that is worthwhile."""

    metric: str
    best: PolicyResult
    chosen: PolicyResult
    cheaper: tuple[PolicyResult, ...]
    regrets: dict[str, Interval]
    worth: float
    scale: float

    @property
    def least(self) -> str:
        return f"{self.amount(self.worth)} ({WORTHWHILE:.1%}, the least that is worthwhile)"

    def amount(self, value: float) -> str:
        return f"{self.metric} {loss(value, self.scale)}"

    def regret(self, policy: PolicyResult) -> str:
        regret = self.regrets[policy.name]
        return f"{self.amount(regret.value)} ({between(regret, self.scale)})"


def recommend(replay: Replay) -> Recommendation:
    """Return the policy to choose, and the reason in a few sentences.

    Policies that look ahead, and those with a fault, are never chosen and never the best.
    """
    winner = best(replay)
    if winner is None or len(replay.choices) < 2:
        return Recommendation(policy=None, sentence="There are no two policies that can be compared.")
    regrets, scale = gaps_to(replay, winner.name), losses_of(replay)[winner.name].value
    worth = WORTHWHILE * scale
    good = [policy for policy in replay.choices if regrets[policy.name].low <= worth]
    chosen = min(good, key=lambda policy: (policy.trainings, regrets[policy.name].value))
    case = _Case(
        metric=replay.metric,
        best=winner,
        chosen=chosen,
        cheaper=tuple(policy for policy in replay.choices if policy.trainings < chosen.trainings),
        regrets=regrets,
        worth=worth,
        scale=scale,
    )
    if len(good) == len(replay.choices):
        return Recommendation(policy=None, sentence=_not_separated(case, replay))
    return Recommendation(policy=chosen.name, sentence=_chosen(case) + _caution(chosen))


def _not_separated(case: _Case, replay: Replay) -> str:
    widest = max(case.regrets[policy.name].high for policy in replay.choices)
    if not isfinite(widest):
        doubt = f"{2 * STRETCH} days with labels are needed to tell"
    elif widest <= case.worth:
        doubt = "All are proven to be as good as that"
    else:
        doubt = f"They may differ by up to {case.amount(widest)}; a longer history would tell"
    return (
        f"The evidence does not separate these: no policy is proven worse than {case.best.name} by more than "
        f"{case.least}. {doubt}. The cheapest is {_priced(case.chosen)}."
    )


def _chosen(case: _Case) -> str:
    chosen, winner = case.chosen, case.best
    if chosen is winner and not case.cheaper:
        return f"Choose {_priced(chosen)}: it is the best, and none is cheaper."
    if chosen is winner:
        rival = min(case.cheaper, key=lambda policy: case.regrets[policy.name].value)
        return (
            f"Choose {_priced(chosen)}: it is the best, and every cheaper policy is proven worse by more "
            f"than {case.least}. Against {rival.name}, {_more(chosen, rival)} bought {case.regret(rival)}."
        )
    proven = f"proven worse than the best, {winner.name}, by more than {case.least}"
    reason = f"none is cheaper, and it is not {proven}"
    if case.cheaper:
        reason = f"every cheaper policy is {proven}; this one is not"
    gain = f"{_more(winner, chosen)}, with {winner.name}, would buy {case.regret(chosen)}"
    return f"Choose {_priced(chosen)}: {reason}. {gain}."


def _caution(chosen: PolicyResult) -> str:
    stayed = sum(promotion.proved_worse and not promotion.rolled_back for promotion in chosen.promoted)
    if not stayed:
        return ""
    return f" {stayed} of its {chosen.promotions} promotions proved worse, and stayed."


def _priced(policy: PolicyResult) -> str:
    return f"{policy.name}, with {policy.trainings} training{'' if policy.trainings == 1 else 's'}"


def _more(dear: PolicyResult, cheap: PolicyResult) -> str:
    count = dear.trainings - cheap.trainings
    return f"{count} more training{'' if count == 1 else 's'}"
