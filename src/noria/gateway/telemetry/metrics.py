"""Counts what a gateway answers, and how long that takes, in plain numbers of this process."""

from __future__ import annotations

from bisect import bisect_left
from time import monotonic

from noria.gateway.http.messages import Handler, Reply, Request, Response
from noria.gateway.telemetry.exposition import BOUNDS, Histogram

Durations = dict[tuple[tuple[str, ...], int], Histogram]
"""By the labels of a response (see http.Response) and its status."""


class Counts:
    """What one worker has counted: how long answers took, and how many requests wait for theirs."""

    def __init__(self) -> None:
        self.durations: Durations = {}
        self.inflight = 0

    def histogram(self, response: Response) -> Histogram:
        """Return where the time of a response is counted."""
        return self.durations.setdefault((response.labels, response.status), Histogram.empty())


class Metrics:
    """Counts every request that passes it."""

    def __init__(self, inner: Handler, counts: Counts) -> None:
        self._inner = inner
        self._counts = counts

    def handle(self, request: Request, reply: Reply) -> None:
        counts = self._counts
        counts.inflight += 1
        started = monotonic()

        def answered(response: Response) -> None:
            counts.inflight -= 1
            seconds = monotonic() - started
            key = response.labels, response.status
            histogram = counts.durations.get(key) or counts.histogram(response)
            # What Histogram.add does, without its call.
            histogram.counts[bisect_left(BOUNDS, seconds)] += 1
            histogram.seconds += seconds
            reply(response)

        try:
            self._inner.handle(request, answered)
        except Exception:
            counts.inflight -= 1  # the server answers it, by refuse
            raise

    def refuse(self, path: str, status: int, message: str) -> Response:
        response = self._inner.refuse(path, status, message)
        self._counts.histogram(response).add(0.0)
        return response
