"""The ledger: an append-only record in which each entry's hash covers the entry and the hash before it.

Whoever holds one hash can check everything up to it: an entry that was edited, removed, inserted or moved
breaks the chain. (Haber and Stornetta, "How to time-stamp a digital document", 1991.)
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import msgspec

from noria.core.traffic import Plan
from noria.errors import StateError

CHAINED = ("model", "at", "actor", "kind", "body")


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The end of a model's ledger: the number and the hash of its last entry."""

    seq: int
    hash: str


GENESIS = Head(seq=0, hash="0" * 64)


def plain(value: Any) -> Any:
    """Return `value` as JSON has it: dataclasses as objects, NaN and infinities as "NaN" and "Infinity"."""
    builtins = msgspec.to_builtins(value, str_keys=True, enc_hook=_scalar)
    return json.loads(json.dumps(builtins), parse_constant=str)


def chain(previous: str, seq: int, entry: Mapping[str, Any]) -> str:
    """Return the SHA-256 hash (hex) of an entry of plain values that follows the one with hash `previous`.

    Only the fields of `CHAINED` count, so a stored entry, which carries its own hash, can be chained again.
    """
    link = {"previous": previous, "seq": seq, "entry": {field: entry[field] for field in CHAINED}}
    text = json.dumps(link, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def append(head: Head, entry: Mapping[str, Any]) -> tuple[Head, dict[str, Any]]:
    """Return the ledger's new end, and the entry as it is to be stored: with its number and its hash."""
    fields = {field: plain(entry[field]) for field in CHAINED}
    seq = head.seq + 1
    end = Head(seq=seq, hash=chain(head.hash, seq, fields))
    return end, {"seq": seq, **fields, "hash": end.hash}


def verify(entries: Iterable[Mapping[str, Any]], head: Head | None = None) -> list[str]:
    """Return a sentence for each fault of a model's whole ledger, oldest entry first; [] if it holds.

    `head` is the end as it is known from elsewhere: only with it is the removal of the last entries seen.
    """
    faults = []
    end = GENESIS
    for entry in entries:
        seq = entry["seq"]
        if seq != end.seq + 1:
            faults.append(f"entry {seq} follows entry {end.seq}: entries were removed, inserted or moved")
        elif entry["hash"] != chain(end.hash, seq, entry):
            faults.append(f"entry {seq} does not fit its hash: it, or the hash before it, was changed")
        end = Head(seq=seq, hash=entry["hash"])
    if head is not None and end != head:
        faults.append(f"the ledger ends with entry {end.seq}, and not as it should, with entry {head.seq}")
    return faults


def traffic(before: Plan | None, after: Plan | None) -> dict[str, Any] | None:
    """Return what the ledger says about a change of plan: its number and who gets what; None if none changed.

    Raises:
        StateError: the new plan is not numbered one higher than the one before it.
    """
    if after == before:
        return None
    due = before.number + 1 if before else 1
    if after is None or after.number != due:
        found = f"plan {after.number}" if after else "no plan"
        raise StateError(
            f"plans are numbered one by one: plan {due} is due, not {found}", hint="noria status"
        )
    shares = {str(arm.version): arm.share for arm in after.arms}
    return {"plan": due, "shares": shares, "shadow": after.shadow, "standby": after.standby}


def _scalar(value: Any) -> Any:
    """Return a NumPy scalar as a Python number."""
    if hasattr(value, "item"):
        return value.item()
    raise TypeError(f"a ledger holds JSON values, not {type(value).__name__}")
