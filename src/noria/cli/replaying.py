"""Shows how far the policies of a replay have come, and about how long the rest will take.

On a terminal a bar for each policy; elsewhere, as in the log of a CI, a line now and then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Lock

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Column

from noria.cli.remaining import Remaining
from noria.replay.result import CEILING
from noria.replay.stage import Progress as Reached

EVERY = 20.0
"""Seconds between two lines, at least."""
NAME = Column(max_width=28, no_wrap=True, overflow="ellipsis")

Tell = Callable[[Reached], None]
Show = Callable[[Reached, str], None]


@contextmanager
def watched(names: Sequence[str], console: Console, clock: Callable[[], float]) -> Iterator[Tell]:
    """Yield what the policies' threads tell how far they are; `clock` counts seconds."""
    judged = [name for name in names if name.partition(":")[0] != CEILING]  # it trains all at once
    remaining, lock = Remaining(judged, clock()), Lock()
    with (_bars if console.is_terminal else _lines)(names, console, clock) as show:

        def tell(reached: Reached) -> None:
            with lock:
                remaining.reached(reached.policy, reached.share, clock())
                show(reached, in_words(remaining.seconds))

        yield tell


def in_words(seconds: float | None) -> str:
    """Return an estimate of the time left; "" where there is none yet."""
    if seconds is None:
        return ""
    return f"about {seconds / 60:.0f} min left" if seconds > 90 else f"about {seconds:.0f} s left"


@contextmanager
def _bars(names: Sequence[str], console: Console, clock: Callable[[], float]) -> Iterator[Show]:
    bars = Progress(
        TextColumn("{task.description}", justify="right", markup=False, table_column=NAME),
        BarColumn(),
        TextColumn("{task.fields[now]}"),
        TextColumn("[dim]{task.fields[left]}"),
        console=console,
        transient=True,
    )
    tasks = {name: bars.add_task(name, total=1.0, now="", left="") for name in names}

    def show(reached: Reached, left: str) -> None:
        done = reached.share >= 1
        now, left = ("done", "") if done else (f"{reached.now:%Y-%m-%d}", left)
        bars.update(tasks[reached.policy], completed=reached.share, now=now, left=left)

    with bars:
        yield show


@contextmanager
def _lines(names: Sequence[str], console: Console, clock: Callable[[], float]) -> Iterator[Show]:
    said = clock()
    shares = dict.fromkeys(names, 0.0)

    def show(reached: Reached, left: str) -> None:
        nonlocal said
        shares[reached.policy] = reached.share
        if clock() - said < EVERY:
            return
        said = clock()
        done = sum(share >= 1 for share in shares.values())
        place = f"{reached.policy} at {reached.now:%Y-%m-%d}, {reached.share:.0%}"
        parts = (place, f"{done} of {len(names)} policies done", left)
        console.print("; ".join(filter(None, parts)), markup=False, highlight=False, soft_wrap=True)

    yield show
