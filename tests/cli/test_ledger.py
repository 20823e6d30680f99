from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from noria.adapters.state import SqlState
from noria.cli import app
from noria.core.policy import Brakes, Facts, Triggers, decide, triggers
from noria.rows import Entry

NOON = datetime(2013, 2, 1, 12, tzinfo=UTC)
PROJECT = """
[model]
name = "churn"
task = "binary"
pipeline = "pipeline.py"
[data]
source = "customers.csv"
label = "churned"
features = ["age"]
"""


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A project with three entries in its ledger."""
    (tmp_path / "noria.toml").write_text(PROJECT)
    monkeypatch.chdir(tmp_path)
    state = SqlState(f"sqlite:///{tmp_path}/.noria/state.db")
    bodies = [{"version": number, "reason": f"better [by {number}%]"} for number in (1, 2, 3)]
    state.record("churn", [Entry(at=NOON, actor="ada", kind="promoted", body=body) for body in bodies])
    state.close()
    return tmp_path / ".noria"


def ledger(*args):
    return CliRunner().invoke(app, ["ledger", *args])


def test_the_last_entries_are_shown_with_their_reasons(home):
    lines = ledger("--limit", "2").output.splitlines()
    assert [line.split()[0] for line in lines] == ["entry", "2", "3"]
    assert lines[1].split() == ["2", "2013-02-01", "12:00", "ada", "promoted", "2", "better", "[by", "2%]"]


def test_the_entries_are_printed_as_json(home):
    entries = json.loads(ledger("--json").output)
    assert [entry["body"]["version"] for entry in entries] == [1, 2, 3]


def test_a_whole_ledger_verifies(home):
    result = ledger("verify")
    assert (result.exit_code, result.output.split(",")[0]) == (0, "the ledger holds: 3 entries")
    assert json.loads(ledger("verify", "--json").output)["ok"] is True


@pytest.mark.parametrize(
    ("tampering", "fault"),
    [
        ("UPDATE ledger SET actor = 'mallory' WHERE seq = 2", "entry 2 does not fit its hash"),
        ("DELETE FROM ledger WHERE seq = 2", "entry 3 follows entry 1"),
        ("DELETE FROM ledger WHERE seq = 3", "the ledger ends with entry 2"),
    ],
)
def test_a_tampered_ledger_does_not(home, tampering, fault):
    raw = sqlite3.connect(home / "state.db", isolation_level=None)
    raw.execute(tampering)
    raw.close()
    result = ledger("verify")
    assert result.exit_code == 1
    assert fault in result.stderr
    said = json.loads(ledger("verify", "--json").stdout)
    assert (said["ok"], said["faults"][0].startswith(fault)) == (False, True)


@pytest.mark.parametrize(("tried", "fault"), [("a1", ""), ("b2", "entry 4, run: on its facts no run starts")])
def test_decisions_are_computed_again(home, tried, fault):
    facts, policy = Facts(now=NOON, watched_since=NOON, head="b2", tried="a1"), Triggers()
    found = triggers(policy, facts)
    run = decide(Brakes(), facts, found).run_id
    recorded = {"now": NOON, "watched_since": NOON, "head": "b2", "tried": tried}
    body = {"run": run, "triggers": found, "facts": recorded, "policy": {"triggers": policy, "brakes": {}}}
    state = SqlState(f"sqlite:///{home}/state.db")
    state.record("churn", [Entry(at=NOON, actor="noria", kind="run", body=body)])
    state.close()
    result = ledger("recompute")
    assert result.exit_code == bool(fault)
    assert result.stderr.startswith(fault)
    assert json.loads(ledger("recompute", "--json").stdout)["decisions"] == 1
    if not fault:
        assert result.stdout == "1 decision was computed again, and came out the same\n"
