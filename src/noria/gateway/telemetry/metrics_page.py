"""`GET /metrics`: what the gateway counts, and how it is, for Prometheus."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic

import noria
from noria.gateway import files
from noria.gateway.access.tokens import Scope
from noria.gateway.http.messages import Reply, Request, Response
from noria.gateway.models import Models
from noria.gateway.paths import Route
from noria.gateway.telemetry import monitor_gauges
from noria.gateway.telemetry.exposition import CONTENT_TYPE, Family, Histogram, Samples, text
from noria.gateway.telemetry.metrics import Counts
from noria.gateway.telemetry.shared_counts import Numbers, SharedCounts, Snapshot

EVERY = 0.5
_VERSION = ("model", "version")
_ANSWER = (*_VERSION, "role", "protocol", "code")

REQUESTS = Family("noria_requests_total", "counter", "Requests that were answered.", _ANSWER)
DURATION = Family(
    "noria_request_duration_seconds", "histogram", "From a request's last byte to its answer.", _ANSWER
)
INFLIGHT = Family("noria_inflight_requests", "gauge", "Requests that wait for their answer.")
CONNECTIONS = Family("noria_connections", "gauge", "Open connections of clients.")
QUEUE = Family("noria_queue_rows", "gauge", "Rows that wait for a version's process.", _VERSION)
LOST = Family("noria_records_lost_total", "counter", "Records that the disk refused.", ("model",))
SHED = Family("noria_shadow_shed_total", "counter", "Copies that load left no room for.", ("model",))
OUTLIERS = Family(
    "noria_outliers_total", "counter", "Rows unlike all that the champion learnt from.", ("model", "rule")
)
WEIGHT = Family(
    "noria_traffic_weight_ratio", "gauge", "A version's share of the traffic, 0 to 1.", (*_VERSION, "role")
)
MODEL = Family("noria_model_info", "gauge", "Always 1: what serves.", (*_VERSION, "kind", "task"))
UP = Family("noria_host_up", "gauge", "Whether a version's process answers.", _VERSION)
RESTARTS = Family("noria_host_restarts_total", "counter", "Deaths of a version's process.", _VERSION)
REPLACED = Family(
    "noria_host_replacements_total", "counter", "Processes that were replaced for their memory.", _VERSION
)
WORKERS = Family("noria_workers", "gauge", "Processes that answer clients.")
BUILD = Family("noria_build_info", "gauge", "Always 1: the release of noria.", ("release",))

COUNTED = (INFLIGHT, CONNECTIONS, QUEUE, LOST, SHED, OUTLIERS)
"""What each worker counts for itself, beside the answers."""


class MetricsPage:
    """The `route` of the page, and the file by which the workers of a gateway know each other's counts."""

    def __init__(
        self, models: Models, counts: Counts, connections: Callable[[], int], directory: Path, worker: int
    ) -> None:
        """`connections` returns how many are open; the workers' files are in `directory`."""
        self._models = models
        self._counts = counts
        self._connections = connections
        self._shared = SharedCounts(directory, worker)
        counts.durations |= self._shared.before.durations
        self.route = Route("GET", "/metrics", Scope.OBSERVE, self._show, whole=True)

    async def follow(self) -> None:
        """Keep this worker's file up to date, for ever, and at the end."""
        try:
            while True:
                await asyncio.sleep(EVERY)
                self._shared.write(self._own())
        finally:
            self._shared.write(self._own())

    def _show(self, request: Request, reply: Reply) -> None:
        reply(Response(200, text(self._families()), content_type=CONTENT_TYPE))

    def _own(self) -> Snapshot:
        """Return what this worker, and those that had its number before, have counted."""
        levels: Numbers = {(INFLIGHT.name,): self._counts.inflight, (CONNECTIONS.name,): self._connections()}
        totals: Numbers = {}
        for model in self._models:
            totals[LOST.name, model.name] = model.recorder.lost
            totals[SHED.name, model.name] = model.router.shed
            totals[OUTLIERS.name, model.name, model.settings.outliers] = model.router.outliers
            served = model.router.served
            for version, lane in served.lanes.items() if served else ():
                levels[QUEUE.name, model.name, str(version)] = lane.rows
        for key, number in self._shared.before.totals.items():
            totals[key] = totals.get(key, 0.0) + number
        return Snapshot(self._counts.durations, totals, levels, monotonic(), 1)

    def _families(self) -> Iterator[tuple[Family, Samples]]:
        total = self._shared.sum(self._own())
        durations: dict[tuple[str, ...], Histogram] = {
            (*(labels or ("", "", "", "")), str(status)): histogram
            for (labels, status), histogram in sorted(total.durations.items())
        }
        yield REQUESTS, {labels: sum(each.counts) for labels, each in durations.items()}
        yield DURATION, durations
        counted = total.levels | total.totals
        for family in COUNTED:
            yield family, {key[1:]: number for key, number in counted.items() if key[0] == family.name}
        yield from self._traffic()
        yield from self._hosts()
        yield WORKERS, {(): total.workers}
        yield BUILD, {(noria.__version__,): 1}
        yield from monitor_gauges.families(model.settings.home for model in self._models)

    def _traffic(self) -> Iterator[tuple[Family, Samples]]:
        weights: Numbers = {}
        infos: Numbers = {}
        for model in self._models:
            served = model.router.served
            if served is None:
                continue
            shares = {arm.version: arm.share for arm in served.plan.arms}
            for version, lane in served.lanes.items():
                key, spec = (model.name, str(version)), lane.link.spec
                weights[*key, served.plan.role(version)] = shares.get(version, 0) / 100
                infos[*key, spec["kind"], spec["task"]] = 1
        yield WEIGHT, weights
        yield MODEL, infos

    def _hosts(self) -> Iterator[tuple[Family, Samples]]:
        up: Numbers = {}
        restarts: Numbers = {}
        replaced: Numbers = {}
        for model in self._models:
            for host in files.read_hosts(model.settings.home / "gateway").values():
                key = model.name, str(host.version)
                up[key] = float(host.state == "up")
                restarts[key], replaced[key] = host.restarts, host.recycled
        yield UP, up
        yield RESTARTS, restarts
        yield REPLACED, replaced
