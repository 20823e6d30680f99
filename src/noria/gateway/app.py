"""The gateway's process: builds its parts, serves until SIGTERM, and loses nothing on the way out."""

from __future__ import annotations

import asyncio
import gc
import shutil
import signal
import tempfile
from pathlib import Path

import uvloop
from msgspec.structs import replace

from noria.gateway.endpoints import Endpoints
from noria.gateway.listen import BACKLOG, bind, room
from noria.gateway.models import Model
from noria.gateway.plan_watch import PlanWatch
from noria.gateway.record import Recorder
from noria.gateway.route import Router
from noria.gateway.server import Server
from noria.gateway.settings import ModelSettings, Settings
from noria.gateway.tls import Certificate
from noria.ports import Clock

GRACE = 0.5
"""Seconds after SIGTERM in which a request that is on its way on an open connection is still answered."""
DRAIN = 30.0


def run(settings: Settings, clock: Clock) -> None:
    """Serve until SIGTERM or SIGINT; then answer what is in flight, sync the log and return.

    Raises:
        ProjectError: the port would be open to the network without TLS, or the certificate does not load.
        Unavailable: the port is in use.
    """
    uvloop.run(serve(settings, clock))


async def serve(settings: Settings, clock: Clock) -> None:
    """Serve until SIGTERM or SIGINT, on the running event loop; see `run`."""
    stop = _stop_on_signals()
    models = {each.name: _model(each, settings.worker, clock) for each in settings.models}
    limits = replace(settings.limits, connections=room(settings.limits.connections))
    certificate = _certificate(settings)
    server = Server(Endpoints(models, settings.models[0].name, clock), limits, secure=certificate is not None)
    sockets = Path(tempfile.mkdtemp(prefix="noria-"))  # a Unix socket's path has at most 107 characters
    watches = [PlanWatch(model, settings.worker, sockets) for model in models.values()]
    try:
        listener = await _listen(server, settings, certificate)
        _calm_the_collector()
        follow = [one.follow() for one in (*watches, *([certificate] if certificate else []))]
        tasks = [asyncio.create_task(each) for each in (server.watch(), *follow)]
        await stop.wait()
        listener.close()
        await server.drain(GRACE, DRAIN)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*(watch.stop() for watch in watches))
    finally:
        for model in models.values():
            model.recorder.close()
        shutil.rmtree(sockets, ignore_errors=True)


def _model(settings: ModelSettings, worker: int, clock: Clock) -> Model:
    (settings.home / "gateway").mkdir(parents=True, exist_ok=True)
    recorder = Recorder(settings.home / "log", worker=worker, clock=clock)
    router = Router(settings.name, recorder, clock, entity=settings.entity)
    return Model(settings=settings, router=router, recorder=recorder)


def _certificate(settings: Settings) -> Certificate | None:
    return Certificate(settings.certificate, settings.key) if settings.certificate else None


async def _listen(server: Server, settings: Settings, certificate: Certificate | None) -> asyncio.Server:
    return await asyncio.get_running_loop().create_server(
        server,
        sock=bind(settings),
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
