"""Follows a run on the terminal: its stages as they come, the steps of its pipeline, its verdicts."""

from __future__ import annotations

import time
from collections.abc import Callable

from rich.console import Console
from rich.table import Table
from rich.text import Text

from noria.core.gates import Outcome, Verdict
from noria.errors import Unavailable
from noria.loop.parts import Parts
from noria.rows import RunRow

COLOURS = {
    Outcome.PASSED: "green",
    Outcome.FAILED: "red",
    Outcome.ERROR: "red",
    Outcome.INCONCLUSIVE: "yellow",
}


def follow(parts: Parts, asked: str, alive: Callable[[], bool], *, quiet: bool) -> RunRow:
    """Return the row of the run that was asked for, once it has ended; tell what happens meanwhile.

    Raises:
        Unavailable: nobody carries it out any more.
    """
    console = Console(quiet=quiet)
    run, shown = _merged(parts, asked, alive, console), ""
    with console.status("") as status:
        while run.ended is None:
            _require(alive)
            if run.stage != shown:
                shown = run.stage
                console.print(f"[dim]{run.id}[/dim]  {shown}")
                status.update(f"{shown} ...")
            time.sleep(0.1)
            run = parts.state.run(run.id) or run
    show(run, console)
    return run


def show(run: RunRow, console: Console) -> None:
    """Print how a run ended, and each gate's verdict with its reason."""
    if run.verdicts:
        console.print(_table(run.verdicts))
    made = f": {run.model}/{run.version}" if run.version else ""
    head = Text(f"{run.id} {run.status}{made}", style="bold").append(f"  {run.reason}", style="not bold dim")
    console.print(head)
    if run.status == "failed":
        console.print(Text(f"in {run.stage}: {run.error}", style="red"))
        if hint := run.facts.get("hint"):
            console.print(f"  try: {hint}", markup=False, highlight=False, soft_wrap=True)


def _merged(parts: Parts, asked: str, alive: Callable[[], bool], console: Console) -> RunRow:
    """Wait until the controller has taken up what was asked, and return the run that does it."""
    with console.status("waiting for the controller ..."):
        while True:
            row = parts.state.run(asked)
            if row is not None and row.status == "merged":
                found = parts.state.run(row.facts["into"])
                if found is not None:
                    return found
            _require(alive)
            time.sleep(0.1)


def _require(alive: Callable[[], bool]) -> None:
    if not alive():
        raise Unavailable("the controller ended; its error is above", hint="noria doctor")


def _table(verdicts: tuple[Verdict, ...]) -> Table:
    table = Table("gate", "verdict", "why", box=None, pad_edge=False)
    for verdict in verdicts:
        outcome = Text(verdict.outcome, style=COLOURS[verdict.outcome])
        table.add_row(verdict.gate, outcome, Text(verdict.reason))
    return table
