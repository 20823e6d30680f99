"""How often is an honest candidate refused, and what do all gates cost beside the training?

The candidates are those from which `benchmarks.catalogue` makes the broken ones, in other weeks of the year,
of other rows and from other seeds. That one is no better than the champion is no wrong refusal.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from benchmarks.broken.asked import refused, verdicts
from benchmarks.broken.flights import BEGIN, candidate, project
from benchmarks.evidence import Found
from noria.gates import examine
from noria.gates.subject import Subject

RUNS = 50
STEP = timedelta(days=6)
"""Between the weeks of two candidates; after a round through the year they come again, from other rows."""
ROUND = 45
ALLOWED = 0.05
SLOWEST = 2.0
"""So many times the training's own time all gates may take, on a year of flights."""
ATTACK = 60.0
YEAR = timedelta(days=320)
TEMPLATE = {"n_estimators": 100, "learning_rate": 0.05, "num_leaves": 63, "colsample_bytree": 0.3}
"""How the template trains, on all rows."""
WORTH = frozenset({"beats-baseline"})
"""What a candidate is worth is not counted: in some weeks flights are like a coin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A candidate before all gates: what refused it, and how long it was trained and examined (s)."""

    refused: dict[str, str]
    training: float
    gates: dict[str, float]


def measure(scratch: Path) -> Found:
    root = project(scratch, months=12)
    runs = [_told(run) for run in honest(root, scratch)]
    wrong = [run for run in runs if run.refused]
    by_gate = Counter(name for run in wrong for name in run.refused)
    begun = time.monotonic()
    year = candidate(root, scratch / "year", BEGIN - timedelta(days=30), YEAR, **TEMPLATE)
    training = (time.monotonic() - begun) * 2 / 3  # the champion is trained here too
    costly = asked(year, training)
    gates, attack = sum(costly.gates.values()), costly.gates["attack"]
    ratio = gates / training
    slowest = sorted(costly.gates, key=lambda name: -costly.gates[name])[:4]
    return Found(
        title="Honest candidates",
        how=f"{len(runs)} honest candidates of the flights, each of four weeks of 2013, of another nine in "
        "ten of the rows and of another seed, before the gates of the broken ones. Then one of 320 days, "
        "trained as the template trains, for what the gates cost.",
        header=["what", "found", "allowed"],
        rows=[
            ["refused wrongly", f"{len(wrong)} of {len(runs)}", f"{ALLOWED:.0%}"],
            ["by which gates", ", ".join(f"{name} {count}" for name, count in by_gate.items()) or "none", ""],
            ["training on 320 days, with the refit", f"{training:.1f} s", ""],
            ["all gates after it", f"{gates:.1f} s, {ratio:.2f} times", f"{SLOWEST:g} times"],
            ["the slowest", ", ".join(f"{name} {costly.gates[name]:.1f} s" for name in slowest), ""],
            ["the attack gate", f"{attack:.1f} s", f"{ATTACK:g} s"],
        ],
        target="at most 5% refused wrongly, all gates within twice the training, the attack within 60 s",
        reached=len(wrong) <= ALLOWED * len(runs) and ratio <= SLOWEST and attack <= ATTACK,
    )


def honest(root: Path, scratch: Path, runs: int = RUNS) -> Iterator[Run]:
    """Yield what the gates say of one honest candidate after the other."""
    for number in range(runs):
        begun = time.monotonic()
        place = BEGIN - timedelta(days=30) + STEP * (number % ROUND)
        subject = candidate(root, scratch / f"honest-{number}", place, seed=number)
        yield asked(subject, time.monotonic() - begun)


def asked(subject: Subject, training: float) -> Run:
    """Return what all gates say of a candidate, and how long each took; the judged ones count as one."""
    seconds: dict[str, float] = {}
    judged = [gate for gate in subject.project.gates if gate.check not in examine.EXAMINED]
    said = []
    for gates in ([*judged], *([gate] for gate in subject.project.gates if gate not in judged)):
        begun = time.monotonic()
        said += verdicts(subject, gates)
        name = gates[0].check if len(gates) == 1 else "judged"
        seconds[name] = seconds.get(name, 0.0) + time.monotonic() - begun
    found = {name: why for name, why in refused(said).items() if name not in WORTH}
    return Run(refused=found, training=training, gates=seconds)


def _told(run: Run) -> Run:
    print(
        f"{run.training:.1f} s, gates {sum(run.gates.values()):.1f} s: {run.refused or 'passed'}", flush=True
    )
    return run
