import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from noria.adapters.state import SqlState
from noria.block import Block
from noria.core.traffic import Arm, Plan
from noria.delta import Table
from noria.project.table import Column, TableSchema, write_schema
from noria.rows import Entry, SignalRow
from noria.segment import encode

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
BATCH = {
    "k": "p", "at": 1357000000.0, "model": "churn", "plan": 1, "version": 1, "role": "champion", "ids": ["a"],
    "entities": ["a"], "columns": Block(1, ("age",), bytes(8), {}), "outputs": bytes(8),
    "latencies": bytes(8), "error": None,
}  # fmt: skip


@pytest.fixture
def home(tmp_path):
    (tmp_path / "noria.toml").write_text(PROJECT)
    columns = (Column(name="age", kind="number"), Column(name="churned", kind="integer"))
    write_schema(TableSchema(columns=columns), tmp_path)
    (tmp_path / ".noria" / "log").mkdir(parents=True)
    return tmp_path / ".noria"


def test_a_collector_that_is_ended_takes_over_what_is_there(home):
    with subprocess.Popen([sys.executable, "-m", "noria", "collector"], cwd=home.parent) as collector:
        table = home / "lake" / "labels" / "_delta_log"
        deadline = time.monotonic() + 30
        while not table.is_dir() and time.monotonic() < deadline:
            time.sleep(0.05)
        second = subprocess.run(
            [sys.executable, "-m", "noria", "collector"],
            cwd=home.parent,
            capture_output=True,
            check=False,
            timeout=30,
        )
        (home / "log" / "0-1000-0.seg").write_bytes(encode(BATCH))
        collector.send_signal(signal.SIGTERM)
        assert collector.wait(30) == 0
    assert Table(home / "lake" / "predictions", by_day=True).scan().collect()["id"].to_list() == ["a"]
    assert second.returncode == 1
    assert b"already" in second.stderr


def test_a_webhook_that_hangs_is_told_of_an_alert_and_holds_no_collector_up(home):
    _drifted(SqlState(f"sqlite:///{home}/state.db"))
    with (home.parent / "noria.toml").open("a") as file:
        file.write('[alerts]\nroutes = ["$HOOK"]\n')
    with socket.create_server(("127.0.0.1", 0)) as hook:  # it takes the request, and never answers
        hook.settimeout(60)
        environment = {**os.environ, "HOOK": f"json://127.0.0.1:{hook.getsockname()[1]}/s3cr3t"}
        command = [sys.executable, "-m", "noria", "collector"]
        with subprocess.Popen(command, cwd=home.parent, env=environment) as collector:
            caller, _ = hook.accept()
            with caller:
                asked = caller.recv(65536)
                (home / "log" / "0-1000-0.seg").write_bytes(encode(BATCH))
                collector.send_signal(signal.SIGTERM)
                assert collector.wait(60) == 0
    assert b"POST /s3cr3t" in asked
    assert Table(home / "lake" / "predictions", by_day=True).scan().collect()["id"].to_list() == ["a"]


def _drifted(state):
    """Let version 1 serve, and the monitors raise an alarm about its last day."""
    at = datetime.now(UTC) - timedelta(days=1)
    before, plan = (
        state.model("churn"),
        Plan(model="churn", number=1, salt="s", arms=(Arm(version=1, share=100),)),
    )
    promoted = Entry(at=at, actor="noria", kind="promoted", body={"version": 1})
    state.change(before, replace(before, champion=1, plan=plan), [promoted])
    drifted = SignalRow(
        model="churn", day=str(at.date()), version=1, monitor="drift", subject="age", level="alert",
        value=0.2, limit=0.1, reason="age drifted",
    )  # fmt: skip
    state.save_signals([drifted])
    state.close()
