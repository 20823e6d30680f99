from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def reference(root: Path) -> dict[str, str]:
    """The pages of the reference by name."""
    return {page.stem: page.read_text() for page in (root / "docs/reference").glob("*.md")}
