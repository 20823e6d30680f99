"""What a ledger tells a reader: when, what, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

TOLD = {
    "run", "judged", "examined", "promoted", "rolled back", "rollback", "guard ended", "failed", "superseded",
    "aborted",
}  # fmt: skip
"""The kinds of entries that make the timeline; the rest is in the ledger."""


def timeline(entries: Iterable[Mapping[str, Any]]) -> list[tuple[datetime, str, str]]:
    """Return the decisions among a ledger's entries: the moment, what was decided, and the reason.

    A judgement without a gate decided nothing, and is left out; so is an examination that all gates passed.
    """
    return [
        (datetime.fromtimestamp(entry["at"], UTC), *_said(entry["kind"], entry["body"]))
        for entry in entries
        if entry["kind"] in TOLD and entry["body"].get("verdicts") != [] and not _only_passed(entry)
    ]


def _only_passed(entry: Mapping[str, Any]) -> bool:
    return entry["kind"] == "examined" and bool(entry["body"]["passed"])


def _said(kind: str, body: Mapping[str, Any]) -> tuple[str, str]:
    """Return what an entry says: its kind, and its reason in a line."""
    if kind in ("judged", "examined"):
        verdicts = body["verdicts"]
        wrong = [verdict for verdict in verdicts if verdict["outcome"] != "passed"]
        chosen = wrong or [v for v in verdicts if v["gate"] == "better-than-champion"] or verdicts[:1]
        reasons = "; ".join(f"{verdict['gate']}: {verdict['reason']}" for verdict in chosen)
        return ("refused" if wrong else "passed"), reasons
    version = f"version {body['version']}: " if "version" in body else ""
    return kind, version + str(body.get("reason") or body.get("error", ""))
