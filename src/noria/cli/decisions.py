"""Entries of the ledger as a table to read: when, who, what, and the whole reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from rich.table import Table
from rich.text import Text

COLOURS = {
    "promoted": "green",
    "registered": "green",
    "judged": "red",
    "examined": "red",
    "failed": "red",
    "rolled back": "red",
    "rollback": "red",
    "aborted": "yellow",
    "paused": "yellow",
    "held": "yellow",
}


def table(entries: Iterable[Mapping[str, Any]]) -> Table:
    """Return the entries, in this order, as a table that wraps its reasons and cuts nothing."""
    told = Table("entry", "when", "who", "what", "why", box=None, pad_edge=False)
    for column in told.columns[:-1]:
        column.no_wrap = True
    for entry in entries:
        what, colour = _what(entry)
        who = entry["actor"]
        told.add_row(
            str(entry["seq"]), moment(entry["at"]), Text(who), Text(what, style=colour), Text(why(entry))
        )
    return told


def why(entry: Mapping[str, Any]) -> str:
    """Return the reason of an entry, or what it found where it needs none."""
    body = entry["body"]
    if "verdicts" in body:
        return _judged(body["verdicts"])
    if "metrics" in body:
        return metrics(body["metrics"])
    return body.get("reason") or body.get("error") or ""


def metrics(values: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:.4f}" for name, value in values.items())


def moment(at: float | datetime) -> str:
    """Return a moment, or epoch seconds, to the minute and in UTC."""
    when = at if isinstance(at, datetime) else datetime.fromtimestamp(at, UTC)
    return f"{when:%Y-%m-%d %H:%M}"


def _what(entry: Mapping[str, Any]) -> tuple[str, str]:
    kind, body = entry["kind"], entry["body"]
    version = f" {body['version']}" if body.get("version") else ""
    if kind in ("judged", "examined") and body.get("passed"):
        return "gates passed", ""
    name = {"judged": "refused", "examined": "refused", "run": "run started"}.get(kind, kind)
    return name + version, COLOURS.get(kind, "")


def _judged(verdicts: Iterable[Mapping[str, Any]]) -> str:
    failed = [verdict for verdict in verdicts if verdict["outcome"] != "passed"]
    if not failed:
        return ", ".join(verdict["gate"] for verdict in verdicts)
    return "; ".join(f"{verdict['gate']} {verdict['outcome']}: {verdict['reason']}" for verdict in failed)
