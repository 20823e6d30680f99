"""`noria replay` in a small real project, as its own process."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.replay.tiny import make, rows

SLOW = """
import time
from sklearn.linear_model import LogisticRegression

def model(train):
    time.sleep(0.2)
    rows = train.select("x", "y").to_pandas()
    return LogisticRegression().fit(rows[["x"]], rows["y"])
"""
POLICIES = ("--policy", "never", "--policy", "every-28d")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make(tmp_path / "tiny", rows(400)).root


def begun(root: Path, *arguments: str) -> subprocess.Popen[str]:
    """A replay in a process group of its own, as a shell begins it."""
    return subprocess.Popen(
        [sys.executable, "-m", "noria", "replay", *arguments],
        cwd=root,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def played(root: Path, *arguments: str) -> tuple[int, str, str]:
    with begun(root, *arguments) as process:
        out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def group(leader: int) -> set[int]:
    """The processes of a group that live."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, leads = stat.read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(leads) == leader and state != "Z":
            found.add(int(stat.parent.name))
    return found


def ended(leader: int) -> bool:
    """Whether a group has no process any more within seconds."""
    deadline = time.monotonic() + 15
    while group(leader) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not group(leader)


def kept(root: Path) -> int:
    return len(written(root))


def written(root: Path) -> dict[str, int]:
    """Return when each training's record was written, in nanoseconds."""
    return {path.name: path.stat().st_mtime_ns for path in root.glob(".noria/replay/models/*.json")}


def until_kept(root: Path, count: int) -> None:
    deadline = time.monotonic() + 60
    while kept(root) < count and time.monotonic() < deadline:
        time.sleep(0.02)
    assert kept(root) >= count


def without_seconds(written: dict[str, Any]) -> dict[str, Any]:
    """What a replay came to, but for what it took."""
    taken = dict.fromkeys(("wall_s", "bare_s", "overhead"))
    policies = [{**policy, "train_s": None} for policy in written["policies"]]
    return {**written, **taken, "policies": policies}


KEYS = {"name", "metrics", "trainings", "rows_trained", "train_s", "promotions", "refusals", "rollbacks"}


def test_a_replay_prints_a_table_and_writes_its_results(root, tmp_path):
    code, out, err = played(root, *POLICIES, "--json", "../a.json", "--html", "../a.html")
    assert (code, err) == (0, "")
    assert "wrote ../a.json" in out
    assert "every-28d" in out
    written = json.loads((tmp_path / "a.json").read_text())
    assert written["overhead"] == pytest.approx(written["wall_s"] / written["bare_s"])
    assert [policy["name"] for policy in written["policies"]] == ["never", "every-28d"]
    for policy in written["policies"]:
        assert {*KEYS, "worse_promotions"} <= policy.keys()
        assert set(policy["metrics"]) == {"log_loss", "auc", "brier", "accuracy"}
    assert (tmp_path / "a.html").read_text().startswith("<!doctype html>")


WRONG = [
    (("--policy", "evry-7d"), 2, "did you mean every-7d?"),
    (("--from", "soon"), 1, "--from: found 'soon'; allowed: a date such as 2013-02-01, or 2013-02-01T09:00"),
    (("--from", "2015-01-01"), 1, "--from 2015-01-01 00:00 is outside of the history: 2013-01-01"),
    (("--from", "2013-03-01", "--to", "2013-02-01"), 1,
     "--from 2013-03-01 00:00 is not before --to 2013-02-01"),
    (("--until", "2013-02-01"), 2, "No such option"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "code", "sentence"), WRONG)
def test_what_cannot_be_replayed_is_told_at_once(root, arguments, code, sentence):
    found, _, err = played(root, *arguments)
    assert found == code
    assert sentence in " ".join(err.split())
    assert "Traceback" not in err


def test_a_pipeline_that_kills_its_process_is_told(tmp_path):
    dying = "import os\n\ndef model(train):\n    os._exit(3)\n"
    root = make(tmp_path / "tiny", rows(400), code=dying).root
    code, _, err = played(root, *POLICIES)
    assert code == 1
    assert "a process of the replay was ended while it trained or predicted" in " ".join(err.split())
    assert "Traceback" not in err


def test_ctrl_c_ends_it_and_leaves_no_process(tmp_path):
    root = make(tmp_path / "tiny", rows(400), code=SLOW).root
    with begun(root, "--policy", "every-1d") as process:
        until_kept(root, 2)
        assert len(group(process.pid)) > 1
        began = time.monotonic()
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=30)
        assert time.monotonic() - began < 10
    assert process.returncode == 130
    assert "Traceback" not in err
    assert ended(process.pid)


def test_a_replay_that_was_killed_goes_on_where_it_was(tmp_path):
    root, other = (make(tmp_path / name, rows(400), code=SLOW).root for name in ("killed", "whole"))
    asked = ("--policy", "every-14d", "--policy", "every-7d", "--from", "2013-03-01", "--json", "replay.json")
    with begun(root, *asked) as process:
        until_kept(root, 2)
        process.kill()
    assert ended(process.pid)  # the workers end with whom they worked for
    before = written(root)
    assert len(before) < 6  # in less than 40 days
    for folder in (root, other):
        assert played(folder, *asked)[0] == 0
    resumed, whole = (json.loads((folder / "replay.json").read_text()) for folder in (root, other))
    assert before.items() <= written(root).items()  # what was trained is not trained again
    assert without_seconds(resumed) == without_seconds(whole)
