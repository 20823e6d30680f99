"""Shows on the terminal how far each policy of a replay has come, and about how long it will take."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Lock

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from noria.replay.stage import Progress as Reached


@contextmanager
def watched(names: Sequence[str]) -> Iterator[Callable[[Reached], None]]:
    """Yield what the policies' threads tell how far they are; a bar for each, on a terminal only."""
    console = Console(stderr=True)
    bars = Progress(
        TextColumn("{task.description:>16}"), BarColumn(), TextColumn("{task.fields[now]}"),
        TextColumn("[dim]{task.fields[left]}"), console=console, transient=True, disable=not console.is_terminal,
    )  # fmt: skip
    began, lock = time.monotonic(), Lock()
    shares = dict.fromkeys(names, 0.0)
    tasks = {name: bars.add_task(name, total=1.0, now="", left="") for name in names}

    def tell(reached: Reached) -> None:
        with lock:
            shares[reached.policy] = reached.share
            left = _left(time.monotonic() - began, min(shares.values()))
            bars.update(
                tasks[reached.policy], completed=reached.share, now=f"{reached.now:%Y-%m-%d}", left=left
            )

    with bars:
        yield tell


def _left(elapsed: float, share: float) -> str:
    """Estimate from the slowest policy: trainings grow with the history, so its half takes a quarter."""
    if share < 0.02:
        return ""
    seconds = elapsed * (1 / share**2 - 1)
    return f"about {seconds / 60:.0f} min left" if seconds > 90 else f"about {seconds:.0f} s left"
