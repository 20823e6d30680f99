"""wrk: a client that keeps connections open and sends the next request as soon as it has an answer."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from benchmarks.evidence import Skipped


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Requests a second; latencies in milliseconds; `failed` were not answered, or not with 200."""

    rate: float
    p50: float
    p99: float
    failed: int


def available() -> None:
    """Raise Skipped where wrk is not installed."""
    if shutil.which("wrk") is None:
        raise Skipped("it needs wrk: apt install wrk")


def load(url: str, body: str | None, *, connections: int, seconds: int, scratch: Path) -> Load:
    """Post the JSON `body` (None: get) over so many connections for so many seconds."""
    script = scratch / "request.lua"
    script.write_text(_script(body))
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(script), url]
    return figures(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def figures(said: str) -> Load:
    """Return what wrk tells."""

    def found(pattern: str) -> str:
        match = re.search(pattern, said, re.MULTILINE)
        return match[1] if match else ""

    failed = sum(map(int, re.findall(r"(?:connect|read|write|timeout|responses:) (\d+)", said)))
    return Load(
        rate=float(found(r"Requests/sec:\s+([\d.]+)")),
        p50=_milliseconds(found(r"^ +50% +(\S+)")),
        p99=_milliseconds(found(r"^ +99% +(\S+)")),
        failed=failed,
    )


def _milliseconds(text: str) -> float:
    match = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text)
    assert match is not None, text
    return float(match[1]) * {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}[match[2]]


def _script(body: str | None) -> str:
    if body is None:
        return ""
    assert "]==]" not in body
    headers = 'wrk.headers["Content-Type"] = "application/json"'
    return f'wrk.method = "POST"\n{headers}\nwrk.body = [==[{body}]==]\n'
