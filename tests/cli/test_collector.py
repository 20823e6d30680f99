import signal
import subprocess
import sys
import time

import pytest

from noria.block import Block
from noria.delta import Table
from noria.project.table import Column, TableSchema, write_schema
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
