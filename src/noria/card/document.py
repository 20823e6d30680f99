"""A document of sections, as every rendering takes it: a line either says something, or says who has to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A named statement. Where the records say nothing, `text` is "" and `missing` tells what to do."""

    name: str
    text: str = ""
    missing: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of texts below their heads; `empty` is said instead when there are none."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    empty: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of a document."""

    title: str
    lines: tuple[Line, ...] = ()
    tables: tuple[Table, ...] = ()

    @property
    def missing(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.missing)


def line(name: str, said: object, missing: str) -> Line:
    """Return what is said, or what is missing where that is None or empty."""
    return Line(name=name, missing=missing) if said in (None, "", ()) else Line(name=name, text=str(said))


def markdown(title: str, sections: Sequence[Section]) -> str:
    """Return the document as Markdown."""
    parts = [f"# {title}"]
    for section in sections:
        parts.append(f"## {section.title}")
        parts.append("\n".join(_item(each) for each in section.lines))
        for table in section.tables:
            parts.append(f"### {table.title}")
            parts.append(_table(table) if table.rows else table.empty)
    return "\n\n".join(part for part in parts if part) + "\n"


def _item(said: Line) -> str:
    text = " ".join(said.text.split()) if said.text else f"**missing**: {said.missing}"
    return f"- {said.name}: {text}"


def _table(table: Table) -> str:
    rows = [table.heads, ("---",) * len(table.heads), *table.rows]
    return "\n".join(f"| {' | '.join(map(_cell, row))} |" for row in rows)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
