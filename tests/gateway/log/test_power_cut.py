"""A power cut at any moment: what the kernel was told, replayed on a disk that forgets what is not synced."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from benchmarks.evidence import Found, write
from noria import segment

CALL = re.compile(rb'(\d+) ([\d.]+) (\w+)\(\d+<([^>]*)>(?:, "(.*)", \d+)?(.*)')
RESUMED = re.compile(rb"(\d+) ([\d.]+) <\.\.\. (\w+) resumed>.*")
ANSWER = re.compile(rb"HTTP/1\.1 200.*?x-request-id: (\S+)\r\n", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Something that a thread asked of the kernel, or that the kernel has done."""

    at: float
    call: str
    path: str
    data: bytes
    done: bool


@dataclass(slots=True)
class Disk:
    """What a power cut would leave: of each record, when it was written, and since when it is safe."""

    written: dict[str, float] = field(default_factory=dict)
    safe: dict[str, float] = field(default_factory=dict)
    pending: dict[str, list[str]] = field(default_factory=dict)
    syncing: dict[str, list[str]] = field(default_factory=dict)

    def play(self, step: Step) -> None:
        if step.call == "write" and step.done:
            ids = [key for record in segment.decode(step.data).records for key in record["ids"]]
            self.written |= dict.fromkeys(ids, step.at)
            self.pending.setdefault(step.path, []).extend(ids)
        elif step.call == "fdatasync" and not step.done:
            self.syncing[step.path] = self.pending.pop(step.path, [])
        elif step.call == "fdatasync":
            self.safe |= dict.fromkeys(self.syncing.pop(step.path, []), step.at)


@pytest.mark.evidence
@pytest.mark.timeout(120)
def test_a_power_cut_costs_what_the_mode_says(run: Any, artifacts: Sequence[Any], tmp_path: Path) -> None:
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    rows = []
    for mode in ("buffered", "durable"):
        with run(tmp_path / mode, log=mode) as gateway:
            gateway.serve(1, {7: 100}, {7: artifacts[0]})
            steps = list(traced(gateway, tmp_path / f"{mode}.trace"))
        rows.append((mode, *losses(steps)))
    (_, answers, _, exposed), (_, sure, lost, _) = rows
    reached = answers > 100 and sure > 100 and lost == 0 and exposed < 1
    found = Found(
        title="A power cut",
        how=(
            "A gateway under load, every call to the kernel traced. At the moment of each answer: would its "
            "record outlive a power cut, on a disk that forgets whatever no finished fdatasync covers? And "
            "how long is a record that was written not safe yet?"
        ),
        header=("mode", "answers", "lost by a cut at that moment", "longest time until safe, s"),
        rows=rows,
        target="durable: none lost; buffered: safe within a second",
        reached=reached,
    )
    write("power_cut", found)
    assert reached, rows


def losses(steps: list[Step]) -> tuple[int, int, float]:
    """Return the answers, how many of them a cut right then would have lost, and the longest exposure (s)."""
    disk, answers, lost = Disk(), 0, 0
    for step in steps:
        if step.path.endswith(".seg"):
            disk.play(step)
        elif not step.done and (answer := ANSWER.match(step.data)):
            answers += 1
            lost += answer[1].decode() not in disk.safe
    exposed = [disk.safe[key] - at for key, at in disk.written.items() if key in disk.safe]
    return answers, lost, max(exposed)


def traced(gateway: Any, output: Path) -> Iterator[Step]:
    """Have the gateway answer under load for a second, and return what its worker asked of the kernel."""
    (worker,) = gateway.workers()
    calls = ["-e", "trace=write,fdatasync", "-f", "-y", "-ttt", "-xx", "-s", "65536"]
    tracer = subprocess.Popen(["strace", *calls, "-o", str(output), "-p", str(worker)])
    gateway.wait_until(output.exists, "strace runs")
    with gateway.load(4):
        time.sleep(1.5)
    time.sleep(0.5)  # so that the last records are synced too
    tracer.terminate()
    tracer.wait(20)
    open_calls: dict[bytes, Step] = {}
    for line in output.read_bytes().splitlines():
        if call := CALL.match(line):
            thread, at, name, path, data, rest = call.groups()
            step = Step(
                at=float(at), call=name.decode(), path=text(path).decode(), data=text(data or b""), done=False
            )
            yield step
            open_calls[thread] = step
            if b"unfinished" not in rest:
                yield finished(step, float(at))
        elif (resumed := RESUMED.match(line)) and resumed[1] in open_calls:
            yield finished(open_calls[resumed[1]], float(resumed[2]))


def finished(step: Step, at: float) -> Step:
    return Step(at=at, call=step.call, path=step.path, data=step.data, done=True)


def text(escaped: bytes) -> bytes:
    return bytes.fromhex(escaped.replace(b"\\x", b"").decode())
