"""One queue per version: rows of many requests go to the model together.

An idle host gets what has come in one turn of the event loop at once; while it is busy the queue gathers. So
nobody waits for a batch to fill, and batches grow with the load by themselves, until a call would take longer
than its budget. What is too much is refused at once.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from functools import partial
from time import monotonic
from typing import Any

from noria.errors import RequestError
from noria.gateway.batch import Batch, join
from noria.gateway.hosting.frames import Reply, encode_call
from noria.gateway.hosting.link import Link
from noria.gateway.telemetry.tally import Requests, Tally

MAX_ROWS = 1024
"""Rows of a micro-batch; a larger request travels alone."""
MAX_WAITING = 16 * MAX_ROWS
BUDGET = 0.05
"""Seconds that the call of a micro-batch should take, by what the calls before took per row."""
FEWEST = 16
"""Rows that may travel together even so: a part of the time may be the same for any number of rows."""
MAX_WAIT = 0.25
"""Seconds, or two calls if that is longer, that a job may wait before newer ones are refused."""
PATIENCE = 5.0
"""Seconds that a champion's rows wait for a host that is down."""
BUSY = RequestError(503, "too many requests are waiting")


class Job:
    """The rows of one request that one version answers, and whom to tell."""

    __slots__ = ("alone", "batch", "client", "entities", "ids", "plan", "role", "settle", "started")

    def __init__(
        self,
        batch: Batch,
        ids: list[str],
        entities: list[str],
        plan: int,
        role: str,
        started: float,
        settle: Callable[[Job, int, list[Any] | RequestError, bool], None],
        client: str,
    ) -> None:
        """`settle` gets the job, the version, its outputs or what went wrong, and whether it was logged.

        `client` is the name of the token that asks, "" where none is wanted.
        """
        self.batch = batch
        self.ids = ids
        self.entities = entities
        self.plan = plan
        self.role = role
        self.started = started
        self.settle = settle
        self.client = client
        self.alone = False  # after a batch that killed its host, its jobs travel one by one


Log = Callable[[int, list[Job], bytes, bytes, Callable[[bool], None]], None]
"""Record a version, jobs of one plan and role, their call and outputs; then tell whether they are kept."""


class Lane:
    """The queue of one version before its host."""

    def __init__(self, version: int, link: Link, log: Log) -> None:
        """Make the queue of a host that has started."""
        self.version = version
        self.link = link
        self._log = log
        kinds = {feature["name"]: feature["kind"] for feature in link.spec["features"]}
        self.features = frozenset(kinds)
        self.numbers = frozenset(name for name, kind in kinds.items() if kind == "number")
        self._waiting: deque[Job] = deque()
        self._flying: list[Job] = []
        self._scheduled = False
        self._limit = FEWEST
        self._begun = 0.0
        self._pace = self._took = 0.0  # seconds, on average, per row and per call
        self.rows = 0
        self.tally = Tally()
        link.on_change = self._link_changed

    @property
    def empty(self) -> bool:
        return not (self._waiting or self._flying)

    @property
    def full(self) -> bool:
        """Whether more waits than the next call takes, and for too long; a restart is waited for longer."""
        if self.rows <= self._limit:
            return False
        longest = max(MAX_WAIT, 2 * self._took)
        overdue = self.link.up and self._waiting[0].started < monotonic() - longest
        return overdue or self.rows >= MAX_WAITING

    def submit(self, job: Job) -> None:
        """Queue a job; without a host, or with too many, it waits if it is the champion's alone."""
        if not self.link.up and (job.role != "champion" or self.link.hopeless):
            job.settle(job, self.version, self.link.down, True)
            return
        if job.role != "champion" and self.full:
            job.settle(job, self.version, BUSY, True)
            return
        self._waiting.append(job)
        self.rows += job.batch.rows
        if self.link.free and not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._send)

    def _send(self) -> None:
        self._scheduled = False
        if not self._waiting or not self.link.free:
            return
        self._flying = jobs = self._gather()
        call = encode_call(join([job.batch for job in jobs], self.numbers))
        self._begun = monotonic()
        self.link.call(call, lambda reply: self._settle(jobs, call, reply))

    def _gather(self) -> list[Job]:
        jobs = [self._waiting.popleft()]
        rows = jobs[0].batch.rows
        while self._waiting and not jobs[0].alone and not self._waiting[0].alone:
            rows += self._waiting[0].batch.rows
            if rows > self._limit:
                break
            jobs.append(self._waiting.popleft())
        self.rows -= sum(job.batch.rows for job in jobs)
        return jobs

    def _settle(self, jobs: list[Job], call: bytes, reply: Reply | RequestError) -> None:
        self._flying = []
        if not isinstance(reply, RequestError):
            self._measure(jobs)
        self._send()  # the host goes on while this batch is recorded and answered
        if isinstance(reply, RequestError):
            self._count(jobs, self.tally.failed)
            for job in jobs:
                job.settle(job, self.version, reply, True)
            return
        self.tally.calls += 1
        first = jobs[0]
        if reply.errors or any(job.plan != first.plan or job.role != first.role for job in jobs):
            self._settle_singly(jobs, reply)
            return
        self._count(jobs, self.tally.answered)
        tell = partial(self._tell, jobs, reply.values())
        self._log(self.version, jobs, call, reply.outputs, tell)

    def _tell(self, jobs: list[Job], outputs: list[Any], logged: bool) -> None:
        start = 0
        for job in jobs:
            end = start + job.batch.rows
            job.settle(job, self.version, outputs[start:end], logged)
            start = end

    def _settle_singly(self, jobs: list[Job], reply: Reply) -> None:
        outputs, errors = reply.values(), reply.errors
        start = 0
        for job in jobs:
            end = start + job.batch.rows
            wrong = next(
                (f"row {row - start}: {errors[row]}" for row in range(start, end) if row in errors), ""
            )
            self._count([job], self.tally.failed if wrong else self.tally.answered)
            if wrong:
                job.settle(job, self.version, RequestError(500, wrong), True)
            else:
                call = encode_call(join([job.batch], self.numbers))
                tell = partial(self._tell, [job], outputs[start:end])
                self._log(self.version, [job], call, reply.part(start, end), tell)
            start = end

    def _measure(self, jobs: list[Job]) -> None:
        """Let the next batches be as large as the budget allows, by the time of this call."""
        took = monotonic() - self._begun
        self._took += (took - self._took) / 4
        self._pace += (took / sum([job.batch.rows for job in jobs]) - self._pace) / 4
        fewest = min(FEWEST, self.link.deadline / 4 / self._pace)
        self._limit = int(min(MAX_ROWS, max(BUDGET / self._pace, fewest, 1)))

    def _count(self, jobs: list[Job], requests: Requests) -> None:
        requests.add([job.started for job in jobs], sum(job.batch.rows for job in jobs))

    def _link_changed(self) -> None:
        if self.link.up:
            self._send()
        else:
            self._give_up(lambda job: job.role != "champion")
            asyncio.get_running_loop().call_later(PATIENCE, self._lose_patience)

    def _lose_patience(self) -> None:
        if not self.link.up and self._waiting:
            asyncio.get_running_loop().call_later(PATIENCE / 10, self._lose_patience)
            oldest = monotonic() - PATIENCE
            self._give_up(lambda job: job.started < oldest)

    def _give_up(self, chosen: Callable[[Job], bool]) -> None:
        jobs = [job for job in self._waiting if chosen(job)]
        self._waiting = deque(job for job in self._waiting if not chosen(job))
        self.rows -= sum(job.batch.rows for job in jobs)
        for job in jobs:
            job.alone = True
            job.settle(job, self.version, self.link.down, True)
