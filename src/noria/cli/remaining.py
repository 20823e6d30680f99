"""How long a replay will go on, from how far its slowest policy has come."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

LATELY = 60.0
"""Seconds that the pace is taken from: what was trained in a replay before is skipped at first."""
LEAST = 5.0
"""Seconds that must have been seen."""
BEGUN = 0.02
"""The share of the span that every policy must have come through."""


class Remaining:
    """Estimates the `seconds` left; None until all policies have begun, and again at the end."""

    def __init__(self, policies: Sequence[str], now: float) -> None:
        self._shares = dict.fromkeys(policies, 0.0)
        self._seen = deque([(now, 0.0)])

    @property
    def seconds(self) -> float | None:
        (began, before), (now, done) = self._seen[0], self._seen[-1]
        if now - began < LEAST or not max(before, work(BEGUN)) < done < 1:
            return None
        return (1 - done) * (now - began) / (done - before)

    def reached(self, policy: str, share: float, now: float) -> None:
        """Note which share of the span a policy has come through, at a moment in seconds."""
        if policy not in self._shares:
            return
        self._shares[policy] = share
        self._seen.append((now, work(min(self._shares.values()))))
        while len(self._seen) > 2 and self._seen[1][0] <= now - LATELY:
            self._seen.popleft()


def work(share: float) -> float:
    """Return which part of the work lies in a first share of the span: trainings grow with what is known.

    A replay begins with a twelfth of the rows, so at a share s a training takes 1 / 12 + 11 / 12 s.
    """
    return (2 * share + 11 * share**2) / 13
