"""`noria plan`: a headline, and a line for each thing that it waits for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from noria.cli.plan import show
from noria.core.outlook import Line
from noria.core.policy import Cause, Decision, Facts, Trigger
from noria.loop.outlook import Outlook

NOW = datetime(2013, 3, 1, 9, tzinfo=UTC)
WAITS = Outlook(
    decision=Decision(run=False, triggers=(), reason="nothing calls for a run"),
    facts=Facts(now=NOW, watched_since=NOW),
    next_at=NOW + timedelta(days=7),
    next_reason="scheduled at 2013-03-08 09:00",
    triggers=(Line(about="schedule", said="due at 2013-03-08 09:00 (0 9 8 * *)"),),
    brakes=(Line(about="promotions", said="1 of 3 in 7 days"),),
    training=(),
    evidence=(Line(about="champion", said="version 1 has [no] mature day yet: " + "and so on " * 12),),
    rollout=(),
)


def shown(seen: Outlook, width: int = 80) -> str:
    console = Console(width=width)
    with console.capture() as capture:
        show(seen, console)
    return capture.get()


def test_it_says_when_the_next_run_is_and_what_everything_waits_for() -> None:
    lines = [line.rstrip() for line in shown(WAITS, 140).splitlines()]
    assert lines[:8] == [
        "would wait: nothing calls for a run",
        "  the next run starts at 2013-03-08 09:00 UTC, if nothing else happens: "
        "scheduled at 2013-03-08 09:00",
        "",
        "what starts a run",
        "  schedule    due at 2013-03-08 09:00 (0 9 8 * *)",
        "",
        "what holds it back",
        "  promotions  1 of 3 in 7 days",
    ]
    assert "how the next run goes" not in lines  # there is nothing to say


@pytest.mark.parametrize("width", [80, 140])
def test_nothing_is_cut_and_texts_are_aligned(width: int) -> None:
    lines = shown(WAITS, width).splitlines()
    assert "…" not in "".join(lines)
    assert max(map(len, lines)) <= width
    place = next(number for number, line in enumerate(lines) if "[no] mature" in line)
    assert lines[place + 1].startswith(" " * 14 + "and so on")


def test_a_run_says_because_of_what_and_a_wait_what_calls_in_vain() -> None:
    commit = Trigger(cause=Cause.COMMIT, key="k", reason="commit c1")
    runs = Decision(run=True, triggers=(commit,), reason="commit c1")
    assert shown(replace(WAITS, decision=runs)).startswith("would start a run now\n  because: commit c1\n\n")
    held = Decision(run=False, triggers=(commit,), reason="cooling down after the last run", until=NOW)
    head = "would wait: cooling down after the last run, until 2013-03-01 09:00 UTC\n  although: commit c1\n"
    assert shown(replace(WAITS, decision=held)).startswith(head)


def test_where_no_time_is_known_it_says_why() -> None:
    unknown = replace(WAITS, next_at=None, next_reason="a rollout is in progress")
    assert "when the next run starts is not known: a rollout is in progress\n" in shown(unknown)
    never = replace(WAITS, next_at=None, next_reason=WAITS.decision.reason)
    assert shown(never).startswith("would wait: nothing calls for a run\n\n")
