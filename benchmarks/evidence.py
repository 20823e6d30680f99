"""A page of evidence: what was measured, on which machine, of which commit."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "docs" / "evidence"


class Skipped(Exception):
    """This machine lacks something that the benchmark needs; the message says what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a benchmark found: a sentence on how, a table, and the verdict on its target."""

    title: str
    how: str
    header: Sequence[str]
    rows: Sequence[Sequence[object]]
    target: str
    reached: bool


def write(name: str, found: Found) -> str:
    """Write docs/evidence/`name`.md, and return its text."""
    text = "\n\n".join(
        [
            f"# {found.title}",
            found.how,
            table(found.header, found.rows),
            f"{found.target}: {'reached' if found.reached else 'missed'}.",
            f"Measured {circumstances()}.",
        ]
    )
    PAGES.mkdir(parents=True, exist_ok=True)
    (PAGES / f"{name}.md").write_text(text + "\n")
    return text


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a Markdown table with columns of equal width; floats with three digits."""
    cells = [[*map(str, header)], *([_text(value) for value in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
    lines = ["| " + " | ".join(map(str.ljust, row, widths)) + " |" for row in cells]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def circumstances() -> str:
    """Return date, machine and commit, in words."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"on {datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, {memory:.0f} GB, "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}, commit {_commit()}"
    )


def _commit() -> str:
    said = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return said.stdout.strip() or "unknown"


def _text(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)
