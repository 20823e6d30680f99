"""`noria plan`: what noria would do now, and why; what it waits for, and what it does not know yet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from noria.cli.session import AsJson, find_project, print_json

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from noria.core.outlook import Line
    from noria.loop.outlook import Outlook

SECTIONS = {
    "triggers": "what starts a run",
    "brakes": "what holds it back",
    "training": "how the next run goes",
    "evidence": "what is known so far",
    "rollout": "what is on its way",
}
"""The headings, by the part of the outlook that stands below."""
WIDTH = 12
"""Characters of what a line is about."""


def command(as_json: AsJson = False) -> None:
    """Say what the policy would do now, what it waits for, and which evidence is missing, until when."""
    from rich.console import Console

    from noria.loop.outlook import outlook
    from noria.wiring import build

    seen = outlook(build(find_project()))
    if as_json:
        print_json(seen)
        return
    show(seen, Console())


def show(seen: Outlook, console: Console) -> None:
    """Print the decision and when the next run starts, and below a line for everything that it waits for."""
    for line in _head(seen):
        console.print(line, markup=False, highlight=False)
    for part, heading in SECTIONS.items():
        if lines := getattr(seen, part):
            console.print(f"\n[bold]{heading}[/bold]")
            console.print(_table(lines))


def _head(seen: Outlook) -> Iterator[str]:
    decision = seen.decision
    until = f", until {decision.until:%Y-%m-%d %H:%M} UTC" if decision.until else ""
    yield "would start a run now" if decision.run else f"would wait: {decision.reason}{until}"
    for trigger in decision.triggers:
        yield f"  because: {trigger.reason}" if decision.run else f"  although: {trigger.reason}"
    if decision.run:
        return
    if seen.next_at:
        when = f"{seen.next_at:%Y-%m-%d %H:%M} UTC"
        yield f"  the next run starts at {when}, if nothing else happens: {seen.next_reason}"
    elif seen.next_reason != decision.reason:
        yield f"  when the next run starts is not known: {seen.next_reason}"


def _table(lines: Sequence[Line]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True, width=WIDTH)
    table.add_column(overflow="fold")
    for line in lines:
        table.add_row(f"  {line.about}", Text(line.said))
    return table
