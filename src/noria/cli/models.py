"""`noria models`: the registered versions, with what they were measured at."""

from __future__ import annotations

from noria.cli.session import AsJson, find_project, print_json


def command(as_json: AsJson = False) -> None:
    """List the versions, newest first, with metrics on their holdout and their part in the traffic."""
    from rich.console import Console
    from rich.table import Table

    from noria.cli.decisions import moment
    from noria.core.quality import metrics_of
    from noria.wiring import state

    project = find_project()
    store = state(project)
    versions = list(reversed(store.versions(project.name)))
    if as_json:
        print_json(versions)
        return
    if not versions:
        print("no version yet; try: noria run")
        return
    plan = store.model(project.name).plan
    metrics = [metric.name for metric in metrics_of(project.task)]
    heads = ("version", "role", "registered", "commit", *metrics)
    table = Table(*heads, box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for column in table.columns:
        column.no_wrap = True
    for row in versions:
        role = plan.role(row.version) if plan and row.version in plan.versions else ""
        measured = row.facts["metrics"]  # none of a version that was trained without a holdout
        numbers = (f"{measured[name]:.4f}" if name in measured else "" for name in metrics)
        commit = (row.facts["commit"] or "")[:8]
        table.add_row(str(row.version), role, moment(row.registered), commit, *numbers)
    Console().print(table)
