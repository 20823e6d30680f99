"""What holds for all pages: links lead somewhere, words are explained, pictures are up to date."""

import re
import runpy
import xml.etree.ElementTree as ET
from functools import cache
from pathlib import Path

import pytest
import typer

from noria.cli import VERBS, app

ROOT = Path(__file__).parents[2]
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
WORDS = (
    "project", "model", "version", "champion", "challenger", "dataset", "run", "gate", "rollout", "plan",
    "prediction", "label", "monitor", "signal", "alert", "trigger", "policy", "decision", "ledger", "replay",
)  # fmt: skip


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub names them."""
    titles = re.findall(r"(?m)^#+ (.+)$", page.read_text())
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_leads_to_a_file(page: Path) -> None:
    text = re.sub(r"(?s)```.*?```", "", page.read_text())
    links = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'src="([^"]+)"', text)
    for link in links:
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.is_file(), f"{link} leads nowhere"
        assert not anchor or anchor in anchors(target), f"{link} has no such heading"


def test_every_command_that_is_shown_exists() -> None:
    for page in PAGES:
        blocks = re.findall(r"(?s)```(?:sh|console)\n(.*?)```", page.read_text())
        lines = re.findall(r"(?m)^(?:\$ )?noria (\w+)(.*?)(?:#.*)?$", "\n".join(blocks))
        for verb, rest in lines:
            assert verb in VERBS, f"{page.name}: there is no noria {verb}"
            for option in re.findall(r"(?<= )--[a-z]+", re.sub(r'"[^"]*"', "", rest)):
                assert option in _help(verb), f"{page.name}: noria {verb} has no {option}"


@cache
def _help(verb: str) -> str:
    """The options of a verb, as its command has them."""
    command = typer.main.get_group(app).get_command(None, verb)
    commands = [command, *getattr(command, "commands", {}).values()]
    return " ".join(option for one in commands for parameter in one.params for option in parameter.opts)


def test_every_page_is_reached_from_the_readme() -> None:
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop().resolve()
        if page in reached:
            continue
        reached.add(page)
        links = re.findall(r"\]\(([^)\s#:]+\.md)", page.read_text())
        waiting += [page.parent / link for link in links]
    assert {page.resolve() for page in PAGES if "evidence" not in page.parts} <= reached


def test_the_glossary_has_every_word() -> None:
    found = re.findall(r"(?m)^\| ([a-z ]+) \|", (ROOT / "docs/glossary.md").read_text())
    assert set(WORDS) <= set(found)
    assert len(found) == len(set(found))


def test_the_rollout_diagram_is_up_to_date() -> None:
    made = runpy.run_path(str(ROOT / "docs/make_rollout_diagram.py"))
    text = made["PAGE"].read_text()
    assert made["page"](text) == text, "run: python docs/make_rollout_diagram.py"


def test_the_picture_of_the_loop_is_well_formed() -> None:
    picture = ET.parse(ROOT / "docs/pictures/loop.svg").getroot()
    assert "prefers-color-scheme: dark" in (ROOT / "docs/pictures/loop.svg").read_text()
    assert picture.find("{*}title") is not None
