"""A line of the catalogue."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from noria.gates.subject import Subject

Make = Callable[[Subject, Path], Subject]
"""Makes the broken candidate out of the honest one, in a folder of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is broken, the gate that is meant for it, and a word that its reason must hold: the cause."""

    name: str
    make: Make
    gate: str
    word: str
