"""Messages go to real servers on this machine: one that takes them, one that refuses, one that hangs."""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from time import monotonic

import pytest

from noria.adapters.notify import send

SECRET = "s3cr3t"
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")  # apprise, before Python 3.13


@contextmanager
def webhook(status: int = 200, hold: Event | None = None) -> Iterator[tuple[str, list[dict]]]:
    """A server that keeps what it is sent, and answers with a status once `hold` is set."""
    taken: list[dict] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            taken.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            if hold:
                hold.wait(30)
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"json://127.0.0.1:{server.server_port}/{SECRET}", taken
    finally:
        if hold:
            hold.set()
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_webhook_gets_title_and_text() -> None:
    with webhook() as (url, taken):
        assert send(url, "drift of carrier", "30% are recorded as another") == ""
    assert (taken[0]["title"], taken[0]["message"]) == ("drift of carrier", "30% are recorded as another")


def test_a_route_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert send("$HOOK", "t", "x") == "$HOOK is not set in the environment of noria"
    with webhook() as (url, taken):
        monkeypatch.setenv("HOOK", url)
        assert send("$HOOK", "t", "x") == ""
    assert len(taken) == 1


def test_a_webhook_that_hangs_is_given_up() -> None:
    with webhook(hold=Event()) as (url, _):
        begun = monotonic()
        assert send(url, "t", "x", limit=0.3) == "no answer within 0.3 s"
        assert monotonic() - begun < 10


def test_one_that_refuses_is_told_with_its_status() -> None:
    with webhook(status=503) as (url, _):
        assert send(url, "t", "x") == "the service refused it: status 503"


def test_one_that_is_down() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert send(f"json://127.0.0.1:{port}/", "t", "x") == "the service could not be reached"


def test_no_url() -> None:
    assert send("nothing", "t", "x").startswith("apprise knows no service of this URL")


def test_no_secret_is_logged_or_returned(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    faults: list[str] = []
    with webhook(status=500) as (url, _):
        faults.append(send(url, "t", "x"))
    faults.append(send(url, "t", "x"))  # it is down now
    assert all(faults)
    assert SECRET not in "".join(faults) + caplog.text
