import re
from html.parser import HTMLParser

import pytest

from noria.core.compare import Comparison
from noria.replay.page import page
from noria.replay.result import Promotion, Replay
from tests.replay.made import BEGIN, policy, replay

VOID = {"meta", "br", "line", "path", "circle", "rect"}


class Elements(HTMLParser):
    """Collects the elements and the text, and whether every element is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag
            self.text += " "

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def played() -> Replay:
    gain = Comparison(metric="log_loss", rows=9, blocks=9, gain=-0.02, low=-0.03, high=-0.01, confidence=0.95)
    verdict = {"gate": "better-than-champion", "outcome": "failed", "reason": "worse: <-0.01>"}
    project = policy(
        "project", 6, 0.5015,
        promotions=1,
        promoted=(Promotion(at=BEGIN, version=2, gain=gain, rolled_back=BEGIN),),
        decisions=({"at": BEGIN.timestamp(), "kind": "judged", "body": {"verdicts": [verdict]}},),
    )  # fmt: skip
    return replay(
        policy("never", 1, 0.53), project, policy("every-7d", 12, 0.50), policy("ceiling", 12, 0.48),
        warnings=("no rows from <March> on",),
    )  # fmt: skip


def test_the_page_needs_nothing_from_anywhere(played: Replay) -> None:
    text = page(played)
    assert not re.search(r"https?:|//\w|url\(|@import|<script|<link|<img| src=| href=| on\w+=", text)
    assert "default-src 'none'" in text


def test_the_page_is_well_formed_and_its_tables_are_told_to_screen_readers(played: Replay) -> None:
    made = Elements(page(played))
    assert made.open == []
    cells = [attributes for tag, attributes in made.seen if tag == "th"]
    assert cells
    assert all(cell.get("scope") in ("col", "row") for cell in cells)
    pictures = [attributes for tag, attributes in made.seen if tag == "svg"]
    assert len(pictures) == 5  # cost, level, and what three policies saved against never
    assert all(picture["role"] == "img" for picture in pictures)


def test_the_page_tells_advice_warnings_decisions_and_limits(played: Replay) -> None:
    said = " ".join(Elements(page(played)).text.split())
    for part in (
        "Choose project, with 6 trainings",
        "no rows from <March> on",
        "better-than-champion: worse: <-0.01>",
        "version 2 −0.0200 ± 0.0100 proved worse, rolled back 2013-02-01",
        "What each policy saved against never",
        "A policy with a star looks ahead",
        "Latency, crashes and the load of real traffic are not replayed",
    ):
        assert part in said, part


def test_no_policy_stands_out_where_none_does() -> None:
    text = page(replay(policy("never", 1, 0.5), policy("every-7d", 12, 0.5)))
    assert "No policy stands out" in text
    assert 'class="advice open"' in text
    assert "looks ahead" not in text


def test_a_replay_in_which_nothing_worked_has_a_page() -> None:
    made = Elements(page(replay(policy("never", 0, 0.5, fault="no model was made"))))
    assert "never cannot be compared: no model was made" in made.text
    assert not any(tag == "table" for tag, _ in made.seen)


def test_rows_that_have_only_an_order_are_told_so(played: Replay) -> None:
    text = page(replay(*played.policies, spread=True))
    assert "The rows have an order but no time" in text
    assert "2013-" not in text
