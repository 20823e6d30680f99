from __future__ import annotations

import json
import socket
import subprocess
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner, Result

from noria.cli import app
from noria.gateway.log import record
from noria.project.infer import infer
from noria.project.scaffold import Examples, write_project


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small project in which everything is in order; its port is free."""
    root = tmp_path / "small"
    (root / "data").mkdir(parents=True)
    frame = pl.DataFrame({"x": [row * 7 % 31 for row in range(100)], "y": [0, 1] * 50})
    frame.write_csv(root / "data/1.csv")
    write_project(root, None, Examples(source="data/*.csv", label="y"), infer(frame, label="y"))
    change(root, "noria.toml", "[model]", "[serve]\nport = 0\n[model]")
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    commit(root)
    monkeypatch.chdir(root)
    return root


def commit(root: Path) -> None:
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", "add", "."], cwd=root, check=True)
    subprocess.run(["git", *identity, "commit", "-qm", "x"], cwd=root, check=True)


def change(root: Path, file: str, old: str, new: str) -> None:
    text = (root / file).read_text()
    assert old in text
    (root / file).write_text(text.replace(old, new))


def doctor(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["doctor", *arguments])


def findings() -> dict[str, dict[str, Any]]:
    return {finding["check"]: finding for finding in json.loads(doctor("--json").output)}


@pytest.mark.usefixtures("root")
def test_a_project_in_order_has_no_failure_and_exits_with_0() -> None:
    result = doctor()
    assert result.exit_code == 0
    assert "fail" not in result.output
    assert findings()["data"]["found"] == "100 rows in 1 file, 2 different labels"
    assert findings()["pipeline"]["found"] == "steps examples, model"


def test_it_is_found_from_a_folder_below(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root / "data")
    assert findings()["project"]["found"] == "small, binary"


def break_source(root: Path) -> None:
    (root / "data/1.csv").unlink()


def break_columns(root: Path) -> None:
    (root / "data/1.csv").write_text("z,y\n1,0\n")


def break_labels(root: Path) -> None:
    (root / "data/1.csv").write_text("x,y\n1,0\n2,0\n")


def break_schema(root: Path) -> None:
    change(root, "schema.toml", '"integer"', '"int"')


def break_project(root: Path) -> None:
    change(root, "noria.toml", "holdout", "hold-out")


def break_syntax(root: Path) -> None:
    change(root, "pipeline.py", "def model(", "def model")


def break_model(root: Path) -> None:
    change(root, "pipeline.py", "def model(", "def modell(")


def break_import(root: Path) -> None:
    change(root, "pipeline.py", "import polars", "import no_such_package, polars")


def break_pipeline(root: Path) -> None:
    (root / "pipeline.py").unlink()


def break_git(root: Path) -> None:
    (root / ".git/HEAD").write_text("ref: refs/heads/none\n")


@pytest.mark.parametrize(
    ("break_it", "check", "said"),
    [
        (break_source, "data", "no file matches data/*.csv"),
        (break_columns, "data", "has no column x"),
        (break_labels, "data", "1 different labels"),
        (break_schema, "project", "allowed: one of number"),
        (break_project, "project", "train.hold-out: unknown key; did you mean holdout?"),
        (break_syntax, "pipeline", "line"),
        (break_model, "pipeline", "steps examples, modell"),
        (break_import, "pipeline", "imports no_such_package"),
        (break_pipeline, "pipeline", "there is no pipeline.py"),
        (break_git, "git", "no commit"),
    ],
)
def test_what_is_broken_fails_with_what_to_do(root: Path, break_it: Any, check: str, said: str) -> None:
    break_it(root)
    assert doctor().exit_code == 1
    finding = findings()[check]
    assert finding["status"] == "fail"
    assert said in finding["found"]
    assert finding["advice"]


def test_rows_that_break_the_schema_are_a_warning(root: Path) -> None:
    with (root / "data/1.csv").open("a") as file:
        file.write("many,1\n")
    finding = findings()["data"]
    assert finding["status"] == "warn"
    assert finding["advice"].startswith("1 rows break schema.toml: ")


def test_data_that_are_no_longer_as_the_schema_says_are_a_warning(root: Path) -> None:
    assert findings()["schema"]["found"] == "schema.toml is as the data are"
    with (root / "data/1.csv").open("a") as file:
        file.write("50,1\n")  # the highest was 30: the rest of a division by 31
    finding = findings()["schema"]
    assert finding["status"] == "warn"
    assert finding["found"] == "1 difference: x: highest was 30.0, is 50.0"


def test_a_port_in_use_and_uncommitted_changes_are_warnings(root: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        change(root, "noria.toml", "port = 0", f"port = {server.getsockname()[1]}")
        assert doctor().exit_code == 0
        assert findings()["port"]["status"] == findings()["git"]["status"] == "warn"


def test_outside_of_a_project_the_advice_is_init(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert doctor().exit_code == 1
    assert findings()["project"]["advice"].startswith("noria init")


def test_a_log_that_takes_no_predictions_is_a_failure(root: Path) -> None:
    assert findings()["log"]["status"] == "ok"
    (root / ".noria/gateway").mkdir(parents=True)
    (root / ".noria/gateway/keeper.lock").touch()  # a gateway has served, and has no reserve
    assert findings()["log"]["found"] == "the disk refuses: predictions are not kept"
    (root / ".noria/reserve").touch()
    assert findings()["log"] == {"check": "log", "status": "ok", "found": "0 segments", "advice": ""}


def test_a_log_that_nobody_collects_is_a_failure(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "MOST_SEGMENTS", 2)
    (root / ".noria/log").mkdir(parents=True)
    for number in range(2):
        (root / f".noria/log/0-1-{number}.seg").touch()
    assert findings()["log"]["found"] == "2 segments: predictions are not kept"
    assert "noria up" in findings()["log"]["advice"]
