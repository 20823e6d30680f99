"""`noria compare` in the terminal, as JSON and as a page."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from noria.cli import app
from noria.comparison.compare import compare
from noria.comparison.page import page
from noria.errors import StateError
from tests.comparison.conftest import NOW, Lived, lived, models

__all__ = ["lived", "models"]


@pytest.fixture
def here(lived: Lived, monkeypatch: pytest.MonkeyPatch) -> Lived:
    monkeypatch.chdir(lived.project.root)
    return lived


@pytest.mark.usefixtures("here")
def test_all_of_it_is_shown_and_the_page_is_written(tmp_path: Path) -> None:
    words = ["compare", "1", "2", "--html", str(tmp_path / "page.html")]
    done = CliRunner().invoke(app, words, env={"COLUMNS": "140"})
    assert done.exit_code == 0, done.output
    for part in ("log_loss", "calibration", "city = Chur", "another class", "importance", "trained on"):
        assert part in done.output
    text = (tmp_path / "page.html").read_text()
    assert text.count("<svg") == 3
    assert "<script" not in text
    assert "http" not in text.replace("http://www.w3.org", "")
    assert "prefers-color-scheme: dark" in text


@pytest.mark.usefixtures("here")
def test_json_has_the_same() -> None:
    done = CliRunner().invoke(app, ["compare", "1", "2", "--json"])
    found = json.loads(done.output)
    assert found["b"]["version"] == 2
    assert {each["metric"] for each in found["metrics"]} == {"log_loss", "auc", "brier", "accuracy"}


@pytest.mark.usefixtures("here")
def test_a_wrong_version_is_an_error() -> None:
    done = CliRunner().invoke(app, ["compare", "1", "7"])
    assert isinstance(done.exception, StateError)
    assert done.exception.hint == "noria models"


def test_what_clients_sent_is_escaped_on_the_page(here: Lived) -> None:
    found = compare(here.project, here.schema, here.state, 1, 2, NOW)
    found.examples[0].row["city"] = "<b>"
    assert "&lt;b&gt;" in page(found)
