import re
from typing import Any

import pytest

from noria.gateway.http.messages import Reply, Request, Response
from noria.gateway.telemetry.trace import Trace, span

ID, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"  # the specification's own example
GOOD = f"00-{ID}-{PARENT}-01"


@pytest.mark.parametrize(
    ("parent", "out"),
    [
        (GOOD, f"00-{ID}-SPAN-01"),
        (f"00-{ID}-{PARENT}-00", f"00-{ID}-SPAN-00"),
        (f"00-{ID}-{PARENT}-ff", f"00-{ID}-SPAN-01"),  # flags that version 00 does not know are cleared
        (f"cc-{ID}-{PARENT}-01", f"00-{ID}-SPAN-01"),  # a later version
        (f"cc-{ID}-{PARENT}-01-what-comes", f"00-{ID}-SPAN-01"),
        (f"cc-{ID}-{PARENT}-01.what", None),
        (f"00-{ID}-{PARENT}-01-more", None),
        (f"ff-{ID}-{PARENT}-01", None),
        (f"00-{ID.upper()}-{PARENT}-01", None),
        (f"00-{'0' * 32}-{PARENT}-01", None),
        (f"00-{ID}-{'0' * 16}-01", None),
        (f"00-{ID[1:]}-{PARENT}-01", None),
        (f"00-{ID}-{PARENT}-1", None),
        (f"00-{ID}-{PARENT}", None),
        (f"{GOOD}, {GOOD}", None),
        ("", None),
        ("x" * 60_000, None),
    ],
)
def test_a_span_is_in_the_trace_of_its_parent(parent: str, out: str | None) -> None:
    made = span(parent.encode("latin-1"))
    if out is None or made is None:
        assert made is out
    else:
        found = re.fullmatch(out.replace("SPAN", "([0-9a-f]{16})"), made.decode())
        assert found
        assert found[1] != PARENT


class Inner:
    """Answers with what it sees of the trace."""

    def handle(self, request: Request, reply: Reply) -> None:
        reply(Response(200, request.headers.get(b"traceparent", b""), b"x-own: 1\r\n", labels=("m",)))

    def refuse(self, path: str, status: int, message: str) -> Response:
        return Response(status, message.encode())


def ask(**headers: str) -> Response:
    got: list[Any] = []
    given = {name.encode(): value.encode() for name, value in headers.items()}
    Trace(Inner()).handle(Request(b"GET", "/", "", given, b""), got.append)
    return got[0]


def test_the_answer_names_the_span_that_the_gateway_saw() -> None:
    answer = ask(traceparent=GOOD, tracestate="vendor=1,other=2")
    assert ID.encode() in answer.body
    assert answer.headers == b"x-own: 1\r\ntraceparent: %b\r\ntracestate: vendor=1,other=2\r\n" % answer.body
    assert answer.labels == ("m",)


def test_a_malformed_trace_is_replaced_and_its_state_dropped() -> None:
    answer = ask(traceparent="00-zz-yy-01", tracestate="vendor=1")
    assert span(answer.body)
    assert answer.headers == b"x-own: 1\r\ntraceparent: %b\r\n" % answer.body


def test_a_state_that_is_no_header_of_ours_is_dropped() -> None:
    assert b"tracestate" not in ask(traceparent=GOOD, tracestate="x" * 513).headers
    assert b"tracestate" not in ask(traceparent=GOOD, tracestate="a\r\nset-cookie: b").headers


def test_without_a_trace_nothing_is_added() -> None:
    assert ask(tracestate="vendor=1").headers == b"x-own: 1\r\n"
    assert Trace(Inner()).refuse("/", 413, "large") == Response(413, b"large")
