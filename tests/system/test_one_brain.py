"""Replay and the live loop are one brain: a month that was lived is replayed, decision by decision, equal.

The whole system lives through the month on the virtual clock, in processes, with every flight asked for over
HTTP and every outcome told. What it leaves behind, the rows that it was fed back, is the replay's history.

By nature two things differ, and are not compared. A replay asks for its first run by hand, where the live
loop saw a commit. And the live loop may decide at any hour of the night, while a replay looks at midnight.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import month
import pytest

from noria.loop.recompute import recompute
from noria.project.model import Project
from noria.project.table import read_schema
from noria.replay.replay import replay

pytestmark = pytest.mark.timeout(300)

Entries = list[dict[str, Any]]

COMPARED = {
    "run": ("gains", "quality", "level", "at_promotion", "causes"),
    "judged": ("verdicts", "trial", "passed"),
    "registered": ("version", "metrics"),
    "rollback": ("version", "instead_of", "numbers", "traffic"),
    "guard ended": ("version", "numbers", "traffic"),
}
OF_A_ROLLOUT = ("version", "champion", "phase", "step", "numbers", "traffic")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lived:
    """The project after its month, and its ledger."""

    project: Project
    ledger: Entries


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    table = month.world()
    wheel = month.make(tmp_path_factory.mktemp("lived") / "flights", table)
    month.live(wheel, table)
    return Lived(project=wheel.project, ledger=wheel.state.ledger(wheel.project.name))


@pytest.fixture(scope="module")
def replayed(lived: Lived) -> Entries:
    played = replay(
        lived.project,
        read_schema(lived.project.root),
        ["project"],
        begin=month.BEGIN,
        end=month.END,
        now=month.END,
        tell=lambda progress: None,
    )
    return list(played.policies[0].decisions)


def test_the_month_saw_every_kind_of_decision(lived: Lived) -> None:
    kinds = {entry["kind"] for entry in lived.ledger}
    assert {"run", "judged", "registered", "promoted", "guard ended", "rollback"} <= kinds
    assert {True, False} == {entry["body"]["passed"] for entry in lived.ledger if entry["kind"] == "judged"}
    causes = {trigger["cause"] for entry in _of(lived.ledger, "run") for trigger in entry["body"]["triggers"]}
    assert causes == {"commit", "schedule", "quality"}


def test_each_decision_follows_from_the_ledger_alone(lived: Lived) -> None:
    found = recompute(lived.ledger)
    assert [one for one in found if one.fault] == []
    assert {one.kind for one in found} == {"run", "judged", "guard ended", "rollback"}


def test_the_same_is_decided_on_the_same_days(lived: Lived, replayed: Entries) -> None:
    assert [_when(entry) for entry in replayed] == [_when(entry) for entry in lived.ledger]


def test_each_decision_stands_on_the_same_numbers(lived: Lived, replayed: Entries) -> None:
    for ours, theirs in zip(replayed, lived.ledger, strict=True):
        words, numbers = _parted(_told(theirs))
        assert _parted(_told(ours)) == (words, pytest.approx(numbers, rel=1e-6, abs=1e-9))


def _of(entries: Entries, kind: str) -> Entries:
    return [entry for entry in entries if entry["kind"] == kind]


def _when(entry: dict[str, Any]) -> tuple[date, str]:
    return datetime.fromtimestamp(entry["at"], UTC).date(), entry["kind"]


def _told(entry: dict[str, Any]) -> dict[str, Any]:
    """Return what both have to agree on: causes, verdicts, versions, and every number."""
    body = entry["body"]
    if entry["kind"] == "run":
        body = {**body["facts"], "causes": [_cause(trigger) for trigger in body["triggers"]]}
    if entry["kind"] == "judged":
        verdicts = [
            {key: verdict[key] for key in ("gate", "outcome", "numbers")} for verdict in body["verdicts"]
        ]
        body = {**body, "verdicts": verdicts}
    return {key: body.get(key) for key in COMPARED.get(entry["kind"], OF_A_ROLLOUT)}


def _cause(trigger: dict[str, Any]) -> str:
    return "the first" if trigger["cause"] in ("commit", "manual") else trigger["cause"]


def _parted(told: dict[str, Any]) -> tuple[dict[str, Any], dict[str, float]]:
    """Return the words and the numbers of a JSON tree, each by its path."""
    leaves = dict(_leaves(told))
    numbers = {path: value for path, value in leaves.items() if type(value) in (int, float)}
    return {path: value for path, value in leaves.items() if path not in numbers}, numbers


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the values of a JSON tree, each by its path."""
    if isinstance(value, dict):
        parts = list(value.items())
    elif isinstance(value, list):
        parts = list(enumerate(value))
    else:
        yield path, value
        return
    for name, part in parts:
        yield from _leaves(part, f"{path}/{name}")
