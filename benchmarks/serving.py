"""The gateway under load: a LightGBM model of twenty numbers, and wrk."""

from __future__ import annotations

import json
import random
import re
import shutil
import subprocess
from pathlib import Path

from benchmarks.evidence import Found, Skipped
from benchmarks.project import init, wait_for

NUMBERS = 20
SECONDS = 10
CONNECTIONS = (1, 32)


def measure(scratch: Path) -> Found:
    """Return requests a second and latencies at one connection and at 32.

    Raises:
        Skipped: wrk is not installed.
    """
    if shutil.which("wrk") is None:
        raise Skipped("it needs wrk: apt install wrk")
    table = scratch / "table.csv"
    table.write_text(_table(random.Random(0)))
    project = init(scratch, "--data", str(table), "--label", "y")
    row = {f"x{number}": number / NUMBERS for number in range(NUMBERS)}
    body = json.dumps({"dataframe_records": [row]})
    script = scratch / "post.lua"
    script.write_text(_script(body))
    with project.up():
        wait_for(lambda: project.answering(body.encode()) == "1")
        said = {number: _wrk(project.port, script, number) for number in CONNECTIONS}
    rows = [(number, *figures(text)) for number, text in said.items()]
    return Found(
        title="Serving",
        how=(
            f"One row of {NUMBERS} numbers a request to /invocations, recorded before it is answered; wrk "
            f"for {SECONDS} s on the same machine, whose cores it shares."
        ),
        header=("connections", "requests/s", "p50", "p99", "not 200"),
        rows=rows,
        target="Target: no failed request",
        reached=all(row[-1] == 0 for row in rows),
    )


def figures(said: str) -> tuple[float, str, str, int]:
    """Return requests a second, median and 99th percentile, and the failed requests, as wrk tells them."""

    def found(pattern: str) -> str:
        match = re.search(pattern, said, re.MULTILINE)
        return match[1] if match else ""

    failed = sum(map(int, re.findall(r"(?:connect|read|write|timeout|responses:) (\d+)", said)))
    return float(found(r"Requests/sec:\s+([\d.]+)")), found(r"^ +50% +(\S+)"), found(r"^ +99% +(\S+)"), failed


def _wrk(port: int, script: Path, connections: int) -> str:
    command = ["wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s", "--latency", "-s", str(script)]
    url = f"http://127.0.0.1:{port}/invocations"
    return subprocess.run([*command, url], check=True, capture_output=True, text=True).stdout


def _script(body: str) -> str:
    return f'wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\nwrk.body = [[{body}]]\n'


def _table(dice: random.Random) -> str:
    names = [f"x{number}" for number in range(NUMBERS)]
    lines = [",".join([*names, "y"])]
    for _ in range(5_000):
        x = [dice.random() for _ in names]
        lines.append(",".join([*(f"{value:.5f}" for value in x), str(int(x[0] + x[1] > 2 * dice.random()))]))
    return "\n".join(lines) + "\n"
