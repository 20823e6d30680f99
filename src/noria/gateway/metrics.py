"""Counts what a gateway answers, and how long that takes, in plain numbers of this process."""

from __future__ import annotations

from functools import partial
from time import monotonic

from noria.gateway.exposition import Histogram
from noria.gateway.http import Handler, Reply, Request, Response

Durations = dict[tuple[tuple[str, ...], int], Histogram]
"""By the labels of a response (see http.Response) and its status."""


class Counts:
    """What one worker has counted: how long answers took, and how many requests wait for theirs."""

    def __init__(self) -> None:
        self.durations: Durations = {}
        self.inflight = 0

    def add(self, response: Response, seconds: float) -> None:
        key = response.labels, response.status
        found = self.durations.get(key)
        if found is None:
            found = self.durations[key] = Histogram.empty()
        found.add(seconds)


class Metrics:
    """Counts every request that passes it."""

    def __init__(self, inner: Handler, counts: Counts) -> None:
        self._inner = inner
        self._counts = counts

    def handle(self, request: Request, reply: Reply) -> None:
        self._counts.inflight += 1
        try:
            self._inner.handle(request, partial(self._answered, reply, monotonic()))
        except Exception:
            self._counts.inflight -= 1  # the server answers it, by refuse
            raise

    def refuse(self, path: str, status: int, message: str) -> Response:
        response = self._inner.refuse(path, status, message)
        self._counts.add(response, 0.0)
        return response

    def _answered(self, reply: Reply, started: float, response: Response) -> None:
        self._counts.inflight -= 1
        self._counts.add(response, monotonic() - started)
        reply(response)
