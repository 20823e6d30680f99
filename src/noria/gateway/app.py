"""A worker of the gateway: builds its parts, serves until SIGTERM, and loses nothing on the way out."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
from collections.abc import Callable
from typing import Protocol

import uvloop
from msgspec.structs import replace

from noria.gateway.access.guard import Access
from noria.gateway.access.rates import Buckets
from noria.gateway.access.token_file import TokenFile
from noria.gateway.access.token_watch import TokenWatch
from noria.gateway.access.tokens import Tokens
from noria.gateway.endpoints import Endpoints
from noria.gateway.http.listen import BACKLOG, room
from noria.gateway.http.messages import Handler
from noria.gateway.http.server import Server
from noria.gateway.http.tls import Certificate
from noria.gateway.log.record import Recorder
from noria.gateway.log.reserve import Reserve
from noria.gateway.models import Model, Models
from noria.gateway.plan_watch import PlanWatch
from noria.gateway.route import Router
from noria.gateway.settings import ModelSettings, Settings
from noria.gateway.telemetry.access_log import AccessLog
from noria.gateway.telemetry.metrics import Counts, Metrics
from noria.gateway.telemetry.metrics_page import MetricsPage
from noria.gateway.telemetry.trace import Trace
from noria.ports import Clock

GRACE = 0.5
"""Seconds after SIGTERM in which a request that is on its way on an open connection is still answered."""
DRAIN = 30.0


class Follower(Protocol):
    """What keeps up with something outside, until it is cancelled."""

    async def follow(self) -> None: ...


def run(settings: Settings, worker: int, listener: socket.socket, clock: Clock) -> None:
    """Serve until SIGTERM or SIGINT; then answer what is in flight, sync the log and return.

    Raises:
        ProjectError: the certificate does not load.
    """
    uvloop.run(serve(settings, worker, listener, clock))


async def serve(settings: Settings, worker: int, listener: socket.socket, clock: Clock) -> None:
    """Serve until SIGTERM or SIGINT, on the running event loop; see `run`."""
    stop = _stop_on_signals()
    models = Models(
        {each.name: _model(each, worker, clock) for each in settings.models}, settings.models[0].name
    )
    share = -(-settings.limits.connections // settings.workers)
    limits = replace(settings.limits, connections=room(share))
    certificate = _certificate(settings)
    handler, followers = _layers(settings, models, worker, clock, connections=lambda: server.connections)
    server = Server(handler, limits, secure=certificate is not None)
    watches = [PlanWatch(model, worker, settings.workers) for model in models]
    try:
        _calm_the_collector()
        listening = await _listen(server, listener, settings, certificate)
        followers += [*watches, *([certificate] if certificate else [])]
        tasks = [asyncio.create_task(each.follow()) for each in followers]
        tasks.append(asyncio.create_task(server.watch()))
        await stop.wait()
        listening.close()
        await server.drain(GRACE, DRAIN)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    finally:
        for model in models:
            model.recorder.close()


def _layers(
    settings: Settings, models: Models, worker: int, clock: Clock, *, connections: Callable[[], int]
) -> tuple[Handler, list[Follower]]:
    """Return what answers requests, built from the innermost layer to the outermost, and what follows."""
    directory, counts = settings.home / "gateway", Counts()
    page = MetricsPage(models, counts, connections, directory, worker)
    watch = TokenWatch(TokenFile(settings.home), worker) if settings.tokens else None
    access = Access(models, tokens=watch, buckets=Buckets(directory / "rates"), clock=clock)
    handler: Handler = Endpoints(models, clock, more=[page.route], guard=access.guard)
    followers: list[Follower] = [page, *([watch] if watch else [])]
    if settings.access_log:
        path = settings.home / "logs" / "access.jsonl"
        handler = log = AccessLog(handler, path, watch.tokens if watch else Tokens(), clock)
        followers.append(log)
    return Trace(Metrics(handler, counts)), followers


def _model(settings: ModelSettings, worker: int, clock: Clock) -> Model:
    recorder = Recorder(
        settings.home / "log",
        worker=worker,
        clock=clock,
        reserve=Reserve(settings.home / "reserve"),
        durable=settings.log == "durable",
    )
    return Model(settings=settings, router=Router(settings, recorder, clock), recorder=recorder)


def _certificate(settings: Settings) -> Certificate | None:
    return Certificate(settings.certificate, settings.key) if settings.certificate else None


async def _listen(
    server: Server, listener: socket.socket, settings: Settings, certificate: Certificate | None
) -> asyncio.Server:
    return await asyncio.get_running_loop().create_server(
        server,
        sock=listener,
        backlog=BACKLOG,
        ssl=certificate.context if certificate else None,
        ssl_handshake_timeout=settings.limits.header if certificate else None,
    )


def _stop_on_signals() -> asyncio.Event:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


def _calm_the_collector() -> None:
    # What was built so far stays; requests leave no cycles behind, so a rare look is enough.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
