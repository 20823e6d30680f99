"""Which columns move a version's answers, and what has changed since another version."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from markupsafe import Markup

from noria.chart.bars import bars
from noria.errors import ArtifactError
from noria.monitor import reference
from noria.rows import VersionRow

SHOWN = 12
"""Columns of a picture, those with the largest shares."""


def importance(version: VersionRow) -> dict[str, float]:
    """Return each column's share (0 to 1) of what moves the version's answers, the largest first.

    See `noria.monitor.importance`: it was measured on the newest rows that the version learnt from.

    Raises:
        ArtifactError: what was kept of those rows is gone.
        ProfileError: it is damaged.
    """
    try:
        shares = reference.load(Path(version.artifact)).importance
    except OSError as error:
        raise ArtifactError(
            f"what version {version.version} of {version.model} learnt from is not kept any more ({error})",
            hint="noria models",
        ) from error
    return dict(sorted(shares.items(), key=lambda item: -item[1]))


def difference(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    """Return by how much the share of each column has risen or fallen, the largest change first."""
    names = dict.fromkeys([*after, *before])
    changes = {name: after.get(name, 0.0) - before.get(name, 0.0) for name in names}
    return dict(sorted(changes.items(), key=lambda item: -abs(item[1])))


def picture(title: str, *shares: Mapping[str, float]) -> Markup:
    """Return an <svg> element with a bar for the share of each column, or one for each of some versions."""
    most: dict[str, float] = {}
    for each in shares:
        most |= {name: max(share, most.get(name, 0.0)) for name, share in each.items()}
    names = sorted(most, key=lambda name: -most[name])[:SHOWN]
    return bars(title, names, *([each.get(name, 0.0) for name in names] for each in shares))
