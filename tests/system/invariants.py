"""The ten invariants of noria, checked over the history that a fault test leaves behind.

The history is what the clients were answered, the tables, the ledger and the control state. Each check
returns a sentence per fault, and nothing if the invariant holds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl

from noria.adapters.state import SqlState
from noria.artifact import signature
from noria.core.ledger import verify
from noria.core.rollout import TABLE, Phase
from noria.delta import Table
from noria.errors import ArtifactError
from noria.outcomes import ROLES, outcomes
from noria.rows import ModelRow, RunRow, VersionRow

SERVING = ("champion", "challenger")
ENDS = ("registered", "refused", "failed")


@dataclass(frozen=True, kw_only=True)
class History:
    """What was left behind. `acknowledged` maps each prediction id that a client got to the version that
    answered; `labelled` maps each id to the last label that a client sent; `key` is what signs versions."""

    key: Path
    model: ModelRow
    runs: list[RunRow]
    versions: dict[int, VersionRow]
    ledger: list[dict[str, Any]]
    ledger_faults: list[str]
    predictions: pl.DataFrame
    labels: pl.DataFrame
    dataset: pl.DataFrame
    acknowledged: dict[str, int] = field(default_factory=dict)
    labelled: dict[str, float] = field(default_factory=dict)

    @property
    def plans(self) -> list[dict[str, Any]]:
        """Every change of traffic, as the ledger tells it, with `at` and `kind` of its cause."""
        changes = [(entry, entry["body"].get("traffic")) for entry in self.ledger]
        return [{**plan, "at": entry["at"], "kind": entry["kind"]} for entry, plan in changes if plan]

    def entries(self, *kinds: str) -> list[dict[str, Any]]:
        return [entry["body"] for entry in self.ledger if entry["kind"] in kinds]


def read(home: Path, name: str, acknowledged: dict[str, int], labelled: dict[str, float]) -> History:
    """Return the history of the stopped project that lives in `home`."""
    state = SqlState(f"sqlite:///{home / 'state.db'}")
    try:
        ledger = state.ledger(name)
        return History(
            key=signature.public_key(home),
            model=state.model(name),
            runs=[run for run in state.runs(name, 1000) if run.status != "merged"],
            versions={row.version: row for row in state.versions(name)},
            ledger=ledger,
            ledger_faults=verify(ledger, state.head(name)),
            predictions=Table(home / "lake" / "predictions", by_day=True).scan().collect(),
            labels=Table(home / "lake" / "labels", by_day=True).scan().collect(),
            dataset=Table(home / "lake" / "dataset").scan().collect(),
            acknowledged=acknowledged,
            labelled=labelled,
        )
    finally:
        state.close()


def check(history: History) -> list[str]:
    """Return a sentence for each fault, with the number of the invariant that it breaks."""
    return [
        f"invariant {number}: {fault}" for number, holds in INVARIANTS.items() for fault in holds(history)
    ]


def predictions_once(history: History) -> Iterator[str]:
    """Every acknowledged prediction appears exactly once in the log."""
    answered = _answered(history)
    counts = Counter(answered["id"].to_list() if answered.height else [])
    lost = [key for key in history.acknowledged if not counts[key]]
    twice = [key for key, count in counts.items() if count > 1]
    if lost:
        yield f"{len(lost)} acknowledged predictions are not in the table, such as {lost[0]}"
    if twice:
        yield f"{len(twice)} predictions stand more than once in the table, such as {twice[0]}"


def version_allowed(history: History) -> Iterator[str]:
    """The version that answered is the one that the client was told, and its plan allowed it."""
    plans = {plan["plan"]: plan for plan in history.plans}
    for row in history.predictions.iter_rows(named=True):
        plan = plans.get(row["plan"])
        if plan is None or row["at"].timestamp() < plan["at"] - 1:
            yield f"{row['id']} was answered under plan {row['plan']}, which did not hold then"
        elif not _allows(plan, row["version"], row["role"]):
            yield f"{row['id']} was answered by version {row['version']} as {row['role']} under {plan}"
        told = history.acknowledged.get(row["id"])
        if row["role"] in ROLES and told not in (None, row["version"]):
            yield f"{row['id']} was answered by {told}, and recorded as by {row['version']}"


def one_promotion(history: History) -> Iterator[str]:
    """At most one promotion per decision; each change of the model's row was made of the newest one."""
    counts = Counter(body["rollout"] for body in history.entries(Phase.PROMOTED))
    yield from (f"rollout {name} was promoted {count} times" for name, count in counts.items() if count > 1)
    numbers = [plan["plan"] for plan in history.plans]
    if numbers != list(range(1, len(numbers) + 1)):
        yield f"the plans are numbered {numbers}"
    if history.model.epoch < len(numbers):
        yield f"{len(numbers)} changes of traffic were made in {history.model.epoch} epochs"


def shares_and_loading(history: History) -> Iterator[str]:
    """Shares sum to 100; a version gets traffic after it was on standby, and is what was registered."""
    loaded: set[int] = set()
    for plan in history.plans:
        shares = {int(version): share for version, share in plan["shares"].items()}
        if shares and sum(shares.values()) != 100:
            yield f"the shares of plan {plan['plan']} are {shares}"
        if fresh := set(shares) - loaded:
            yield f"plan {plan['plan']} sends traffic to {fresh}, which no gateway was asked to load before"
        loaded |= {*shares, plan["standby"], plan["shadow"]} - {None}
    for row in history.versions.values():
        try:
            assert history.key.exists()
            signature.verify(Path(row.artifact), row.digest, history.key)
        except ArtifactError as error:
            yield str(error)


def rollback_target(history: History) -> Iterator[str]:
    """A rollback goes to the last version that was champion; the model's row says the same as the ledger."""
    champions: list[int] = []
    for entry in history.ledger:
        body = entry["body"]
        if entry["kind"] == Phase.PROMOTED:
            champions.append(body["version"])
        elif entry["kind"] == "rollback":
            champions.pop()
            if not champions or champions[-1] != body["version"]:
                yield f"a rollback went to version {body['version']}, and not to {champions[-1:]}"
    if champions != [*history.model.previous, *([history.model.champion] if history.model.champion else [])]:
        yield f"the ledger's champions are {champions}, the model's {history.model.champion}"


def labels_join_once(history: History) -> Iterator[str]:
    """A label joins exactly one prediction, and it is the one that was sent last."""
    if not history.labelled:
        return
    joined = outcomes(history.predictions.lazy(), history.labels.lazy()).collect()
    answered = joined.filter(pl.col("role").is_in(ROLES), pl.col("label").is_not_null())
    found = dict(answered.select("id", "label").iter_rows())
    if answered.height != len(found):
        yield f"{answered.height - len(found)} labels join several predictions"
    for key in history.acknowledged.keys() & history.labelled.keys():
        if key not in found or float(found[key]) != history.labelled[key]:
            yield f"{key} was labelled {history.labelled[key]}, and the tables say {found.get(key)}"


def ledger_chain(history: History) -> Iterator[str]:
    """The ledger's chain verifies."""
    yield from history.ledger_faults


def legal_states(history: History) -> Iterator[str]:
    """Each run began once and ended once; each rollout went only where the table of rollouts leads."""
    ends = Counter(body["run"] for body in history.entries("registered", "failed"))
    ends.update(body["run"] for body in history.entries("judged", "examined") if not body["passed"])
    begun = Counter(body["run"] for body in history.entries("run"))
    for run in history.runs:
        if run.status not in ENDS or run.ended is None:
            yield f"run {run.id} is {run.status}, in {run.stage}"
        elif (begun[run.id], ends[run.id]) != (1, 1):
            yield f"run {run.id} began {begun[run.id]} times and ended {ends[run.id]} times"
    registered = Counter(row.run for row in history.versions.values())
    yield from (f"run {run} made {count} versions" for run, count in registered.items() if count > 1)
    phases: dict[str, list[str]] = {}
    for body in history.entries("rollout opened", *Phase):
        phases.setdefault(body["rollout"], []).append(body["phase"])
    for rollout, seen in phases.items():
        for before, after in pairwise(seen):
            targets = set(map(str, TABLE[Phase(before)].values()))
            if after not in targets and not ("next step" in targets and after in (*STEPPED, Phase.PROMOTED)):
                yield f"rollout {rollout} went from {before} to {after}"


def no_early_labels(history: History) -> Iterator[str]:
    """No run learnt from a label before it was known."""
    if "_known" not in history.dataset.columns:
        return
    for run in history.runs:
        if run.data_version is None or run.ended is None or "rows" not in run.facts:
            continue
        rows = history.dataset.filter(pl.col("_version") <= run.data_version)
        known = rows.filter(pl.col("_known").is_null() | (pl.col("_known") <= run.ended)).height
        if run.facts["rows"] > known:
            yield f"run {run.id} used {run.facts['rows']} rows, and the labels of {known} were known"


def nothing_is_no_pass(history: History) -> Iterator[str]:
    """What was not measured never passes: all gates of a registered version passed, each on some rows."""
    judged: dict[str, list[dict[str, Any]]] = {}
    for body in history.entries("judged", "examined"):
        judged.setdefault(body["run"], []).extend(body["verdicts"])
    for row in history.versions.values():
        verdicts = judged.get(row.run, [])
        if not verdicts:
            yield f"version {row.version} was registered without a gate"
        for verdict in verdicts:
            numbers = verdict["numbers"]
            if verdict["outcome"] != "passed" or not all(numbers.get(n, 1) for n in ("rows", "blocks")):
                yield f"version {row.version} was registered although {verdict['gate']}: {verdict['reason']}"


STEPPED = (Phase.SHADOW, Phase.WEIGHTED)
INVARIANTS: dict[int, Callable[[History], Iterator[str]]] = {
    1: predictions_once,
    2: version_allowed,
    3: one_promotion,
    4: shares_and_loading,
    5: rollback_target,
    6: labels_join_once,
    7: ledger_chain,
    8: legal_states,
    9: no_early_labels,
    10: nothing_is_no_pass,
}


def _answered(history: History) -> pl.DataFrame:
    return history.predictions.filter(pl.col("role").is_in(ROLES))


def _allows(plan: dict[str, Any], version: int, role: str) -> bool:
    if role in SERVING:
        return plan["shares"].get(str(version), 0) > 0
    return version == plan["shadow"]
