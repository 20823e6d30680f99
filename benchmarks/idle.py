"""The memory of everything that `noria up` starts, while it has nothing to do."""

from __future__ import annotations

import json
import time
from pathlib import Path

import psutil

from benchmarks.evidence import Found
from benchmarks.project import customer, init, wait_for

REST = 90.0
"""Seconds without work: what a run needed has ended by then."""
TARGET = 400.0


def measure(scratch: Path) -> Found:
    """Return the proportional memory (PSS) of each process, in MB."""
    project = init(scratch, "--template", "tabular")
    body = json.dumps({"dataframe_records": [customer(project)]}).encode()
    with project.up() as process:
        wait_for(lambda: project.answering(body) == "1")
        time.sleep(REST)
        rows = [(name_of(part.cmdline()), pss(part)) for part in living(process.pid)]
    total = sum(megabytes for _, megabytes in rows)
    return Found(
        title="Idle memory",
        how=f"`noria up`, one version serving, after {REST:g} s without work; proportional memory (PSS).",
        header=("process", "MB"),
        rows=[*rows, ("together", total)],
        target=f"Target: at most {TARGET:g} MB together",
        reached=total <= TARGET,
    )


def living(pid: int) -> list[psutil.Process]:
    """Return a process and its descendants, without those that have ended and wait to be noticed."""
    tree = psutil.Process(pid)
    every = (tree, *tree.children(recursive=True))
    return [process for process in every if process.status() != psutil.STATUS_ZOMBIE]


def pss(process: psutil.Process) -> float:
    """Return the proportional set size in MB."""
    return float(process.memory_full_info().pss) / 2**20


def name_of(command: list[str]) -> str:
    """Return what a process is: its verb or its module."""
    words = [word for word in command[1:] if word[:1] not in "-/{" and len(word) < 40]  # no path, no digest
    return " ".join(words[:2]) or command[0]
