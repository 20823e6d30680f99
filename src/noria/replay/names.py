"""Short names for policies, where theirs are too long for a column or a picture."""

from __future__ import annotations

from noria.replay.result import PolicyResult, Replay

LONGEST = 24
"""Characters of a name that is written out everywhere."""


def called(replay: Replay) -> dict[str, str]:
    """Return what to call each policy, by its name: a long one by its kind and a number.

    What looks ahead has a star.
    """
    numbers = {name: number for number, name in enumerate(_long(replay), start=1)}
    return {
        policy.name: _starred(policy, _numbered(policy.name, numbers.get(policy.name)))
        for policy in replay.policies
    }


def legend(replay: Replay) -> dict[str, str]:
    """Return the whole names by the short ones, of those that are not written out."""
    names = called(replay)
    return {names[name]: name for name in _long(replay)}


def _long(replay: Replay) -> list[str]:
    return [policy.name for policy in replay.comparable if len(policy.name) > LONGEST]


def _numbered(name: str, number: int | None) -> str:
    return name if number is None else f"{name.partition(':')[0]} #{number}"


def _starred(policy: PolicyResult, name: str) -> str:
    return f"{name} *" if policy.looks_ahead else name
