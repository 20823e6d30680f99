"""Follows the traffic plan in a worker: links to the hosts of its versions, and only then swaps to it.

The plan lies in a file, so the gateway serves on, and starts again, without a controller.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
from dataclasses import replace

from noria.core.bounds import Bounds
from noria.core.traffic import Arm, Plan
from noria.errors import ProfileError
from noria.gateway import files
from noria.gateway.batching import Lane
from noria.gateway.files import HostState, PlanFile, Ready
from noria.gateway.hosting.link import Link
from noria.gateway.models import Model
from noria.gateway.served import Served

logger = logging.getLogger(__name__)

POLL = 0.02
DRAIN_TIMEOUT = 30.0


class PlanWatch:
    """Keeps `router.served` at the newest plan whose versions are all verified, loaded and warm."""

    def __init__(self, model: Model, worker: int, workers: int) -> None:
        """Watch the files of the model's home, as the worker with this number among so many."""
        self._directory = model.settings.home / "gateway"
        self._worker = worker
        self._workers = workers
        self._router = model.router
        self._settings = model.settings
        self._deadline = model.settings.deadline
        self._number: int | None = None
        self._lanes: dict[str, Lane] = {}
        self._links: dict[str, Link] = {}
        self._bounds: dict[str, Bounds | None] = {}
        self._said: Ready | None = None
        self._draining: set[asyncio.Task[None]] = set()

    async def follow(self) -> None:
        """Follow the plan and its hosts, for ever."""
        paths = [self._directory / name for name in ("plan.json", "hosts.json", "coverage.json")]
        seen: tuple[tuple[int, int] | None, ...] | None = None
        while True:
            now = tuple(map(files.stamp, paths))
            if now[0] and now != seen:
                seen = now if await self._adopt() else None
            await asyncio.sleep(POLL)

    async def _adopt(self) -> bool:
        """Return whether everything was read and reached; if not, it is worth another look."""
        try:
            file = files.read_plan(self._directory)
            hosts = files.read_hosts(self._directory)
            reached = await self._connect(file, hosts)
            self._use(file, hosts)
            return reached
        except OSError:  # a full disk; and a worker that cannot say so answers on
            return False
        except ValueError as error:
            logger.error("the plan in %s cannot be used, the present one stays: %s", self._directory, error)
        except Exception:
            logger.exception("the plan in %s could not be prepared, the present one stays", self._directory)
        return True

    async def _connect(self, file: PlanFile, hosts: dict[str, HostState]) -> bool:
        reached = True
        for name in {*file.hosts().values(), *self._lanes} & hosts.keys():
            link = self._links.get(name)
            if link is None:
                link = self._links[name] = Link(name, deadline=self._deadline, workers=self._workers)
            try:
                await link.follow(hosts[name])
            except OSError:  # its process ended since the keeper wrote
                reached = False
        return reached

    def _use(self, file: PlanFile, hosts: dict[str, HostState]) -> None:
        names, plan = file.hosts(), file.plan
        failed = {
            version: hosts[name].why for version, name in names.items() if name in hosts and hosts[name].unfit
        }
        loaded = {version for version, name in names.items() if self._loaded(name)}
        beside = self._router.served is None and plan.champion in loaded
        if failed and beside and names.keys() == loaded | failed.keys():
            plan = _champion_only(plan)  # a gateway that starts beside a broken challenger still serves
        if loaded.issuperset(plan.versions):
            lanes = {version: self._lane(version, names[version]) for version in plan.versions}
            bounds = {
                version: found for version in plan.versions if (found := self._bounds_of(file, version))
            }
            level = files.read_level(self._directory)
            self._router.served = Served.of(plan, lanes, self._settings, bounds, level) if lanes else None
            self._number = plan.number
        self._retire(set(names.values()))
        self._report(failed)

    def _loaded(self, name: str) -> bool:
        return name in self._lanes or (name in self._links and self._links[name].up)

    def _lane(self, version: int, name: str) -> Lane:
        if name not in self._lanes:
            self._lanes[name] = Lane(version, self._links[name], self._router.log)
        return self._lanes[name]

    def _bounds_of(self, file: PlanFile, version: int) -> Bounds | None:
        name = file.hosts()[version]
        if name not in self._bounds:
            self._bounds[name] = None
            try:
                self._bounds[name] = files.read_bounds(file.versions[version])
            except (ProfileError, OSError) as error:
                logger.error("version %d is served without: %s", version, error)
        return self._bounds[name]

    def _retire(self, planned: set[str]) -> None:
        """Drain and close the links that neither the served plan nor the newest one needs."""
        served = self._router.served
        needed = set(served.lanes.values()) if served else set()
        for name, lane in list(self._lanes.items()):
            if lane not in needed:
                del self._lanes[name], self._links[name]
                task = asyncio.create_task(_drain(lane))
                self._draining.add(task)
                task.add_done_callback(self._draining.discard)
        for name in self._links.keys() - self._lanes.keys() - planned:
            self._links.pop(name).close()
        for name in self._bounds.keys() - self._lanes.keys() - planned:
            del self._bounds[name]

    def _report(self, failed: dict[int, str]) -> None:
        served = self._router.served
        ready = Ready(
            pid=os.getpid(),
            plan=self._number,
            loaded=sorted(served.lanes) if served else [],
            hosts=sorted(self._lanes),
            failed=failed,
        )
        if ready == self._said:
            return
        files.write_ready(self._directory, self._worker, ready)
        self._said = ready
        for version, reason in failed.items():
            logger.error("version %d is given up: %s", version, reason)


def _champion_only(plan: Plan) -> Plan:
    champion = plan.arms[-1].version
    return replace(plan, arms=(Arm(version=champion, share=100),), shadow=None, standby=None)


async def _drain(lane: Lane) -> None:
    try:
        async with asyncio.timeout(DRAIN_TIMEOUT):
            while not lane.empty:
                await asyncio.sleep(POLL)
    except TimeoutError:
        logger.warning("version %d did not finish in time, and is left", lane.version)
    finally:
        lane.link.close()
        gc.collect()  # lane and link know each other, and by itself the collector comes by too seldom
