"""The heavy work of a run, each job a function that a child process calls with plain values."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from noria.ports import Checkout, Rival, RunRow, Snapshot, Training

Payload = dict[str, Any]


def checkout(job: Payload) -> Any:
    """Export the commit of a run, or the working tree, to where its pipeline runs."""
    from noria.wiring import repository

    return repository(_root(job)).export(job["commit"], Path(job["run_dir"]) / "checkout")
