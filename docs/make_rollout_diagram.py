"""Writes the state diagram of a rollout into docs/explanation/rollouts.md, from the table in the code.

python docs/make_rollout_diagram.py
"""

from __future__ import annotations

import re
from pathlib import Path

from noria.core.rollout import TABLE, Phase

PAGE = Path(__file__).parent / "explanation" / "rollouts.md"
STEPS = (Phase.SHADOW, Phase.WEIGHTED, Phase.PROMOTED)
"""Where "the next step" may lead."""
OPEN = [phase for phase, row in TABLE.items() if row]


def diagram() -> str:
    """Return the table as a Mermaid state diagram; what every open phase has in common is drawn once."""
    common = set.intersection(*(set(_edges(phase)) for phase in OPEN))
    own = [
        (
            phase,
            target,
            [signal for signal, to in _edges(phase) if to is target and (signal, to) not in common],
        )
        for phase in OPEN
        for target in Phase
    ]
    arrows = [
        (f"{phase} --> {_id(target)}: {', '.join(signals)}", target)
        for phase, target, signals in own
        if signals
    ]
    return "\n".join(
        [
            "stateDiagram-v2",
            *(f'    state "{phase}" as {_id(phase)}' for phase in Phase if _id(phase) != phase),
            "    [*] --> open",
            "    state open {",
            f"        [*] --> {Phase.LOADING}",
            *(f"        {arrow}" for arrow, target in arrows if target in OPEN),
            "    }",
            *(f"    {arrow}" for arrow, target in arrows if target not in OPEN),
            *(f"    open --> {_id(target)}: {signal}" for signal, target in sorted(common)),
            *(f"    {_id(phase)} --> [*]" for phase in TABLE if phase not in OPEN),
        ]
    )


def page(text: str) -> str:
    """Return the page's text with its diagram replaced by the present one."""
    return re.sub(r"(?s)(?<=```mermaid\n).*?(?=\n```)", lambda _: diagram(), text, count=1)


def _edges(phase: Phase) -> list[tuple[str, Phase]]:
    """Return what a phase takes, and where each may lead."""
    return [
        (signal, target)
        for signal, next_ in TABLE[phase].items()
        for target in ((next_,) if isinstance(next_, Phase) else STEPS)
    ]


def _id(phase: Phase) -> str:
    return phase.replace(" ", "_")


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text()))
