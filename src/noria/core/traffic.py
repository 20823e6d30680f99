"""The traffic plan: which version answers for which entity.

A plan is immutable and numbered. The gateway reads it once per request and swaps it by reference, so a
request is answered by one plan, never by a mixture of two.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

BUCKETS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """A version and its share of the entities, in whole percent."""

    version: int
    share: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Who answers for a model: the champion is the last arm, a challenger stands before it.

    `salt` changes with every rollout, so that the entities of one canary are not those of the next.
    `shadow` is a version that gets copies of all requests and answers none; `standby` is one that is to be
    verified and loaded, and gets nothing. Before the first champion there are no arms, and nobody answers.
    """

    model: str
    number: int
    salt: str
    arms: tuple[Arm, ...]
    shadow: int | None = None
    standby: int | None = None

    def __post_init__(self) -> None:
        shares = [arm.share for arm in self.arms]
        if shares and (sum(shares) != 100 or min(shares) < 0):
            raise ValueError(f"the shares of a plan sum to 100, not {shares}")
        if len(set(self.versions)) != len(self.versions):
            raise ValueError(f"a version stands once in a plan, not {list(self.versions)}")

    @property
    def champion(self) -> int | None:
        return self.arms[-1].version if self.arms else None

    @property
    def versions(self) -> tuple[int, ...]:
        """Every version that must be verified and loaded before the plan may be used."""
        silent = (version for version in (self.shadow, self.standby) if version is not None)
        return (*(arm.version for arm in self.arms), *silent)

    def role(self, version: int) -> str:
        if version == self.champion:
            return "champion"
        return "shadow" if version == self.shadow else "challenger"


def choose(plan: Plan, entity: str) -> int:
    """Return the version that answers for `entity`: always the same one under the same plan.

    The challenger owns the lowest buckets, so an entity that it has once answered stays with it while its
    weight rises.

    Raises:
        LookupError: the plan has no arms yet.
    """
    if not plan.arms:
        raise LookupError(f"no version of {plan.model} serves yet")
    if len(plan.arms) == 1:
        return plan.arms[0].version
    bucket = bucket_of(plan.salt, entity)
    edge = 0
    for arm in plan.arms:
        edge += arm.share * BUCKETS // 100
        if bucket < edge:
            return arm.version
    return plan.arms[-1].version


def bucket_of(salt: str, entity: str) -> int:
    """Return the bucket of an entity, 0 to 9,999, uniform and independent from salt to salt."""
    digest = blake2b(entity.encode(), key=salt.encode()[:64], digest_size=8).digest()
    return int.from_bytes(digest, "big") % BUCKETS
