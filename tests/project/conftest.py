from __future__ import annotations

from pathlib import Path

import pytest

SMALL = """\
[model]
name = "flight-delay"
task = "binary"

[data]
source = "data/*.parquet"
label = "late"
features = ["carrier", "distance"]
"""


@pytest.fixture
def small() -> str:
    """The smallest noria.toml that is right."""
    return SMALL


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "noria.toml").write_text(SMALL)
    return tmp_path
