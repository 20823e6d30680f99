"""A small project that every test of this folder gets a copy of."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from running import NAME, Kills, System, row_of, truth

ROWS = 2_000


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project made by `noria init` of a seeded table, with a model of ten trees."""
    folder = tmp_path_factory.mktemp("template")
    table = folder / "table.csv"
    table.write_text(_table())
    words = ["init", NAME, "--data", str(table), "--label", "bought", "--entity", "visitor"]
    subprocess.run([sys.executable, "-m", "noria", *words], cwd=folder, check=True, capture_output=True)
    return folder / NAME


@pytest.fixture
def system(template: Path, tmp_path: Path) -> Iterator[System]:
    """A project of one's own on a free port; whatever was started in it ends with the test."""
    root = tmp_path / NAME
    shutil.copytree(template, root)
    made = System(root, _free_port())
    try:
        yield made
    finally:
        made.close()


@pytest.fixture(scope="session")
def kills() -> Iterator[Kills]:
    """Counts the kills of `make evidence`, and writes them down at its end."""
    counted = Kills()
    yield counted
    counted.write()


def _table() -> str:
    lines = ["visitor,x0,x1,x2,x3,region,bought"]
    for number in range(ROWS):
        row = row_of(f"v{number}")
        lines.append(",".join([f"v{number}", *map(str, row.values()), str(int(truth(row)))]))
    return "\n".join(lines) + "\n"


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
