"""`noria outliers`: the predictions of a day that were most unlike what the model learnt from."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from noria.cli.session import AsJson, find_project, print_json
from noria.errors import ProjectError, StateError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from noria.monitor.worst import Outlier


def command(
    day: Annotated[str | None, typer.Option(help="The day that is shown (UTC); by default the last.")] = None,
    limit: Annotated[int, typer.Option(help="How many are shown.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Show the predictions of a day with the highest outlier scores, and the columns that made them."""
    from rich.console import Console

    from noria import delta
    from noria.monitor.references import References
    from noria.monitor.worst import worst
    from noria.wiring import state

    project = find_project()
    predictions = delta.Table(project.home / "lake" / "predictions", by_day=True)
    shown = _date(day) if day else max(predictions.days(), default=None)
    if shown not in predictions.days():
        raise StateError(f"no prediction is known of {shown or 'any day'}", hint="noria status")
    references = References(state(project), project.name)
    found = worst(predictions.scan({shown}).collect(), references.detector, limit)
    if as_json:
        print_json(found)
    elif found:
        Console().print(_table(found))
    else:
        print(f"{shown}: no version of that day knows what it learnt from")


def _table(found: Sequence[Outlier]) -> Table:
    from rich.table import Table

    told = Table("id", "version", "role", "score", "limit", "above all by", box=None, pad_edge=False)
    for each in found:
        costs = each.columns.items()
        made = ", ".join(f"{name} = {_text(each.sent[name])} ({cost:.1f})" for name, cost in costs)
        cells = (each.id, str(each.version), each.role, f"{each.score:.2f}", f"{each.limit:.2f}", made)
        told.add_row(*cells, style="red" if each.score > each.limit else "")
    return told


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        fault = f"--day: found {text!r}; allowed: a day such as 2013-02-01"
        raise ProjectError((fault,), hint="noria outliers --help") from None
