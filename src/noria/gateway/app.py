"""The gateway's process: builds its parts, serves until SIGTERM, and loses nothing on the way out."""

from __future__ import annotations

import asyncio
import errno
import gc
import shutil
import signal
import tempfile
from pathlib import Path

import uvloop

from noria.errors import Unavailable
from noria.gateway.endpoints import Endpoints
from noria.gateway.http import Server
from noria.gateway.models import Model
from noria.gateway.plan_watch import PlanWatch
from noria.gateway.record import Recorder
from noria.gateway.route import Router
from noria.gateway.settings import ModelSettings, Settings
from noria.ports import Clock

GRACE = 0.5
"""Seconds after SIGTERM in which a request that is on its way on an open connection is still answered."""
DRAIN = 30.0


def run(settings: Settings, clock: Clock) -> None:
    """Serve until SIGTERM or SIGINT; then answer what is in flight, sync the log and return.

    Raises:
        Unavailable: the port is in use.
    """
    uvloop.run(serve(settings, clock))


async def serve(settings: Settings, clock: Clock) -> None:
    """Serve until SIGTERM or SIGINT, on the running event loop; see `run`."""
    stop = _stop_on_signals()
    models = {each.name: _model(each, settings.worker, clock) for each in settings.models}
    server = Server(Endpoints(models, settings.models[0].name, clock), settings.limits)
    sockets = Path(tempfile.mkdtemp(prefix="noria-"))  # a Unix socket's path has at most 107 characters
    watches = [PlanWatch(model, settings.worker, sockets) for model in models.values()]
    try:
        listener = await _listen(server, settings)
        _calm_the_collector()
        tasks = [asyncio.create_task(each) for each in (server.watch(), *(one.follow() for one in watches))]
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


async def _listen(server: Server, settings: Settings) -> asyncio.Server:
    try:
        return await asyncio.get_running_loop().create_server(
            server, settings.host, settings.port, backlog=1024
        )
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise Unavailable(
            f"port {settings.port} of {settings.host} is in use",
            hint=f"noria gateway --port {settings.port + 1}",
        ) from None


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
