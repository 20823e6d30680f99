import asyncio
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from noria.gateway.access.tokens import Scope, Token, Tokens, digest
from noria.gateway.http.messages import Reply, Request, Response
from noria.gateway.telemetry import access_log
from noria.gateway.telemetry.access_log import AccessLog

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECRET = "noria_secret"
TOKEN = Token(
    name="shop",
    digest=digest(SECRET.encode()),
    scopes=(Scope.ALL,),
    created=NOON,
    expires=NOON + timedelta(days=1),
)
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


class Clock:
    def now(self) -> datetime:
        return NOON


class Inner:
    def handle(self, request: Request, reply: Reply) -> None:
        lines = b"x-noria-version: 1\r\nx-request-id: visit-1\r\n"
        reply(Response(200, b"12345", lines, labels=("m", "1", "champion", "v2")))

    def refuse(self, path: str, status: int, message: str) -> Response:
        return Response(status, message.encode())


def log(path: Path, *requests: Request, refused: bool = False, size: int = 2**20) -> list[dict[str, Any]]:
    """Return the lines of a log that these requests went through."""

    async def main() -> None:
        layer = AccessLog(Inner(), path, Tokens([TOKEN]), Clock(), size)
        task = asyncio.create_task(layer.follow())
        await asyncio.sleep(0)
        for request in requests:
            layer.handle(request, lambda _: None)
        if refused:
            layer.refuse("/large", 413, "large")
        task.cancel()
        await asyncio.wait([task])

    asyncio.run(main())
    return read(path)


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []


def request(path: str = "/p", **headers: str) -> Request:
    given = {name.encode(): value.encode("latin-1") for name, value in headers.items()}
    return Request(b"POST", path, "a=secret", given, b"body", "10.0.0.7")


def test_a_line_says_who_asked_what_and_who_answered(tmp_path: Path) -> None:
    headers = {"authorization": f"Bearer {SECRET}", "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
    (line,) = log(tmp_path / "access.jsonl", request(**headers))
    seconds = line.pop("seconds")
    assert 0 <= seconds < 1
    assert line == {
        "time": "2026-03-01T12:00:00Z",
        "peer": "10.0.0.7",
        "token": "shop",
        "method": "POST",
        "path": "/p",
        "status": 200,
        "bytes": 5,
        "model": "m",
        "version": "1",
        "role": "champion",
        "protocol": "v2",
        "request": "visit-1",
        "trace": TRACE,
    }


def test_what_never_became_a_request_is_logged_too(tmp_path: Path) -> None:
    (line,) = log(tmp_path / "access.jsonl", refused=True)
    assert (line["path"], line["status"], line["model"], line["token"]) == ("/large", 413, "", "")


@pytest.mark.parametrize(
    "path", ['/a\n{"status": 200}', '/"', "/\\", "/\x00\x1b[2J", "/\x85\u2028", "/" + "x" * 60_000]
)
def test_no_path_makes_a_line_of_its_own(tmp_path: Path, path: str) -> None:
    lines = log(tmp_path / "access.jsonl", request(path), request("/next"))
    assert [line["path"] for line in lines] == [path[: access_log.MAX_PATH], "/next"]
    written = (tmp_path / "access.jsonl").read_bytes()
    assert written.count(b"\n") == 2
    assert not any(byte < 32 for byte in written if byte != 10)


def test_secrets_bodies_and_queries_are_not_logged(tmp_path: Path) -> None:
    log(
        tmp_path / "access.jsonl", request(authorization=f"Bearer {SECRET}"), request(authorization="Basic x")
    )
    written = (tmp_path / "access.jsonl").read_text()
    assert SECRET not in written
    assert "Basic" not in written
    assert "a=secret" not in written
    assert '"body"' not in written


def test_a_full_file_is_put_aside_and_the_one_before_removed(tmp_path: Path) -> None:
    path = tmp_path / "access.jsonl"
    for number in range(3):
        log(path, request(f"/{number}"), size=1)
    (line,) = read(path.with_name("access.jsonl.1"))
    assert line["path"] == "/2"
    assert [each.name for each in tmp_path.iterdir()] == ["access.jsonl.1"]


def test_beyond_what_may_wait_requests_are_counted_and_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(access_log, "MAX_LINES", 3)
    assert len(log(tmp_path / "access.jsonl", *[request()] * 5)) == 3
    assert "2 requests are not in the access log" in caplog.text


def test_several_workers_write_to_one_file_and_rotate_it_once_each(tmp_path: Path) -> None:
    """Two processes append 4,000 numbered lines each to files of 200 kB; those that are left are whole."""
    code = (
        "import sys; from pathlib import Path; from noria.gateway.telemetry.access_log import _File\n"
        "file = _File(Path(sys.argv[1]), 200_000)\n"
        "for n in range(4000): file.append(b'%s-%04d %s\\n' % (sys.argv[2].encode(), n, b'x' * 90))\n"
    )
    path = tmp_path / "access.jsonl"
    writers = [subprocess.Popen([sys.executable, "-c", code, str(path), name]) for name in "ab"]
    assert [writer.wait(30) for writer in writers] == [0] * 2
    lines = [line for each in tmp_path.iterdir() for line in each.read_bytes().splitlines()]
    assert {len(line) for line in lines} == {97}
    assert len(lines) == len(set(lines))
    assert len(lines) * 98 > 200_000  # the file that was put aside last was full
    assert sorted(each.name for each in tmp_path.iterdir()) == ["access.jsonl", "access.jsonl.1"]


def test_a_gateway_logs_every_request_of_all_its_workers(start: Any, artifacts: Any) -> None:
    gateway = start(access_log=True, workers=2)
    gateway.serve(1, {1: 100}, {1: artifacts[0]})
    answers = [gateway.infer(traceparent=f"00-{TRACE}-00f067aa0ba902b7-01") for _ in range(20)]
    assert {answer.headers["traceparent"][:36] for answer in answers} == {f"00-{TRACE}-"}
    assert len({answer.headers["traceparent"] for answer in answers}) == 20
    gateway.request("GET", "/nothing")
    assert gateway.stop() == 0
    lines = read(gateway.home / "logs/access.jsonl")
    predictions = [line for line in lines if line["model"] == "m"]
    assert {line["request"] for line in predictions} == {answer.headers["x-request-id"] for answer in answers}
    assert {(line["trace"], line["status"], line["peer"]) for line in predictions} == {
        (TRACE, 200, "127.0.0.1")
    }
    assert [line["path"] for line in lines if line["status"] == 404] == ["/nothing"]
