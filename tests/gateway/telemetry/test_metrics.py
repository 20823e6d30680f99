from typing import Any

import pytest

from noria.gateway.http.messages import Reply, Request, Response
from noria.gateway.telemetry.metrics import Counts, Metrics

LABELS = ("m", "1", "champion", "v2")


class Inner:
    """Keeps what it is asked, and raises when the path says so."""

    def __init__(self) -> None:
        self.asked: list[Reply] = []

    def handle(self, request: Request, reply: Reply) -> None:
        if request.path == "/boom":
            raise RuntimeError("boom")
        self.asked.append(reply)

    def refuse(self, path: str, status: int, message: str) -> Response:
        return Response(status, message.encode())


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> tuple[Metrics, Counts, Inner, list[float]]:
    """The middleware before an inner handler, and the time that it sees."""
    now = [100.0]
    monkeypatch.setattr("noria.gateway.telemetry.metrics.monotonic", lambda: now[0])
    counts, inner = Counts(), Inner()
    return Metrics(inner, counts), counts, inner, now


def request(path: str = "/") -> Request:
    return Request(b"POST", path, "", {}, b"")


def test_an_answer_is_counted_with_its_labels_and_its_time(made: Any) -> None:
    metrics, counts, inner, now = made
    answers: list[Response] = []
    metrics.handle(request(), answers.append)
    metrics.handle(request(), answers.append)
    assert counts.inflight == 2
    now[0] += 0.002
    inner.asked[0](Response(200, b"a", labels=LABELS))
    now[0] += 0.5
    inner.asked[1](Response(503, b"b"))
    assert [answer.body for answer in answers] == [b"a", b"b"]
    assert counts.inflight == 0
    good, bad = counts.durations[LABELS, 200], counts.durations[(), 503]
    assert (sum(good.counts), good.seconds) == (1, pytest.approx(0.002))
    assert (sum(bad.counts), bad.seconds) == (1, pytest.approx(0.502))


def test_what_never_became_a_request_is_counted_too(made: Any) -> None:
    metrics, counts, *_ = made
    assert metrics.refuse("/", 413, "large").status == 413
    assert sum(counts.durations[(), 413].counts) == 1


def test_a_request_that_fails_inside_waits_for_nothing(made: Any) -> None:
    metrics, counts, *_ = made
    with pytest.raises(RuntimeError):
        metrics.handle(request("/boom"), lambda _: None)
    assert counts.inflight == 0
