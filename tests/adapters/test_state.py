"""One suite of checks over both states, in SQL and in memory; then what SQL alone can fail."""

from __future__ import annotations

import math
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from noria.adapters.state import SqlState
from noria.adapters.tables import metadata
from noria.core.entities import marked
from noria.core.gates import Outcome, Verdict
from noria.core.ledger import GENESIS, verify
from noria.core.profile.grid import Grid, number_bins
from noria.core.profile.profile import empty
from noria.core.profile.sketches import Part, Sketches, ranks
from noria.core.rollout import Step, open_rollout
from noria.core.traffic import Arm, Plan
from noria.core.window import ArmCounts, histogram
from noria.errors import StaleEpoch, StateError, Unavailable
from noria.rows import AlertRow, CohortRow, Entry, ModelRow, QualityRow, RunRow, SignalRow, VersionRow
from noria.testing import MemoryState

NOW = datetime(2013, 2, 1, 3, 0, 0, 250_001, tzinfo=UTC)


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/home/state.db"


@pytest.fixture(params=["sql", "memory"])
def state(request, url):
    if request.param == "memory":
        yield MemoryState()
        return
    state = SqlState(url)
    yield state
    state.close()


def entry(kind="note", **body):
    return Entry(at=NOW, actor="ada", kind=kind, body=body)


def plan(number, version=7, **silent):
    return Plan(model="churn", number=number, salt="s", arms=(Arm(version=version, share=100),), **silent)


def rollout(name="r1", version=8):
    steps = (Step(weight=0, requests=500), Step(weight=10, requests=500))
    return open_rollout(name, model="churn", version=version, champion=7, steps=steps, now=NOW, reason="new")


def run(name, started=NOW, **fields):
    given = {"trigger": "commit", "reason": "a1b2", "status": "queued", "stage": "", **fields}
    return RunRow(id=name, model="churn", started=started, **given)


# --- The model's row: compare and set --------------------------------------------------------------------


def test_a_model_that_nobody_changed_is_of_epoch_0(state):
    assert state.model("churn") == ModelRow(name="churn")
    state.record("churn", [entry()])  # a note changes no traffic
    assert state.model("churn") == ModelRow(name="churn")


def test_a_change_is_what_is_read_afterwards(state):
    before = state.model("churn")
    after = replace(
        before, champion=7, previous=(5, 6), paused=True, plan=plan(1, standby=8), rollout=rollout()
    )
    changed = state.change(before, after, [entry("promoted")])
    assert changed == replace(after, epoch=1)
    assert state.model("churn") == changed
    assert state.model("flights") == ModelRow(name="flights")


def test_a_rollout_moves_on_and_ends(state):
    first = state.change(state.model("churn"), ModelRow(name="churn", rollout=rollout()), [])
    second = state.change(first, replace(first, rollout=replace(rollout(), step=0, held=True)), [])
    assert state.model("churn").rollout == replace(rollout(), step=0, held=True)
    third = state.change(second, replace(second, rollout=rollout("r2", 9)), [])
    assert state.model("churn").rollout == rollout("r2", 9)
    state.change(third, replace(third, rollout=None), [])
    assert state.model("churn") == ModelRow(name="churn", epoch=4)


def test_a_stale_epoch_changes_nothing(state):
    before = state.model("churn")
    winner = state.change(before, replace(before, champion=7), [entry("promoted", version=7)])
    with pytest.raises(StaleEpoch, match="epoch is 1, and no longer 0"):
        state.change(before, replace(before, champion=8, rollout=rollout()), [entry("promoted", version=8)])
    assert state.model("churn") == winner
    assert [each["body"] for each in state.ledger("churn")] == [{"version": 7}]


def test_of_many_who_change_the_same_row_one_wins(state):
    before, won, lost = state.model("churn"), [], []
    barrier = threading.Barrier(8)

    def promote(version):
        barrier.wait()
        try:
            state.change(before, replace(before, champion=version), [entry(version=version)])
            won.append(version)
        except StaleEpoch:
            lost.append(version)

    threads = [threading.Thread(target=promote, args=(version,)) for version in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(won), len(lost)) == (1, 7)
    assert (state.model("churn").champion, state.model("churn").epoch) == (won[0], 1)
    assert [each["body"]["version"] for each in state.ledger("churn")] == won


# --- Plans and the ledger --------------------------------------------------------------------------------


def test_the_cause_of_a_change_of_traffic_tells_it(state):
    row = ModelRow(name="churn")
    row = state.change(row, replace(row, plan=plan(1)), [entry("noted"), entry("promoted", reason="better")])
    noted, promoted = state.ledger("churn")
    assert noted["body"] == {}
    said = {"plan": 1, "shares": {"7": 100}, "shadow": None, "standby": None}
    assert promoted["body"] == {"reason": "better", "traffic": said}
    state.change(row, replace(row, paused=True), [entry("paused")])
    assert state.ledger("churn")[-1]["body"] == {}  # the plan stayed


def test_traffic_never_changes_without_an_entry(state):
    row = ModelRow(name="churn")
    with pytest.raises(StateError, match="plan 1 comes without an entry"):
        state.change(row, replace(row, plan=plan(1)), [])
    assert state.model("churn") == row


@pytest.mark.parametrize("number", [1, 3])
def test_plans_are_numbered_one_by_one(state, number):
    row = ModelRow(name="churn")
    row = state.change(row, replace(row, plan=plan(1)), [entry()])
    with pytest.raises(StateError, match=f"plan 2 is due, not plan {number}"):
        state.change(row, replace(row, plan=plan(number, 8)), [entry()])
    assert state.model("churn") == row


def test_each_model_has_a_ledger_of_its_own(state):
    assert (state.ledger("churn"), state.head("churn")) == ([], GENESIS)
    for number in range(5):
        state.record("churn", [entry(number=number), entry(again=number)])
    state.record("flights", [entry()])
    entries = state.ledger("churn")
    assert [each["seq"] for each in entries] == list(range(1, 11))
    assert state.ledger("churn", limit=3) == entries[-3:]
    assert verify(entries, state.head("churn")) == []
    assert verify(state.ledger("flights"), state.head("flights")) == []
    assert state.head("flights").seq == 1


def test_an_entry_keeps_what_json_cannot_say(state):
    state.record("churn", [entry("gate", numbers={"p": math.nan, 2: math.inf}, name="café \U0001f300")])
    (kept,) = state.ledger("churn")
    assert kept["at"] == NOW.timestamp()
    assert (kept["model"], kept["actor"], kept["kind"]) == ("churn", "ada", "gate")
    assert kept["body"] == {"numbers": {"p": "NaN", "2": "Infinity"}, "name": "café \U0001f300"}


def test_promotions_are_read_from_the_ledger(state):
    assert state.promotions("churn") == ()
    for hours, kind in enumerate(["promoted", "rolled back", "promoted"]):
        state.record("churn", [replace(entry(kind), at=NOW + timedelta(hours=hours))])
    assert state.promotions("churn") == (NOW, NOW + timedelta(hours=2))
    assert state.promotions("flights") == ()


# --- Runs, versions, quality -----------------------------------------------------------------------------


def test_a_run_is_kept_with_its_verdicts(state):
    verdict = Verdict(gate="auc", outcome=Outcome.ERROR, reason="no rows", numbers={"p": math.nan})
    done = run("a", status="refused", ended=NOW, commit="c0ffee", verdicts=(verdict,), facts={"rows": 3})
    state.save_run(run("a"))
    state.save_run(done, [entry("refused")])
    kept = state.run("a")
    assert math.isnan(kept.verdicts[0].numbers["p"])
    same = replace(verdict, numbers={})
    assert replace(kept, verdicts=(same,)) == replace(done, verdicts=(same,))
    assert [each["kind"] for each in state.ledger("churn")] == ["refused"]
    assert state.run("b") is None


def test_runs_come_newest_first(state):
    for hours in (2, 0, 1):
        state.save_run(run(f"run-{hours}", NOW + timedelta(hours=hours)))
    assert [each.id for each in state.runs("churn")] == ["run-2", "run-1", "run-0"]
    assert [each.id for each in state.runs("churn", limit=1)] == ["run-2"]
    assert state.runs("flights") == []


def test_versions_come_by_number(state):
    def version(number):
        return VersionRow(
            model="churn", version=number, run=f"r{number}", artifact="/a", digest="d", registered=NOW
        )

    for number in (10, 9):
        state.save_version(version(number))
    assert state.versions("churn") == [version(9), version(10)]
    assert state.version("churn", 10) == version(10)
    assert (state.version("churn", 11), state.version("flights", 10)) == (None, None)


def test_a_version_comes_with_the_run_that_registered_it(state):
    version = VersionRow(model="churn", version=7, run="r7", artifact="/a", digest="d", registered=NOW)
    state.save_version(version, run("r7", version=7), [entry("registered", version=7)])
    assert state.version("churn", 7) == version
    assert state.run("r7") == run("r7", version=7)
    assert [each["kind"] for each in state.ledger("churn")] == ["registered"]


def test_a_day_that_is_measured_again_is_replaced(state):
    row = QualityRow(
        model="churn",
        day="2013-02-02",
        version=7,
        role="champion",
        predictions=9,
        rows=8,
        metrics={"auc": 0.7},
    )
    earlier = replace(row, day="2013-02-01")
    state.save_quality([row, earlier])
    state.save_quality([replace(row, rows=9)])
    state.save_quality([])
    assert state.quality("churn") == [earlier, replace(row, rows=9)]


def test_what_is_kept_of_a_day_is_read_as_it_was(state):
    kept = CohortRow(
        model="churn", day="2013-02-02", version=1, role="champion", predictions=3,
        metrics={"log_loss": 0.5}, delays=(1, 2), scores=((1.0, 2.0), (0.5, 1e-9)),
        segments={"carrier": {"UA": (3.0, 3.0, 1.5)}},
    )  # fmt: skip
    earlier = replace(kept, day="2013-02-01", segments={}, scores=())
    state.save_quality([], [kept, earlier])
    state.save_quality([], [replace(kept, predictions=4)])
    assert state.cohorts("churn") == [earlier, replace(kept, predictions=4)]
    assert state.cohorts("churn", "2013-02-02") == [replace(kept, predictions=4)]
    assert state.cohorts("other") == []


# --- Traffic and beats -----------------------------------------------------------------------------------


def counts(*latencies, errors=0):
    return ArmCounts(requests=len(latencies), errors=errors, bins=histogram(latencies))


def test_a_window_adds_up_what_each_version_did_under_a_plan(state):
    state.add_traffic("churn", ("a.seg", 100), {(3, 7): counts(*[0.01] * 90), (3, 8): counts(0.5, errors=1)})
    state.add_traffic("churn", ("b.seg", 50), {(3, 7): counts(*[0.01] * 10), (4, 7): counts(0.02)})
    window = state.window("churn", 3)
    assert window == {7: counts(*[0.01] * 100), 8: counts(0.5, errors=1)}
    assert (window[7].requests, window[8].errors) == (100, 1)  # 90 + 10
    assert state.window("churn", 5) == {}
    assert state.window("flights", 3) == {}


def test_traffic_that_comes_again_counts_once(state):
    for offset in (100, 100, 50, 200, 200, 150):  # counted: up to 100, and then up to 200
        state.add_traffic("churn", ("a.seg", offset), {(3, 7): counts(0.01)})
    assert (state.traffic_mark("churn", "a.seg"), state.traffic_mark("churn", "b.seg")) == (200, 0)
    assert state.window("churn", 3) == {7: counts(0.01, 0.01)}


def test_an_entity_counts_for_the_version_that_it_met_first(state):
    first, second = (ArmCounts(entities=marked(cells)) for cells in ([1, 2], [2, 3]))
    state.add_traffic("churn", ("a.seg", 1), {(3, 7): first})
    state.add_traffic("churn", ("a.seg", 2), {(3, 8): second, (4, 8): second})
    assert state.window("churn", 3) == {7: first, 8: ArmCounts(entities=marked([3]))}
    assert state.window("churn", 4) == {8: second}  # another plan draws anew


def test_the_last_beat_of_each_part_is_kept(state):
    assert state.beats() == {}
    state.beat("collector", NOW, {"backlog": 9, "lag": math.nan})
    state.beat("gateway", NOW, {})
    state.beat("collector", NOW + timedelta(seconds=1), {"backlog": 0})
    assert state.beats() == {
        "collector": {"backlog": 0, "at": NOW + timedelta(seconds=1)},
        "gateway": {"at": NOW},
    }


# --- Signals and alerts ----------------------------------------------------------------------------------


def said(day, subject="carrier", version=1, **fields):
    given = {"monitor": "drift", "level": "ok", "value": 0.1, "limit": 0.2, "reason": "r", **fields}
    return SignalRow(model="churn", day=day, version=version, subject=subject, **given)


def alert(name, opened=NOW, **fields):
    given = {"version": 1, "about": "inputs", "severity": "warning", "title": "t", **fields}
    return AlertRow(model="churn", id=name, opened=opened, last_seen=opened, **given)


def test_signals_by_day_version_and_subject_the_same_one_replaced(state):
    first, tenth = said("2013-02-01", version=2), said("2013-02-01", version=10)
    later = said("2013-02-02", value=math.inf, numbers={"p": 0.5})
    state.save_signals([later, tenth, first])
    state.save_signals([replace(first, level="alert")])
    assert state.signals("churn") == [replace(first, level="alert"), tenth, later]
    assert state.signals("churn", "2013-02-02") == [later]
    assert state.signals("other") == []


def test_alerts_newest_first_with_all_that_is_known_of_them(state):
    told = alert("b", told=("$SLACK",), failed={"2 json": "no answer"}, signals=(said("2013-02-01"),))
    state.save_alert(alert("a", NOW - timedelta(days=1), ended=NOW))
    state.save_alert(told)
    assert [row.id for row in state.alerts("churn")] == ["b", "a"]
    assert state.alerts("churn", 1) == [told]


def test_an_alert_is_changed_with_the_entry_that_says_who_did_it(state):
    state.save_alert(alert("a"))
    changed = state.change_alert("churn", "a", lambda row: replace(row, confirmed="they recoded"), [entry()])
    assert state.alerts("churn") == [changed] == [alert("a", confirmed="they recoded")]
    assert len(state.ledger("churn")) == 1
    assert state.change_alert("churn", "b", lambda row: row, [entry()]) is None
    assert len(state.ledger("churn")) == 1


def test_no_word_is_lost_where_many_change_an_alert_at_once(state):
    state.save_alert(alert("a"))

    def tell(name):
        for number in range(10):
            route = f"{name}{number}"
            state.change_alert("churn", "a", lambda row, route=route: replace(row, told=(*row.told, route)))

    threads = [threading.Thread(target=tell, args=(name,)) for name in "xyz"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(state.alerts("churn")[0].told)) == 30


# --- What only SQL can fail ------------------------------------------------------------------------------


def test_the_migrations_make_exactly_the_tables(url):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext
    from sqlalchemy import create_engine

    SqlState(url).close()
    engine = create_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_an_hour_with_a_damaged_sketch_begins_anew(url):
    grid = Grid(columns={"x": number_bins(np.array([1.0, 2.0]))})
    whole, damaged = (
        replace(
            empty(grid), tallies=np.array([[5, 0, 0, 0]]), sketches=Sketches((Part(ranks={"x": sketch}),))
        )
        for sketch in (ranks(np.array([1.0])), b"no")
    )
    state = SqlState(url)
    for number, seen in enumerate((damaged, whole, whole)):
        state.add_traffic("churn", ("segment", number + 1), {}, {(7, "2026-01-01T09"): seen})
    (hour,) = state.profiles("churn", 7, "2026-01-01", "2026-01-02").values()
    assert hour.rows == 10
    state.close()


def test_the_state_outlives_its_process(url):
    first = SqlState(url)
    row = first.change(ModelRow(name="churn"), ModelRow(name="churn", champion=7), [entry("promoted")])
    first.close()
    second = SqlState(url)
    assert second.model("churn") == row
    second.close()


def test_a_state_of_a_newer_noria_is_left_alone(url):
    SqlState(url).close()
    with sqlite3.connect(url.removeprefix("sqlite:///")) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    raw.close()
    with pytest.raises(StateError, match="newer noria") as refusal:
        SqlState(url)
    assert refusal.value.hint.startswith("pip install")


def test_a_file_that_is_no_database_is_named(tmp_path):
    (tmp_path / "state.db").write_text("no database " * 100)
    with pytest.raises(Unavailable, match=r"state\.db: file is not a database"):
        SqlState(f"sqlite:///{tmp_path}/state.db")


def test_a_writer_waits_for_another_one(url):
    state = SqlState(url)
    other = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    release = threading.Timer(0.5, lambda: other.execute("COMMIT"))
    release.start()
    begun = time.monotonic()
    state.record("churn", [entry()])
    assert time.monotonic() - begun > 0.4
    release.join()
    other.close()
    state.close()


def test_durable_changes_are_synced_and_beats_are_not(url):
    state = SqlState(url)
    with state._database.write() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
    with state._database.write(durable=False) as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 1  # NORMAL
    state.close()


@pytest.mark.parametrize(("checkpoints", "pages"), [(False, 0), (True, 1000)])
def test_only_one_process_is_to_checkpoint(url, checkpoints, pages):
    state = SqlState(url, checkpoints=checkpoints)
    with state._database.read() as connection:
        assert connection.exec_driver_sql("PRAGMA wal_autocheckpoint").scalar() == pages
    state.close()


def test_a_full_disk_is_told_and_changes_nothing(url):
    state = SqlState(url)
    row = state.change(ModelRow(name="churn"), ModelRow(name="churn", champion=7), [entry("promoted")])

    def limit(pages):
        with state._database.read() as connection:
            connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")

    limit(1)  # SQLite takes the present size instead: not one page more
    big = entry("promoted", notes="x" * 100_000)
    with pytest.raises(Unavailable, match=r"state\.db: database or disk is full"):
        state.change(row, replace(row, champion=8), [big])
    assert (state.model("churn"), len(state.ledger("churn"))) == (row, 1)
    limit(10_000)
    assert state.change(row, replace(row, champion=8), [big]).champion == 8
    assert verify(state.ledger("churn"), state.head("churn")) == []
    state.close()


def start(code, *args):
    return subprocess.Popen(
        [sys.executable, "-c", code, *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def test_processes_that_open_a_new_state_together_all_can(url):
    code = "import sys; from noria.adapters.state import SqlState; input(); SqlState(sys.argv[1]).close()"
    openers = [start(code, url) for _ in range(4)]
    for opener in openers:
        opener.stdin.write("now\n")
        opener.stdin.flush()
    for opener in openers:
        opener.communicate()
        assert opener.returncode == 0


CONTENDER = """
import sys
from dataclasses import replace
from datetime import UTC, datetime
from noria.adapters.state import SqlState
from noria.errors import StaleEpoch
from noria.rows import Entry

state, won = SqlState(sys.argv[1]), 0
while won < 20:
    row = state.model("churn")
    entry = Entry(at=datetime.now(UTC), actor=sys.argv[2], kind="promoted", body={"epoch": row.epoch})
    try:
        state.change(row, replace(row, champion=row.epoch), [entry])
        won += 1
    except StaleEpoch:
        pass
"""


def test_processes_that_contend_change_one_after_the_other(url):
    contenders = [start(CONTENDER, url, name) for name in ("ada", "bob", "eve")]
    for contender in contenders:
        contender.communicate()
        assert contender.returncode == 0
    state = SqlState(url)
    entries = state.ledger("churn")
    assert [each["body"]["epoch"] for each in entries] == list(range(60))  # 3 × 20, each epoch once
    assert state.model("churn").epoch == 60
    assert verify(entries, state.head("churn")) == []
    state.close()


PROMOTER = """
import sys
from dataclasses import replace
from datetime import UTC, datetime
from noria.adapters.state import SqlState
from noria.core.traffic import Arm, Plan
from noria.rows import Entry

state = SqlState(sys.argv[1])
while True:
    row = state.model("churn")
    number = row.epoch + 1
    plan = Plan(model="churn", number=number, salt="s", arms=(Arm(version=number, share=100),))
    entry = Entry(at=datetime.now(UTC), actor="noria", kind="promoted", body={"version": number})
    state.change(row, replace(row, champion=number, plan=plan), [entry, entry])
    print(number, flush=True)
"""


def test_a_promoter_that_is_killed_leaves_the_state_before_or_after(url):
    """Each round kills -9 a process that promotes version after version, at a random moment."""
    seconds = random.Random(7)
    for _ in range(6):
        promoter = start(PROMOTER, url)
        acknowledged = int(promoter.stdout.readline())
        time.sleep(seconds.uniform(0, 0.1))
        os.kill(promoter.pid, signal.SIGKILL)
        acknowledged = max([acknowledged, *map(int, promoter.communicate()[0].splitlines())])
        state = SqlState(url)
        row, entries = state.model("churn"), state.ledger("churn")
        assert row.epoch in (acknowledged, acknowledged + 1)  # the last one may be done, and not yet told
        assert row.champion == row.plan.number == row.epoch
        assert [each["body"]["version"] for each in entries[::2]] == list(range(1, row.epoch + 1))
        assert len(entries) == 2 * row.epoch
        assert verify(entries, state.head("churn")) == []
        state.close()
