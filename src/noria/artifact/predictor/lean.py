"""What a process that only serves leaves out."""

from __future__ import annotations

import sys
from typing import Any


class _Absent:
    """A finder that is asked for packages before all others, and finds that some are not installed."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names

    def find_spec(self, name: str, *_: Any) -> None:
        if name in self._names:
            raise ModuleNotFoundError(f"{name} is left out of a process that only serves", name=name)


def leave_out(*names: str) -> None:
    """Let packages look for good as if they were not installed, but for those that are imported already."""
    sys.meta_path.insert(0, _Absent(names))  # type: ignore[arg-type]
