"""Kinds of values in a TOML file: each reads a value, names its faults, and has a JSON Schema.

A kind never raises on a wrong value: it adds a sentence to `faults` and returns MISSING, so that a file
with several faults gets all of them at once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final, Protocol


class Missing:
    """A value that is not there, or was wrong."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = Missing()


class Kind(Protocol):
    """What may stand at a place of the file."""

    def read(self, raw: object, place: str, faults: list[str]) -> Any:
        """Return the value, or MISSING after adding a sentence per fault; `place` is the key path."""
        ...

    def json_schema(self) -> dict[str, Any]:
        """Return the JSON Schema (2020-12) of what `read` takes."""
        ...


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value. `parse` raises ValueError on a wrong one; `allowed` ends the sentence "allowed: ..."."""

    allowed: str
    parse: Callable[[Any], Any]
    schema: Mapping[str, Any]

    def read(self, raw: object, place: str, faults: list[str]) -> Any:
        try:
            return self.parse(raw)
        except (ValueError, OverflowError):
            faults.append(f"{place}: found {shown(raw)}; allowed: {self.allowed}")
            return MISSING

    def json_schema(self) -> dict[str, Any]:
        return dict(self.schema)


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of one kind, with `least` items or more; with `single`, a bare text counts as a list of one."""

    item: Kind
    allowed: str
    single: bool = False
    least: int = 0

    def read(self, raw: object, place: str, faults: list[str]) -> Any:
        if self.single and isinstance(raw, str):
            raw = [raw]
        if not isinstance(raw, list) or len(raw) < self.least:
            faults.append(f"{place}: found {shown(raw)}; allowed: {self.allowed}")
            return MISSING
        before = len(faults)
        items = [self.item.read(item, f"{place}[{index}]", faults) for index, item in enumerate(raw)]
        return MISSING if len(faults) > before else tuple(items)

    def json_schema(self) -> dict[str, Any]:
        item = self.item.json_schema()
        schema = {"type": "array", "items": item, "minItems": self.least}
        return {"anyOf": [item, schema]} if self.single else schema


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a table. `default` is for readers of the table who have no default of their own."""

    name: str
    kind: Kind
    about: str = ""
    required: bool = False
    default: Any = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table with known keys. It reads as a dict of those that are there and right."""

    keys: Sequence[Key]

    def read(self, raw: object, place: str, faults: list[str]) -> Any:
        known = {key.name: key for key in self.keys}
        if not isinstance(raw, dict):
            faults.append(f"{place}: found {shown(raw)}; allowed: a table with {', '.join(known)}")
            return MISSING
        prefix = f"{place}." if place else ""
        faults += [
            f"{prefix}{name}: unknown key; {nearest(name, known)}" for name in raw if name not in known
        ]
        for key in self.keys:
            if key.required and key.name not in raw:
                faults.append(f"{prefix}{key.name}: found nothing; it must be there. {key.about}".rstrip())
        present = [name for name in known if name in raw]
        values = {name: known[name].kind.read(raw[name], prefix + name, faults) for name in present}
        return {name: value for name, value in values.items() if value is not MISSING}

    def json_schema(self) -> dict[str, Any]:
        return {
            "type": "object",
            "properties": {
                key.name: key.kind.json_schema() | ({"description": key.about} if key.about else {})
                for key in self.keys
            },
            "required": [key.name for key in self.keys if key.required],
            "additionalProperties": False,
        }


@dataclass(frozen=True, slots=True)
class Tagged:
    """A table whose keys depend on the text at `tag`, such as a gate and its `check`.

    `others` returns further tags, whose tables may hold what they like but for the keys in `always`.
    """

    tag: str
    tables: Mapping[str, Sequence[Key]]
    others: Callable[[], Collection[str]] = tuple
    always: Sequence[Key] = ()

    def read(self, raw: object, place: str, faults: list[str]) -> Any:
        known = list(self.tables)
        tag = raw.get(self.tag) if isinstance(raw, dict) else None
        if not isinstance(raw, dict) or not isinstance(tag, str):
            faults.append(f"{place}.{self.tag}: found {shown(tag)}; allowed: {', '.join(known)}")
            return MISSING
        if tag in self.tables:
            return self._table(tag).read(raw, place, faults)
        if tag in (others := self.others()):
            return self._free(raw, place, faults)
        faults.append(f"{place}.{self.tag}: found {shown(tag)}; {nearest(tag, [*known, *others])}")
        return MISSING

    def _free(self, raw: dict[str, Any], place: str, faults: list[str]) -> dict[str, Any]:
        names = {key.name for key in self.always}
        read = Table(self.always).read({name: raw[name] for name in raw if name in names}, place, faults)
        return {**raw, **read}

    def json_schema(self) -> dict[str, Any]:
        known = [self._table(tag).json_schema() for tag in self.tables]
        free = {"type": "object", "properties": {self.tag: one_of(*self.others()).json_schema()}}
        return {"oneOf": [*known, free | {"required": [self.tag]}] if self.others() else known}

    def _table(self, tag: str) -> Table:
        return Table([Key(self.tag, one_of(tag), required=True), *self.tables[tag]])


def one_of(*names: str) -> Scalar:
    """Return the kind of a text that is one of `names`."""

    def parse(raw: object) -> object:
        if raw not in names:
            raise ValueError(raw)
        return raw

    return Scalar(f"one of {', '.join(names)}", parse, {"enum": list(names)})


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the end of a sentence on an unknown name: the nearest known one, and all that are known."""
    known = list(known)
    close = get_close_matches(name, known, n=1)
    meant = f"did you mean {close[0]}? " if close else ""
    return f"{meant}known: {', '.join(known) or 'none'}"


def shown(raw: object) -> str:
    """Return a value as the file would show it, cut at 60 characters."""
    text = "nothing" if raw is None else json.dumps(raw, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."
