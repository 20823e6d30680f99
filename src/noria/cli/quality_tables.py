"""What `noria quality` shows, as tables and lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from math import isfinite
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from noria.cli.sparkline import sparkline
from noria.core.phrases import length

if TYPE_CHECKING:
    from noria.core.interval import Interval
    from noria.monitor.performance import Calibration, Maturity, Performance, Version
    from noria.monitor.slices import Gap
    from noria.rows import SignalRow

VERSIONS = 5
"""Versions that are shown, the newest ones."""
DAYS = 28
"""Days of a sparkline, the newest ones."""
WORST = 5
"""Slices of a column that are shown, those with the highest loss."""

Part = Table | Text


def tables(found: Performance) -> Iterator[Part]:
    """Yield each part, one below the other; nothing in it is cut."""
    yield _versions(found)
    serving = [version for version in found.versions if version.version == found.champion]
    if serving:
        yield from _part(f"version {found.champion}, the champion", _metrics(serving[0]))
    if found.calibration:
        error = found.calibration.error
        title = f"calibration: off by {_number(error.value)} {_ends(error)} on average"
        yield from _part(title, _groups(found.calibration))
    if found.slices:
        yield from _part(f"slices, by {found.loss}", _slices(found))
    if found.gaps:
        yield from _part("fairness: the largest difference between two values", _gaps(found.gaps))
    yield Text("\nestimated, before labels are there", style="bold")
    yield from map(_estimate, found.estimates)
    if not found.estimates:
        yield Text("nothing yet: it takes 7 mature days of a version")
    if found.concept:
        style = "red" if found.concept.level == "alert" else ""
        yield Text(f"\nconcept drift, {found.concept.day}: {found.concept.reason}", style=style)
    if found.maturity:
        yield from _maturity(found.maturity)


def _part(title: str, table: Table) -> Iterator[Part]:
    yield Text(f"\n{title}", style="bold")
    yield table


def _versions(found: Performance) -> Table:
    table = _table("version", "as", "days", "labelled", found.loss, "95%", "by day")
    for version in found.versions[:VERSIONS]:
        mean = version.metrics.get(found.loss)
        table.add_row(
            str(version.version),
            version.role,
            str(len(version.days)),
            f"{version.rows:,} of {version.predictions:,}",
            _number(mean.value) if mean else "",
            _ends(mean) if mean else "",
            sparkline(version.daily.get(found.loss, ())[-DAYS:]),
        )
    return table


def _metrics(version: Version) -> Table:
    table = _table("metric", "mean", "95%", "by day")
    for name, mean in version.metrics.items():
        table.add_row(name, _number(mean.value), _ends(mean), sparkline(version.daily[name][-DAYS:]))
    return table


def _groups(calibration: Calibration) -> Table:
    table = _table("said", "came true", "rows")
    for group in calibration.groups:
        table.add_row(_number(group.output), _number(group.truth), f"{group.rows:,}")
    return table


def _slices(found: Performance) -> Table:
    table = _table("slice", "rows", "mean", "95%", "beyond others")
    shown: dict[str, int] = {}
    for one in found.slices:
        shown[one.column] = shown.get(one.column, 0) + 1
        if shown[one.column] <= WORST:
            beyond = f"{one.beyond.value:+.4f} {_ends(one.beyond)}"
            row = (f"{one.rows:,}", _number(one.loss.value), _ends(one.loss), beyond)
            table.add_row(f"{one.column} = {one.value}", *row)
    return table


def _gaps(gaps: Sequence[Gap]) -> Table:
    table = _table("of", "by", "gap", "95%", "most", "least")
    for one in gaps:
        ordered = sorted(one.by_value.items(), key=lambda item: -item[1])
        ends = (f"{value} {_number(rate)}" for value, rate in (ordered[0], ordered[-1]))
        table.add_row(one.rate, one.column, _number(one.gap.value), _ends(one.gap), *ends)
    return table


def _estimate(row: SignalRow) -> Text:
    """Return an estimate, or why it is not shown."""
    if not row.numbers["shown"]:
        return Text(f"{row.day}  hidden: {row.reason}", style="dim")
    ends = f"({row.value - row.limit:.4f} to {row.value + row.limit:.4f})"
    return Text(f"{row.day}  {row.subject} {row.value:.4f} {ends}; {row.reason}")


def _maturity(found: Maturity) -> Iterator[Text]:
    yield Text("\nlabels", style="bold")
    yield Text(
        f"half come within {_lasting(found.half)}, 99% within {_lasting(found.almost_all)}; "
        f"data.label_delay is {_lasting(found.declared)}; {found.labelled:.0%} of the predictions get one"
    )
    for day, share in found.waiting.items():
        yield Text(f"{day}  not mature: {share:.0%} of its labels are in by now")
    if found.warning:
        yield Text(found.warning, style="yellow")


def _table(*heads: str) -> Table:
    table = Table(*heads, box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for column in table.columns:
        column.overflow = "fold"
    return table


def _number(value: float) -> str:
    return f"{value:.4f}" if isfinite(value) else "-"


def _ends(interval: Interval) -> str:
    return f"({interval.low:.4f} to {interval.high:.4f})" if isfinite(interval.low) else "(too few days)"


def _lasting(duration: timedelta) -> str:
    return length(duration) if duration else "no time"
