"""The dataset's columns as values, kept in schema.toml to be read and reviewed."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from noria.errors import ProjectError
from noria.project.kinds import Key, ListOf, Table, nearest, one_of
from noria.project.scalars import BOOLEAN, NUMBER, TEXT

FILE = "schema.toml"
KINDS = ("number", "integer", "category", "boolean", "text", "timestamp")
COLUMN = Table(
    (
        Key("kind", one_of(*KINDS), required=True),
        Key("nullable", BOOLEAN),
        Key("categories", ListOf(TEXT, "a list of texts")),
        Key("low", NUMBER),
        Key("high", NUMBER),
    )
)
_HEAD = """\
# The columns of the dataset. noria wrote this file from the first rows, and checks every batch against it:
# a row that breaks it goes to the quarantine, with the reason. Review changes like code.
# kind: number, integer, category, boolean, text or timestamp; nullable: a value may be missing.
# categories, low and high are what was seen, not limits.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column. `categories`, `low` and `high` are what was seen in the data, not limits."""

    name: str
    kind: str
    nullable: bool = False
    categories: tuple[str, ...] | None = None
    low: float | None = None
    high: float | None = None

    @property
    def feature(self) -> str | None:
        """What a model sees: "number", "category", or None for a text or a timestamp: it takes neither."""
        numeric = {"number", "integer", "boolean"}
        return "number" if self.kind in numeric else "category" if self.kind == "category" else None


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSchema:
    """The columns in the order of the file."""

    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """Return a column by its name.

        Raises:
            KeyError: there is none; the message names the nearest.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{name}: no such column; {nearest(name, self.names)}")


def read_schema(root: Path) -> TableSchema:
    """Return what schema.toml in the project's root says.

    Raises:
        ProjectError: it is not there, is no TOML, or has faults (all of them).
    """
    try:
        raw = tomllib.loads((root / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ProjectError((f"{FILE}: there is none in {root}",), hint="noria init --help") from None
    except ValueError as error:
        raise ProjectError((f"{FILE}: no valid TOML: {error}",)) from None
    return _schema(raw)


def write_schema(schema: TableSchema, root: Path, notes: Mapping[str, str] | None = None) -> None:
    """Write schema.toml, with a note behind each column that has one."""
    lines = [_line(column, (notes or {}).get(column.name, "")) for column in schema.columns]
    (root / FILE).write_text(_HEAD + "\n[columns]\n" + "\n".join(lines) + "\n", encoding="utf-8")


def difference(old: TableSchema, new: TableSchema) -> list[str]:
    """Return a sentence per change of a column, in the order of the file, removed columns last."""
    before = {column.name: column for column in old.columns}
    after = {column.name: column for column in new.columns}
    added = [f"{name}: new, {column.kind}" for name, column in after.items() if name not in before]
    removed = [f"{name}: removed" for name in before if name not in after]
    both = [(before[name], column) for name, column in after.items() if name in before]
    return [*(change for pair in both for change in _changes(*pair)), *added, *removed]


def quoted(text: str) -> str:
    """Return a text as a TOML string."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _schema(raw: dict[str, object]) -> TableSchema:
    faults: list[str] = []
    columns = raw.get("columns")
    if not isinstance(columns, dict) or not columns or len(raw) > 1:
        allowed = 'one table [columns] with a line per column, NAME = { kind = "..." }'
        raise ProjectError((f"{FILE}: found {', '.join(raw) or 'nothing'}; allowed: {allowed}",))
    read = {name: COLUMN.read(value, f"columns.{name}", faults) for name, value in columns.items()}
    if faults:
        raise ProjectError(tuple(f"{FILE}: {fault}" for fault in faults))
    return TableSchema(columns=tuple(Column(name=name, **value) for name, value in read.items()))


def _line(column: Column, note: str) -> str:
    name = column.name if re.fullmatch(r"[A-Za-z0-9_-]+", column.name) else quoted(column.name)
    parts = [f"kind = {quoted(column.kind)}"]
    parts += ["nullable = true"] if column.nullable else []
    if column.categories is not None:
        parts.append(f"categories = [{', '.join(map(quoted, column.categories))}]")
    parts += [f"low = {_number(column.kind, column.low)}"] if column.low is not None else []
    parts += [f"high = {_number(column.kind, column.high)}"] if column.high is not None else []
    return f"{name} = {{ {', '.join(parts)} }}" + (f"  # {note}" if note else "")


def _number(kind: str, value: float) -> str:
    return str(int(value)) if kind == "integer" and value == int(value) else repr(float(value))


def _changes(old: Column, new: Column) -> list[str]:
    changes = [f"{new.name}: was {old.kind}, is {new.kind}"] if old.kind != new.kind else []
    if old.nullable != new.nullable:
        changes.append(f"{new.name}: {'may now be missing' if new.nullable else 'may no longer be missing'}")
    seen, now = set(old.categories or ()), set(new.categories or ())
    changes += [f"{new.name}: new categories {', '.join(sorted(now - seen))}"] if now - seen else []
    changes += [f"{new.name}: categories gone {', '.join(sorted(seen - now))}"] if seen - now else []
    for key, word in (("low", "lowest"), ("high", "highest")):
        before, after = getattr(old, key), getattr(new, key)
        changes += [f"{new.name}: {word} was {before}, is {after}"] if before != after else []
    return changes
