"""The whole suite, in the order in which it runs."""

from __future__ import annotations

from collections.abc import Sequence

from noria.conformance import extensions, health, inference, refusals, transport
from noria.conformance.check import Check, Result, Status
from noria.conformance.target import Target

CHECKS: tuple[Check, ...] = (
    *health.CHECKS,
    *inference.CHECKS,
    *extensions.CHECKS,
    *refusals.CHECKS,
    *transport.CHECKS,
)


def run(target: Target) -> list[Result]:
    """Return what came of every check, one after the other."""
    return [check(target) for check in CHECKS]


def conforms(results: Sequence[Result]) -> bool:
    """Return whether no required check failed."""
    return not any(result.required and result.status is Status.FAILED for result in results)
