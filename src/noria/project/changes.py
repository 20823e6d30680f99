"""Other values for some keys of a project file, by their paths: `train.window`, `gates.latency.p99`."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

_GATES = "gates"


def changed(raw: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the project file would say with these values; a gate is named by its check.

    A table or a gate that is not there yet is added. What is not allowed is found by who reads the result.
    """
    new = deepcopy(dict(raw))
    for path, value in changes.items():
        *tables, key = path.split(".")
        table = _gate(new, tables[1]) if tables[:1] == [_GATES] and len(tables) > 1 else _table(new, tables)
        table[key] = value
    return new


def _table(raw: dict[str, Any], path: list[str]) -> dict[str, Any]:
    for name in path:
        inner = raw.get(name)
        if not isinstance(inner, dict):
            inner = raw[name] = {}
        raw = inner
    return raw


def _gate(raw: dict[str, Any], check: str) -> dict[str, Any]:
    gates: list[dict[str, Any]] = raw.setdefault(_GATES, [])
    found = next((gate for gate in gates if gate.get("check") == check), None)
    if found is None:
        gates.append(found := {"check": check})
    return found
