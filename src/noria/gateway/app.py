"""A worker of the gateway: builds its parts, serves until SIGTERM, and loses nothing on the way out."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket

import uvloop
from msgspec.structs import replace

from noria.gateway.endpoints import Endpoints
from noria.gateway.listen import BACKLOG, room
from noria.gateway.models import Model
from noria.gateway.plan_watch import PlanWatch
from noria.gateway.record import Recorder
from noria.gateway.reserve import Reserve
from noria.gateway.route import Router
from noria.gateway.server import Server
from noria.gateway.settings import ModelSettings, Settings
from noria.gateway.tls import Certificate
from noria.ports import Clock

GRACE = 0.5
"""Seconds after SIGTERM in which a request that is on its way on an open connection is still answered."""
DRAIN = 30.0


def run(settings: Settings, worker: int, listener: socket.socket, clock: Clock) -> None:
    """Serve until SIGTERM or SIGINT; then answer what is in flight, sync the log and return.

    Raises:
        ProjectError: the certificate does not load.
    """
    uvloop.run(serve(settings, worker, listener, clock))


async def serve(settings: Settings, worker: int, listener: socket.socket, clock: Clock) -> None:
    """Serve until SIGTERM or SIGINT, on the running event loop; see `run`."""
    stop = _stop_on_signals()
    models = {each.name: _model(each, worker, clock) for each in settings.models}
    limits = replace(settings.limits, connections=room(settings.limits.connections))
    certificate = _certificate(settings)
    server = Server(Endpoints(models, settings.models[0].name, clock), limits, secure=certificate is not None)
    watches = [PlanWatch(model, worker, settings.workers) for model in models.values()]
    try:
        _calm_the_collector()
        listening = await _listen(server, listener, settings, certificate)
        follow = [watch.follow() for watch in watches] + ([certificate.follow()] if certificate else [])
        tasks = [asyncio.create_task(each) for each in (server.watch(), *follow)]
        await stop.wait()
        listening.close()
        await server.drain(GRACE, DRAIN)
        for task in tasks:
            task.cancel()
    finally:
        for model in models.values():
            model.recorder.close()


def _model(settings: ModelSettings, worker: int, clock: Clock) -> Model:
    recorder = Recorder(
        settings.home / "log",
        worker=worker,
        clock=clock,
        reserve=Reserve(settings.home / "reserve"),
        durable=settings.log == "durable",
    )
    refuse = settings.full == "refuse"
    router = Router(settings.name, recorder, clock, entity=settings.entity, refuse=refuse)
    return Model(settings=settings, router=router, recorder=recorder)


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
