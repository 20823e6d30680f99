from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from noria.adapters.compute import Workshop
from noria.errors import DataError, JobKilled, JobRaised, JobTimedOut, PipelineError, RequestError

JOBS = """
import os, signal, subprocess, sys, time
from dataclasses import dataclass as value
from pathlib import Path
from noria.errors import DataError, PipelineError, RequestError

@value
class Point:
    x: float
    y: float

def double(payload): return payload * 2
def about(payload): return [os.getpid(), os.getppid(), os.getpgid(0), os.getcwd(), os.nice(0)]
def environment(name): return os.environ.get(name)
def loaded(name): return name in sys.modules
def fail(payload): raise ValueError("bad value")
def leave(payload): os._exit(3)
def no_json(payload): return object()
def dataclass(payload): return Point(1.5, float("nan"))
def refuse(payload): raise PipelineError("no model", hint="noria doctor")
def refuse_with_facts(payload): raise RequestError(409, "conflict")
def noise(lines):
    print("the first line")
    for _ in range(lines): sys.stdout.write("x" * 999 + "\\n")
    print("the last line")
    return "done"
def hang(pids):
    child = subprocess.Popen(["sleep", "60"])
    Path(pids).write_text(f"{os.getpid()} {child.pid}")
    print("hanging")
    time.sleep(60)
def die(number): os.kill(os.getpid(), number)
def orphan(payload): return subprocess.Popen(["sleep", "60"]).pid
def draw(payload):
    import random
    import numpy.random
    return [random.random(), numpy.random.rand()]
def boost(payload):
    import lightgbm, numpy as np, polars as pl
    frame = pl.DataFrame({"g": ["a", "b"] * 500, "x": range(1000)})
    total = frame.group_by("g").agg(pl.col("x").sum()).sort("g")["x"].to_list()
    rows = np.random.default_rng(0).normal(size=(1000, 2))
    booster = lightgbm.train({"verbose": -1, "num_threads": 2}, lightgbm.Dataset(rows, rows[:, 0]), 3)
    return [total, booster.num_trees()]
"""


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workshop]:
    (tmp_path / "trial.py").write_text(JOBS)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    made = Workshop()
    yield made
    made.close()


@pytest.fixture
def call(workshop: Workshop, tmp_path: Path):
    def called(name: str, payload=None, **options):
        options = {"log": tmp_path / "log.txt", "timeout": 30, "cwd": tmp_path} | options
        return workshop.call(f"trial:{name}", payload, **options)

    return called


def is_alive(pid: int) -> bool:
    """Say whether the process runs; one that ended and was not waited for does not."""
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"


def gone(*pids: int) -> bool:
    deadline = time.monotonic() + 5
    while any(is_alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not any(is_alive(pid) for pid in pids)


def test_a_job_runs_in_a_fresh_child_of_one_warm_worker(call, tmp_path):
    first, second = call("about"), call("about")
    assert call("double", [1, "a"]) == [1, "a", 1, "a"]
    pid, worker, group, directory, niceness = first
    assert pid != second[0]
    assert worker == second[1] != os.getpid()
    assert group == pid
    assert directory == str(tmp_path)
    assert niceness == os.nice(0) + 5


def test_a_dataclass_comes_back_as_a_dict_and_nan_as_nan(call):
    point = call("dataclass")
    assert point["x"] == 1.5
    assert point["y"] != point["y"]


def test_what_is_preloaded_stays_and_what_a_job_imports_does_not(call):
    assert call("loaded", "this_is_not_there", preload=["this_is_not_there", "wave"]) is False
    assert call("loaded", "wave") is True
    assert call("loaded", "numpy") is False
    call("draw")
    assert call("loaded", "numpy") is False


def test_polars_and_lightgbm_work_after_the_fork(call):
    # 0 + 2 + ... + 998 = 249,500 and 1 + 3 + ... + 999 = 250,000
    for _ in range(2):
        assert call("boost", preload=["polars", "lightgbm"]) == [[249_500, 250_000], 3]
    assert int(call("environment", "OMP_NUM_THREADS")) >= 1


def test_forks_do_not_repeat_random_numbers(call):
    first, second = call("draw", preload=["numpy.random"]), call("draw")
    assert first[0] != second[0]
    assert first[1] != second[1]


def test_an_error_says_where_it_arose_and_carries_the_log(call):
    with pytest.raises(JobRaised, match=r"ValueError: bad value \(trial.py, line 16\)") as caught:
        call("fail")
    assert caught.value.log.splitlines()[-1] == "ValueError: bad value"


def test_an_end_without_a_result_is_an_error(call):
    with pytest.raises(JobRaised, match="the job leave ended by itself with exit code 3 and no result"):
        call("leave")
    with pytest.raises(JobRaised, match="TypeError: Encoding objects of type object is unsupported"):
        call("no_json")


def test_an_error_of_noria_comes_back_as_itself(call):
    with pytest.raises(PipelineError) as caught:
        call("refuse")
    assert (caught.value.message, caught.value.hint) == ("no model", "noria doctor")
    assert str(caught.value) == "no model\n  try: noria doctor"
    with pytest.raises(RequestError, match="conflict") as caught:
        call("refuse_with_facts")
    assert caught.value.status == 409


def test_a_hundred_megabytes_of_output_leave_one(call, tmp_path):
    assert call("noise", 100_000) == "done"
    log = (tmp_path / "log.txt").read_text()
    assert log.startswith("the first line\n")
    assert log.endswith("the last line\n")
    # Both lines together have 29 bytes; half a megabyte is kept of each end.
    assert f"... {100_000_029 - 2**20:,} bytes left out ..." in log
    assert len(log) < 1_100_000


def test_a_full_disk_loses_the_log_and_not_the_job(call):
    assert call("noise", 2_000, log=Path("/dev/full")) == "done"


def test_a_short_log_is_kept_whole_and_appended_to(call, tmp_path):
    call("noise", 600)
    assert len((tmp_path / "log.txt").read_text()) == 600_029
    call("noise", 0)
    assert len((tmp_path / "log.txt").read_text()) == 600_058


def test_a_job_that_hangs_is_ended_with_all_that_it_started(call, tmp_path):
    with pytest.raises(JobTimedOut, match=r"the job hang took more than 0.5 s") as caught:
        call("hang", str(tmp_path / "pids"), timeout=0.5)
    assert caught.value.log == "hanging"
    assert gone(*map(int, (tmp_path / "pids").read_text().split()))
    assert call("double", 2) == 4


def test_what_a_job_leaves_running_is_ended(call):
    assert gone(call("orphan"))


@pytest.mark.parametrize(
    ("number", "message"),
    [(signal.SIGKILL, r"by SIGKILL; it held up to [1-9]\d* MB"), (signal.SIGSEGV, "by SIGSEGV\n")],
)
def test_a_signal_that_ends_the_job_is_named(call, number, message):
    with pytest.raises(JobKilled, match="the job die was ended " + message):
        call("die", int(number))
    assert call("double", 2) == 4


def test_a_killed_worker_is_replaced_between_jobs(call):
    worker = call("about")[1]
    os.kill(worker, signal.SIGKILL)
    assert gone(worker)
    assert call("about")[1] != worker


def test_a_worker_killed_during_a_job_takes_the_job_with_it(call, tmp_path):
    worker = call("about")[1]
    threading.Timer(0.5, os.kill, (worker, signal.SIGKILL)).start()
    with pytest.raises(JobKilled):
        call("hang", str(tmp_path / "pids"))
    assert gone(*map(int, (tmp_path / "pids").read_text().split()))
    assert call("double", 2) == 4


def test_the_worker_ends_by_itself_when_idle(workshop, tmp_path):
    short = Workshop(idle=0.2)
    options = {"log": tmp_path / "log.txt", "timeout": 30}
    worker = short.call("trial:about", None, **options)[1]
    time.sleep(0.4)
    again = short.call("trial:about", None, **options)[1]
    assert again != worker
    short.close()
    assert gone(worker, again)


def test_worker_and_job_end_with_their_caller(workshop, tmp_path):
    script = (
        "from pathlib import Path; from noria.adapters.compute import Workshop\n"
        f"at = Path({str(tmp_path)!r})\n"
        "Workshop().call('trial:hang', str(at / 'pids'), log=at / 'log', timeout=60)"
    )
    caller = subprocess.Popen([sys.executable, "-c", script])
    deadline = time.monotonic() + 10
    while len((tmp_path / "pids").read_text().split() if (tmp_path / "pids").exists() else "") < 2:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    job, started = map(int, (tmp_path / "pids").read_text().split())
    worker = int(Path(f"/proc/{job}/stat").read_text().rpartition(")")[2].split()[1])
    caller.kill()
    caller.wait()
    assert gone(worker, job, started)


def test_close_ends_a_job_that_runs(workshop, call, tmp_path):
    call("double", 1)
    threading.Timer(0.5, workshop.close).start()
    with pytest.raises(JobKilled):
        call("hang", str(tmp_path / "pids"))
    assert gone(*map(int, (tmp_path / "pids").read_text().split()))


def test_an_error_with_several_facts_keeps_them_and_its_notes(call, tmp_path):
    (tmp_path / "trial.py").write_text(
        "from noria.errors import DataError\n"
        "def fail(payload):\n"
        "    error = DataError('two rows')\n"
        "    error.rows = [1, 2]\n"
        "    error.add_note('in the step model')\n"
        "    raise error\n"
    )
    with pytest.raises(DataError) as caught:
        call("fail")
    assert vars(caught.value)["rows"] == [1, 2]
    assert caught.value.__notes__ == ["in the step model"]
