"""The policies of a replay, by name, each as the project that would live by it.

- `project`: what the project file says
- `never`: the first model, and nothing after it
- `every-7d`, or any other duration: train on all that is known, promote at once, ask nobody
- `ceiling`: trained on the future as well; a bound, and no policy
- `NAME:key=value,key=value`: the same with other values in the project file: `project:train.window=60d`
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from difflib import get_close_matches
from typing import Any

from noria.core.policy import Brakes, Cadence, Triggers
from noria.core.windows import ALL, AUTO
from noria.errors import ProjectError
from noria.project.model import Project, RolloutPolicy
from noria.project.parse import load
from noria.project.units import parse_duration
from noria.replay.result import CEILING

NEVER, PROJECT, EVERY = "never", "project", "every-"
DEFAULT = (NEVER, f"{EVERY}28d", f"{EVERY}7d", PROJECT, CEILING)
CHANGED = ("train", "triggers", "brakes", "gates", "rollout")
"""The tables of the project file in which a policy may have other values: those that decide."""
_PARTS = re.compile(r"(?:\[[^\]]*\]|\{[^}]*\}|[^,\[{])+")
"""What stands between commas, but for those within [] or {}."""
NOT_REPLAYED = frozenset({"latency"})
"""Gates that measure what a history does not tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A name, what it does in a sentence, and the project that would live by it."""

    name: str
    meaning: str
    project: Project


def policies(project: Project, names: Sequence[str]) -> tuple[Policy, ...]:
    """Return the policies of these names, each once.

    Raises:
        ProjectError: a name means nothing, or a key or a value in it is not allowed.
    """
    return tuple(_policy(project, name) for name in dict.fromkeys(names))


def _policy(project: Project, name: str) -> Policy:
    kind, _, changes = name.partition(":")
    asked = load(project.root, _changes(name, changes)) if changes else project
    suffix = f", with {changes}" if changes else ""
    if kind == PROJECT:
        meaning = f"what the project file says{suffix}{_left_out(asked)}"
        gates = tuple(gate for gate in asked.gates if gate.check not in NOT_REPLAYED)
        return Policy(name=name, meaning=meaning, project=replace(asked, gates=gates))
    if kind == NEVER:
        return Policy(
            name=name, meaning=f"the first model, and nothing after it{suffix}", project=_blind(asked, None)
        )
    if kind == CEILING:
        meaning = f"looks ahead: trained on other days of the whole span{suffix}; a bound, and no policy"
        return Policy(name=name, meaning=meaning, project=_blind(asked, None))
    if kind.startswith(EVERY):
        every = kind.removeprefix(EVERY)
        meaning = f"retrains every {every} on all that is known, and asks nobody{suffix}"
        return Policy(name=name, meaning=meaning, project=_blind(asked, _every(name, every)))
    raise _unknown(name, kind)


def _left_out(project: Project) -> str:
    """Return which gates and triggers of the project are not replayed."""
    left = [f"gate {gate.check}" for gate in project.gates if gate.check in NOT_REPLAYED]
    left += ["drift trigger"] if project.triggers.drift else []
    return f"; without its {' and its '.join(left)}, which a history cannot measure" if left else ""


def _blind(project: Project, every: Cadence | None) -> Project:
    """Return the project without gates, brakes and rollout: it trains on all, and what is new serves.

    Where nothing is held out, nothing chooses between windows.
    """
    window = ALL if project.train.window == AUTO else project.train.window
    return replace(
        project,
        train=replace(project.train, window=window, holdout=0.0, refit=False),
        triggers=Triggers(commit=False, cadence=every),
        brakes=Brakes(),
        gates=(),
        rollout=RolloutPolicy(),
    )


def _every(name: str, text: str) -> Cadence:
    try:
        duration = parse_duration(text)
    except ValueError:
        duration = timedelta(0)
    if not duration:
        fault = f"--policy {name}: found {text!r}; allowed: a duration, such as 7d or 12h"
        raise ProjectError((fault,), hint="noria replay --help")
    return Cadence(floor=duration, ceiling=duration)


def _unknown(name: str, kind: str) -> ProjectError:
    known = (PROJECT, NEVER, f"{EVERY}7d", CEILING)
    near = get_close_matches(kind, known, n=1)
    guess = f"; did you mean {near[0]}?" if near else ""
    fault = f"--policy {name}: there is no policy {kind!r}; allowed: {', '.join(known)} (any duration){guess}"
    return ProjectError((fault,), hint="noria replay --policy project --policy every-7d")


def _changes(name: str, text: str) -> dict[str, Any]:
    """Return `train.window=60d,brakes.runs=...` as keys and values; a text needs no quotation marks."""
    changes: dict[str, Any] = {}
    for part in _PARTS.findall(text):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or key.partition(".")[0] not in CHANGED:
            fault = (
                f"--policy {name}: found {part!r}; allowed: KEY=VALUE with a key of {', '.join(CHANGED)}, "
                "such as train.window=60d"
            )
            raise ProjectError((fault,), hint="noria replay --help")
        changes[key] = _value(value)
    return changes


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
