"""The plugin in pytest runs of others: it does nothing there, and costs nothing."""

import subprocess
import sys
from pathlib import Path

HEAVY = ("polars", "numpy", "pandas", "sklearn", "sqlalchemy", "mlflow", "msgspec", "rich")


def pytest_in(folder: Path, *words: str) -> str:
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "--strict-markers", *words]
    said = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    return said.stdout + said.stderr


def test_it_loads_nothing_heavy() -> None:
    code = f"import sys, noria.model_tests.plugin; print(*set(sys.modules) & set({HEAVY}))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == ""


def test_the_tests_of_others_run_as_without_it(tmp_path: Path) -> None:
    """Also where they have fixtures of the same names."""
    text = (
        "import pytest\n@pytest.fixture\ndef project(): return 7\ndef test_it(project): assert project == 7\n"
    )
    (tmp_path / "test_other.py").write_text(text)
    assert "1 passed" in pytest_in(tmp_path)


def test_without_a_project_a_fixture_says_so(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text("def test_it(candidate): pass\n")
    said = pytest_in(tmp_path)
    assert "there is no noria.toml in" in said
    assert "1 error" in said
