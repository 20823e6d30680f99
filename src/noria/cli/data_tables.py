"""What `noria data` finds, as tables to read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from noria.core.compare import Comparison
from noria.dataset.difference import Difference
from noria.dataset.experiment import Experiment
from noria.dataset.removal import Learner
from noria.dataset.report import Report
from noria.dataset.value import Source
from noria.dataset.versions import DataVersion
from noria.project.model import Data

SHOWN = 8
"""Rows of one kind that the terminal shows; JSON has more."""


def show_versions(found: Sequence[DataVersion]) -> None:
    table = _table("version", "added", "removed", "from")
    for one in found:
        sources = ", ".join(f"{name or '(not known)'} {rows}" for name, rows in one.sources.items())
        table.add_row(str(one.version), str(one.added), str(one.removed or ""), sources)
    _print(table)


def show_report(made: Report, file: Path, data: Data) -> None:
    """Print a report: what is odd first, then how the labels lie, then what changed."""
    table = _table("finding", "rows", "")
    for name, count, told in _findings(made):
        table.add_row(name, count, told)
    _print(f"data version {made.version}: {made.rows} rows", table)
    if made.label_errors and made.label_errors.rows:
        _print("\nthe labels that the other rows make least likely:", _rows(made.label_errors.rows, data))
    periods = _table("from", "rows", *made.balance.classes)
    for period in made.balance.periods:
        shares = [f"{period.shares.get(name, 0):.1%}" for name in made.balance.classes]
        periods.add_row(period.begin, str(period.rows), *shares)
    _print("\nlabels over time:", periods)
    if made.difference:
        _print("")
        show_difference(made.difference)
    _print(f"\nkept in {file}")


def show_difference(found: Difference) -> None:
    _print(
        f"from data version {found.before} to {found.after}: "
        f"{found.added} rows added, {found.removed} removed"
    )
    for sentence in found.columns:
        _print(f"  {sentence}")
    if not found.moved:
        _print("no column moved beyond what days always differ by")
        return
    table = _table("column", "what moved most", "before", "after", "p")
    for one in found.moved:
        table.add_row(one.column, one.what, f"{one.before:.1%}", f"{one.after:.1%}", f"{one.p:.2g}")
    _print(table)


def show_experiment(found: Experiment) -> None:
    table = _table("", f"data version {found.before}", f"data version {found.after}")
    table.add_row("rows", *map(str, found.rows))
    for name, (before, after) in found.metrics.items():
        table.add_row(name, f"{before:.4f}", f"{after:.4f}")
    held = f"the same code, judged on the same {found.holdout_rows} rows from {found.holdout_from}"
    _print(held, table, f"{found.gain.metric}: {_gain(found.gain)} better with the rows of {found.after}")


def show_value(found: Sequence[Source], rows: Sequence[dict[str, Any]], data: Data) -> None:
    table = _table("source", "rows", "what it is worth", "")
    for one in found:
        table.add_row(one.source, str(one.rows), _gain(one.gain), one.verdict)
    metric = found[0].gain.metric
    _print(f"the {metric} that each source spares, by a training without it; the worst first", table)
    if rows:
        _print(
            "\nthe rows that hurt most, by their Shapley value among nearest neighbours:", _rows(rows, data)
        )


def show_removal(rows: int, learnt: Sequence[Learner], version: int | None, *, purged: int | None) -> None:
    """Print what was removed, or would be (version None), who learnt from it, and where it still is."""
    _print(
        f"{rows} rows would be removed" if version is None else f"{rows} rows removed: data version {version}"
    )
    table = _table("version", "learnt from", "")
    for one in learnt:
        sure = "" if one.sure else "at most, "
        table.add_row(str(one.version), f"{sure}{one.rows} rows", one.role)
    _print(table if learnt else "no version has learnt from them")
    if version is None:
        return
    if purged is None:
        _print(
            "former states of the dataset, copies in .noria/runs and caches still have them: "
            "--purge deletes these"
        )
    else:
        _print(f"purged: {purged} files deleted or rewritten, and the cache of steps")
    _print("not touched: sources, .noria/lake/predictions and labels, models, and your backups")


def _findings(made: Report) -> list[tuple[str, str, str]]:
    missing = {name: share for name, share in made.missing.items() if share}
    found = [
        ("classes", "", ", ".join(f"{name}: {rows}" for name, rows in made.balance.classes.items())),
        ("rare classes", str(len(made.balance.rare)), ", ".join(made.balance.rare)),
        (
            "values with too few rows",
            str(len(made.gaps)),
            _first([f"{gap.column} = {gap.value} ({gap.rows})" for gap in made.gaps]),
        ),
        (
            "columns with missing values",
            str(len(missing)),
            _first([f"{name} {share:.1%}" for name, share in missing.items()]),
        ),
        ("constant columns", str(len(made.constant)), _first(made.constant)),
    ]
    if made.duplicates:
        found += [
            ("exact duplicates", str(made.duplicates.exact), "same features and label"),
            ("near duplicates", str(made.duplicates.near), "same label and categories, numbers alike"),
            ("conflicting labels", str(made.duplicates.conflicts), "same features, other label"),
        ]
    if errors := made.label_errors:
        told = f"{errors.share:.1%}; of the labels' entropy, features explain {errors.explained:.0%}"
        found.append(("likely label errors", str(errors.count), told))
    return found


def _first(texts: Sequence[str]) -> str:
    return ", ".join(texts[:SHOWN]) + (f" and {len(texts) - SHOWN} more" if len(texts) > SHOWN else "")


def _rows(rows: Sequence[dict[str, Any]], data: Data) -> Table:
    """Return what was found of rows, who they are, and their label."""
    own = [name for name in ("likely", "chance", "value") if name in rows[0]]
    who = data.identity or ((data.time,) if data.time else data.features[:4])
    names = [*who, data.label, *own]
    table = _table(*names)
    for row in rows[:SHOWN]:
        table.add_row(
            *(f"{row[name]:.4g}" if isinstance(row[name], float) else str(row[name]) for name in names)
        )
    return table


def _gain(gain: Comparison) -> str:
    return f"{gain.gain:+.4f} ({gain.low:+.4f} to {gain.high:+.4f})"


def _table(*names: str) -> Table:
    return Table(*names, box=None, pad_edge=False)


def _print(*parts: object) -> None:
    console = Console(markup=False, highlight=False)  # values come from the data
    for part in parts:
        console.print(part)
