from datetime import UTC, datetime
from io import StringIO

import pytest
from rich.console import Console

from noria.cli.replaying import in_words, watched
from noria.replay.stage import Progress

NAMES = ("never", "project:rollout.steps=[]", "ceiling")
AT = datetime(2013, 5, 2, tzinfo=UTC)


class Seconds:
    """A clock that stands until it is set."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def told(*reached: tuple[float, str, float], terminal: bool) -> str:
    """What is shown of policies that came, after some seconds, to a share of the span."""
    screen, clock = StringIO(), Seconds()
    console = Console(file=screen, width=100, force_terminal=terminal)
    with watched(NAMES, console, clock) as tell:
        for clock.now, name, share in reached:
            tell(Progress(policy=name, now=AT, share=share))
    return screen.getvalue()


def test_a_log_gets_a_line_now_and_then() -> None:
    shown = told(
        (5, "never", 0.5),
        (19, "project:rollout.steps=[]", 0.1),
        (21, "never", 1.0),
        (30, "project:rollout.steps=[]", 0.2),
        (45, "project:rollout.steps=[]", 0.5),
        (70, "project:rollout.steps=[]", 1.0),
        terminal=False,
    )
    # a tenth of the span is .31 / 13 of the work, in 21 seconds; a half 3.75 / 13, in 45
    assert shown.splitlines() == [
        "never at 2013-05-02, 100%; 1 of 3 policies done; about 14 min left",
        "project:rollout.steps=[] at 2013-05-02, 50%; 1 of 3 policies done; about 2 min left",
        "project:rollout.steps=[] at 2013-05-02, 100%; 2 of 3 policies done",
    ]


def test_a_terminal_gets_a_bar_for_each_policy() -> None:
    shown = told((6, "never", 0.1), (10, "project:rollout.steps=[]", 0.5), terminal=True)
    for part in ("never", "project:rollout.steps=[]", "ceiling", "2013-05-02", "min left"):
        assert part in shown


@pytest.mark.parametrize(
    ("seconds", "words"), [(None, ""), (61.2, "about 61 s left"), (150, "about 2 min left")]
)
def test_an_estimate_in_words(seconds: float | None, words: str) -> None:
    assert in_words(seconds) == words
