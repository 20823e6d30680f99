import re
from io import StringIO

import pytest
from rich.console import Console

from noria.replay.result import Replay
from noria.replay.table import costs, quality, show
from tests.replay.made import policy, replay


@pytest.fixture
def played() -> Replay:
    return replay(
        policy("never", 1, 0.53),
        policy("project:train.window=60d", 6, 0.5015, promotions=4, refusals=2),
        policy("every-7d", 12, 0.50),
        policy("ceiling", 12, 0.48),
        policy("[odd]", 0, 0.5, fault="its [first] training failed"),
        warnings=("no rows from 2013-03-01 to 2013-03-20",),
    )


def shown(played: Replay, width: int) -> str:
    screen = StringIO()
    show(played, Console(file=screen, width=width))
    return screen.getvalue()


def test_the_terminal_shows_quality_cost_warnings_and_advice(played: Replay) -> None:
    text = shown(played, 100)
    for part in (
        "flights: 92,400 rows, 2013-02-01 to 2013-04-26, 84,000 with a label",
        "log_loss ↓",
        "auc ↑",
        "ceiling *",
        "* looks ahead",
        "13 s of wall time, 1.30 times the bare trainings and predictions",
        "warning: no rows from 2013-03-01",
        "warning: [odd] cannot be compared: its [first] training failed",
        "▸ Choose project:train.window=60d",
    ):
        assert part in text
    assert max(map(len, text.splitlines())) <= 100


def test_no_figure_is_cut_on_eighty_columns(played: Replay) -> None:
    text = shown(played, 80)
    assert "…" not in text
    assert re.search(r"never +0\.5300 ± 0\.\d{4} +0\.7000 +\+0\.0300 ± 0\.\d{4}", text)


def test_long_names_do_not_break_the_table() -> None:
    long = "project:gates.better-than-champion.confidence=0.95,train.window=60d"
    text = shown(replay(policy("never", 1, 0.53), policy(long, 6, 0.5)), 100)
    lines = text.splitlines()
    assert sum(line.startswith("project #1  ") for line in lines) == 2  # quality and cost
    assert f"project #1 is {long}" in lines


def test_what_is_not_replayed_is_told_where_something_was_decided() -> None:
    entry = {"at": 0.0, "kind": "promoted", "body": {}}
    decided = replay(policy("never", 1, 0.53), policy("project", 6, 0.5, decisions=(entry,)))
    assert "Latency and failures are not replayed" in shown(decided, 100)
    assert "not replayed" not in shown(replay(policy("never", 1, 0.53), policy("ceiling", 6, 0.5)), 100)


def test_the_regret_is_counted_from_the_best_that_can_be_chosen(played: Replay) -> None:
    regrets = {policy.name: row[-1] for policy, row in quality(played).rows}
    assert regrets["every-7d"] == "best"
    assert regrets["never"].startswith("+0.0300 ± ")
    assert regrets["ceiling"].startswith("−0.0200 ± ")


def test_each_policys_cost_is_counted(played: Replay) -> None:
    rows = {policy.name: row for policy, row in costs(played).rows}
    # trainings, rows, CPU s, promoted, refused, failed, rolled back, proved worse
    assert rows["project:train.window=60d"] == ("6", "74.1k", "9", "4", "2", "0", "0", "0")


def test_a_replay_without_a_policy_that_worked_is_told_too() -> None:
    text = shown(replay(policy("never", 0, 0.5, fault="no model")), 80)
    assert "never cannot be compared: no model" in text
    assert "There are no two policies that can be compared." in text
