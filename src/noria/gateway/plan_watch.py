"""Follows the traffic plan that the controller writes: prepares its versions, and only then swaps to it.

The plan lies in `gateway/plan.json`, so the gateway serves on, and starts again, without a controller. What
it made of the plan stands in `gateway/ready-<worker>.json`.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from noria.core.traffic import Arm, Plan
from noria.gateway.batching import Lane
from noria.gateway.copies import private_copy
from noria.gateway.hosts import Host
from noria.gateway.models import Model
from noria.gateway.route import Served

logger = logging.getLogger(__name__)

POLL = 0.02
DRAIN_TIMEOUT = 30.0


class Release(msgspec.Struct, frozen=True):
    """A version's artifact: where the registry keeps it, and its digest."""

    artifact: str
    digest: str


class PlanFile(msgspec.Struct, frozen=True):
    """The content of plan.json; `versions` holds every version of the plan."""

    plan: Plan
    versions: dict[int, Release]


class PlanWatch:
    """Keeps `router.served` at the newest plan whose versions are all verified, loaded and warm."""

    def __init__(self, model: Model, worker: int, sockets: Path) -> None:
        """Watch `gateway/plan.json` in the model's home; its hosts listen in the directory `sockets`."""
        directory = model.settings.home / "gateway"
        self._path = directory / "plan.json"
        self._ready_path = directory / f"ready-{worker}.json"
        self._copies = directory / "artifacts"
        self._router = model.router
        self._extras = model.settings.columns
        self._sockets = sockets
        self._deadline = model.settings.deadline
        self._number: int | None = None
        self._lanes: dict[tuple[int, str], Lane] = {}
        self._stopping: set[asyncio.Task[None]] = set()

    async def follow(self) -> None:
        """Follow the plan, for ever. A newer plan ends the preparation of an older one."""
        seen: int | None = None
        work: asyncio.Task[None] | None = None
        try:
            while True:
                with suppress(FileNotFoundError):
                    if (modified := self._path.stat().st_mtime_ns) != seen:
                        seen = modified
                        if work:
                            work.cancel()
                            await asyncio.wait([work])
                        work = asyncio.create_task(self._adopt())
                await asyncio.sleep(POLL)
        finally:
            if work:
                work.cancel()

    async def stop(self) -> None:
        """End all hosts."""
        for task in self._stopping:
            task.cancel()
        await asyncio.gather(*(lane.host.stop() for lane in self._lanes.values()))

    async def _adopt(self) -> None:
        try:
            await self._use(msgspec.json.decode(self._path.read_bytes(), type=PlanFile))
        except (msgspec.DecodeError, ValueError) as error:
            logger.error("%s cannot be used, the present plan stays: %s", self._path, error)
        except Exception:
            logger.exception("the plan in %s could not be prepared, the present plan stays", self._path)

    async def _use(self, file: PlanFile) -> None:
        plan = file.plan
        wanted = {version: file.versions[version] for version in plan.versions}
        results = await asyncio.gather(
            *(self._lane(version, release) for version, release in wanted.items()), return_exceptions=True
        )
        failed = {v: str(r) for v, r in zip(wanted, results, strict=True) if isinstance(r, BaseException)}
        for version, reason in failed.items():
            logger.error("version %d cannot serve: %s", version, reason)
        if failed and self._router.served is None and plan.champion not in failed:
            plan = _champion_only(plan)  # a gateway that starts beside a broken challenger still serves
        if not failed or plan is not file.plan:
            lanes = {version: self._lanes[version, wanted[version].digest] for version in plan.versions}
            self._router.served = Served.of(plan, lanes, self._extras) if lanes else None
            self._number = plan.number
        self._retire()
        self._report(failed)

    async def _lane(self, version: int, release: Release) -> Lane:
        key = version, release.digest
        if key not in self._lanes:
            copy = await asyncio.to_thread(private_copy, Path(release.artifact), release.digest, self._copies)
            host = Host(copy, release.digest, self._sockets, deadline=self._deadline)
            await host.start()
            self._lanes[key] = Lane(version, host, self._router.log)
        return self._lanes[key]

    def _retire(self) -> None:
        """Drain and stop the hosts that the served plan does not need."""
        served = self._router.served
        needed = set(served.lanes.values()) if served else set()
        for key, lane in list(self._lanes.items()):
            if lane not in needed:
                del self._lanes[key]
                task = asyncio.create_task(_drain(lane))
                self._stopping.add(task)
                task.add_done_callback(self._stopping.discard)

    def _report(self, failed: dict[int, str]) -> None:
        served = self._router.served
        report: dict[str, Any] = {
            "plan": self._number,
            "loaded": sorted(served.lanes) if served else [],
            "failed": {str(version): reason for version, reason in failed.items()},
        }
        fresh = self._ready_path.with_suffix(".tmp")
        fresh.write_bytes(msgspec.json.encode(report))
        fresh.rename(self._ready_path)


def _champion_only(plan: Plan) -> Plan:
    champion = plan.arms[-1].version
    return replace(plan, arms=(Arm(version=champion, share=100),), shadow=None, standby=None)


async def _drain(lane: Lane) -> None:
    try:
        async with asyncio.timeout(DRAIN_TIMEOUT):
            while not lane.empty:
                await asyncio.sleep(POLL)
    except TimeoutError:
        logger.warning("version %d did not finish in time, and is stopped", lane.version)
    finally:
        await lane.host.stop()
