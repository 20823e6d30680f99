"""Is each broken candidate refused by the gate that is meant for it, with the cause named?

Each is made from the real flights, packaged as a run packages it, and shown to the gates of
`benchmarks.broken.policy`, which are the same for all of them.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.broken import answers, data, files, fragile, leaks, learning, service, suite
from benchmarks.broken.asked import refused, verdicts
from benchmarks.broken.entry import Entry
from benchmarks.broken.flights import candidate, project
from benchmarks.broken.policy import COSTLY
from benchmarks.evidence import Found
from noria.core.gates import Verdict
from noria.gates.subject import Subject

FAMILIES = (leaks, answers, service, learning, fragile, data, files, suite)
ENTRIES = tuple(entry for family in FAMILIES for entry in family.ENTRIES)
REASON = 150
"""Characters of a reason that the page shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An entry, and what the gates said: reasons by the name of the gates that refused, and the seconds."""

    entry: Entry
    refused: dict[str, str]
    seconds: float

    @property
    def caught(self) -> bool:
        """Whether the gate that is meant refused, and named the cause."""
        return self.entry.word in self.refused.get(self.entry.gate, "")


def measure(scratch: Path) -> Found:
    shown = list(show(ENTRIES, scratch))
    caught = sum(each.caught for each in shown)
    return Found(
        title="Broken candidates",
        how=f"{len(shown)} candidates and data sets, each broken in one way, made from "
        "four weeks of the real flights and packaged as a run packages them, before one list of gates "
        "(`benchmarks/broken/policy.py`). Gates that start a process of their own "
        f"({', '.join(sorted(COSTLY))}) are asked where they are meant, the others always. A candidate is "
        "caught if the gate that is meant for it does not pass, and its reason names the cause.",
        header=["broken", "gate that is meant", "what it said", "also refused by", "caught"],
        rows=[_row(each) for each in shown],
        target=f"at least 30, and each refused by the gate that is meant for it ({caught} of {len(shown)})",
        reached=caught == len(shown) >= 30,
    )


def show(entries: Sequence[Entry], scratch: Path) -> Iterator[Shown]:
    """Yield what the gates say of each entry, and print it as soon as it is known."""
    honest = candidate(project(scratch), scratch / "honest")
    for number, entry in enumerate(entries):
        begun = time.monotonic()
        said = refused(_asked(entry, honest, scratch / str(number)))
        shown = Shown(entry=entry, refused=said, seconds=time.monotonic() - begun)
        told = said.get(entry.gate, f"passed; refused by {', '.join(said) or 'none'}")
        print(
            f"{'caught' if shown.caught else 'MISSED'} {shown.seconds:5.1f} s  {entry.name}: {told}",
            flush=True,
        )
        yield shown


def _asked(entry: Entry, honest: Subject, folder: Path) -> list[Verdict]:
    folder.mkdir()
    gates = [gate for gate in honest.project.gates if gate.check not in COSTLY - {entry.gate}]
    return verdicts(entry.make(honest, folder), gates)


def _row(shown: Shown) -> Sequence[object]:
    reason = shown.refused.get(shown.entry.gate, "passed").replace("|", "/").replace("\n", " ")
    others = ", ".join(name for name in shown.refused if name != shown.entry.gate)
    short = reason if len(reason) <= REASON else f"{reason[:REASON]}…"
    return [shown.entry.name, shown.entry.gate, short, others, "yes" if shown.caught else "**no**"]
