import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from threading import Event, Thread

import pytest

from noria.adapters.supervisor import Part, is_up, only_one, supervise
from noria.errors import Unavailable


def part(tmp_path: Path, code: str) -> Part:
    script = tmp_path / "part.py"
    script.write_text(textwrap.dedent(code))
    return Part("part", [sys.executable, str(script)], tmp_path / "logs" / "part.log")


def until(done, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_what_dies_is_started_again_and_told(tmp_path: Path) -> None:
    lives = tmp_path / "lives"
    dying = part(tmp_path, f"open({str(lives)!r}, 'a').write('x')\nprint('last words')\nraise SystemExit(7)")
    stop, told = Event(), []
    thread = Thread(target=supervise, args=([dying], stop, told.append))
    thread.start()
    until(lambda: lives.exists() and len(lives.read_text()) >= 2)
    stop.set()
    thread.join(10)
    assert told[0].startswith("part ended with 7; see ")
    assert "last words" in (tmp_path / "logs" / "part.log").read_text()


def test_what_dies_at_once_again_and_again_has_to_wait(tmp_path: Path) -> None:
    lives = tmp_path / "lives"
    dying = part(tmp_path, f"open({str(lives)!r}, 'a').write('x')")
    for _ in range(50):
        dying.tend(lambda _: None)
        time.sleep(0.01)
    assert len(lives.read_text()) <= 3  # at once, and after half a second


def test_a_clean_stop_waits_for_the_end(tmp_path: Path) -> None:
    done = tmp_path / "done"
    calm = part(
        tmp_path,
        f"""
        import signal, sys, time
        def end(*_):
            time.sleep(0.3)
            open({str(done)!r}, "w").write("finished")
            sys.exit(0)
        signal.signal(signal.SIGTERM, end)
        open({str(tmp_path / "up")!r}, "w")
        time.sleep(60)
        """,
    )
    stop = Event()
    thread = Thread(target=supervise, args=([calm], stop, lambda _: None))
    thread.start()
    until((tmp_path / "up").exists)
    stop.set()
    thread.join(10)
    assert done.read_text() == "finished"


def test_a_second_one_is_refused_and_told_of_the_first(tmp_path: Path) -> None:
    lock = tmp_path / "up.lock"
    assert not is_up(lock)
    with only_one(lock):
        with (
            pytest.raises(
                Unavailable, match=rf"up in this project already, as process {os.getpid()}"
            ) as error,
            only_one(lock),
        ):
            pass
        assert error.value.hint == "noria status"
        assert is_up(lock)
    assert not is_up(lock)


def test_parts_end_when_their_supervisor_is_killed(tmp_path: Path) -> None:
    code = f"""
    from pathlib import Path
    from threading import Event
    from noria.adapters.supervisor import Part, supervise
    child = Part("child", ["sleep", "60"], Path({str(tmp_path / "log")!r}))
    child.tend(print)
    print(child._process.pid, flush=True)
    Event().wait()
    """
    supervisor = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, text=True
    )
    assert supervisor.stdout is not None
    with supervisor.stdout:
        child = int(supervisor.stdout.readline())
        os.kill(supervisor.pid, signal.SIGKILL)
        supervisor.wait()
    until(lambda: _gone(child))


def _gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z"
    except FileNotFoundError:
        return True
