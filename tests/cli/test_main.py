"""The command line as a process: its start, its errors, its exit codes."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

import noria
from noria.cli import VERBS

HEAVY = ("polars", "pandas", "numpy", "sklearn", "lightgbm", "mlflow", "deltalake", "dbos", "sqlalchemy")


def run(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "noria", *words]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=60)


def test_outside_a_project_the_user_is_told_what_to_do(tmp_path: Path) -> None:
    done = run("status", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith(f"noria: there is no noria.toml in {tmp_path}")
    assert done.stderr.endswith("try: noria init --help\n")


@pytest.mark.parametrize("words", [["polish"], ["runs", "--limit", "many"], ["init"]])
def test_wrong_usage_exits_with_2(tmp_path: Path, words: list[str]) -> None:
    assert run(*words, cwd=tmp_path).returncode == 2


def test_every_verb_has_help(tmp_path: Path) -> None:
    code = "from typer.testing import CliRunner; from noria.cli import VERBS, app\n"
    code += "for verb in VERBS: assert CliRunner().invoke(app, [verb, '--help']).exit_code == 0, verb\n"
    code += f"import sys; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout == "[]\n", done.stderr


def test_help_starts_in_a_few_times_what_python_needs(tmp_path: Path) -> None:
    def seconds(*arguments: str) -> float:
        times = []
        for _ in range(5):
            began = time.monotonic()
            subprocess.run([sys.executable, *arguments], cwd=tmp_path, capture_output=True, check=True)
            times.append(time.monotonic() - began)
        return min(times)

    assert seconds("-m", "noria", "--help") < 25 * seconds("-c", "pass")


def test_every_hint_at_a_verb_names_one_that_exists() -> None:
    sources = Path(noria.__file__).parent.rglob("*.py")
    hints = re.findall(r'hint=f?"noria ([a-z]+)', "\n".join(path.read_text() for path in sources))
    assert len(hints) > 20
    assert set(hints) <= set(VERBS)
