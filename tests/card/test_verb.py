from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from noria.cli import app
from noria.errors import DataError, StateError


def card(*words: str) -> str:
    done = CliRunner().invoke(app, ["card", *words])
    if done.exception:
        raise done.exception
    return done.output


@pytest.mark.usefixtures("root")
def test_it_prints_the_champions_card_or_that_of_another_version() -> None:
    assert card().startswith("# delay/2\n\n## Model details\n")
    assert card("1").startswith("# delay/1\n")
    titles = [section["title"] for section in json.loads(card("--json"))]
    assert titles[0] == "Model details"
    assert len(titles) == 11


@pytest.mark.usefixtures("root")
def test_it_writes_what_was_asked_for_and_says_where(tmp_path: Path) -> None:
    page, bom, annex = tmp_path / "card.html", tmp_path / "bom.json", tmp_path / "annex.md"
    said = card("--html", str(page), "--bom", str(bom), "--annex-iv", str(annex))
    assert [line.partition(":")[0] for line in said.splitlines()] == [str(page), str(bom), str(annex)]
    assert page.read_text().startswith("<!doctype html>")
    assert json.loads(bom.read_text())["bomFormat"] == "CycloneDX"
    assert annex.read_text().startswith("# delay/2: technical documentation\n\n## 1. General description")


@pytest.mark.usefixtures("root")
def test_a_version_that_is_not_there_is_an_error_with_the_next_command() -> None:
    with pytest.raises(StateError, match="no version 9; it has: 1, 2") as refused:
        card("9")
    assert refused.value.hint == "noria models"


@pytest.mark.usefixtures("root")
def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    page = tmp_path / "nowhere" / "card.html"
    with pytest.raises(DataError, match=f"{page} cannot be written: No such file or directory") as refused:
        card("--html", str(page))
    assert refused.value.hint == f"ls -ld {page.parent}"
