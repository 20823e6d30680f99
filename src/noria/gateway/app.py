"""The gateway's process: builds its parts, serves until SIGTERM, and loses nothing on the way out."""

from __future__ import annotations

import asyncio
import errno
import gc
import shutil
import signal
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import uvloop

from noria.errors import Unavailable
from noria.gateway.endpoints import Endpoints
from noria.gateway.http import Limits, Server
from noria.gateway.plan_watch import PlanWatch
from noria.gateway.record import Recorder
from noria.gateway.route import Router
from noria.ports import Clock

GRACE = 0.5
"""Seconds after SIGTERM in which a request that is on its way on an open connection is still answered."""
DRAIN = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a gateway worker is told. `home` is the project's `.noria`; `deadline` is seconds per call.

    `columns` are those that a request may carry beside the features of the versions that serve, such as the
    time: what another version needs, or needed, is no mistake of the client's.
    """

    home: Path
    model: str
    entity: str | None = None
    columns: tuple[str, ...] = ()
    host: str = "127.0.0.1"
    port: int = 8080
    worker: int = 0
    deadline: float = 5.0
    limits: Limits = field(default_factory=Limits)


def run(settings: Settings, clock: Clock) -> None:
    """Serve until SIGTERM or SIGINT; then answer what is in flight, sync the log and return.

    Raises:
        Unavailable: the port is in use.
    """
    uvloop.run(serve(settings, clock))


async def serve(settings: Settings, clock: Clock) -> None:
    """Serve until SIGTERM or SIGINT, on the running event loop; see `run`."""
    stop = _stop_on_signals()
    directory = settings.home / "gateway"
    directory.mkdir(parents=True, exist_ok=True)
    recorder = Recorder(settings.home / "log", worker=settings.worker, clock=clock)
    router = Router(settings.model, recorder, clock, entity=settings.entity)
    server = Server(Endpoints(settings.model, router, recorder, clock), settings.limits)
    sockets = Path(tempfile.mkdtemp(prefix="noria-"))  # a Unix socket's path has at most 107 characters
    watch = PlanWatch(
        directory,
        router,
        worker=settings.worker,
        extras=settings.columns,
        sockets=sockets,
        deadline=settings.deadline,
    )
    try:
        listener = await _listen(server, settings)
        _calm_the_collector()
        tasks = [asyncio.create_task(watch.follow()), asyncio.create_task(server.watch())]
        await stop.wait()
        listener.close()
        await server.drain(GRACE, DRAIN)
        for task in tasks:
            task.cancel()
        await watch.stop()
    finally:
        recorder.close()
        shutil.rmtree(sockets, ignore_errors=True)


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
