"""`noria quality`: how good the model is: realised, by version, slice and group, and estimated."""

from __future__ import annotations

from noria.cli.session import AsJson, find_project, print_json


def command(as_json: AsJson = False) -> None:
    """Show the quality of the last mature days, calibration, slices, fairness, estimates, and label delay."""
    from rich.console import Console

    from noria.cli.quality_tables import tables
    from noria.clock import open_clock
    from noria.monitor.performance import performance
    from noria.wiring import state

    project = find_project()
    found = performance(project, state(project), open_clock(project.home).now())
    if as_json:
        print_json(found)
        return
    console = Console(markup=False)  # values of slices come from clients
    if not found.versions:
        console.print("no day is mature yet; how far it is, says: noria plan")
        return
    for part in tables(found):
        console.print(part)
