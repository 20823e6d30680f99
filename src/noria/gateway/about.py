"""What the gateway says about itself and its models, in the words of each protocol."""

from __future__ import annotations

from typing import Any

import msgspec

import noria
from noria.errors import RequestError
from noria.gateway.access.tokens import Scope
from noria.gateway.batching import Lane
from noria.gateway.http.messages import Reply, Request, Response
from noria.gateway.models import Model, Models
from noria.gateway.paths import Route
from noria.gateway.prediction import version_number
from noria.gateway.protocols import metadata, mlflow, predict_v1

_json = msgspec.json.Encoder().encode
_TEXT = b"text/plain"


class About:
    """Answers what is no prediction: who is there, whether it is ready, and what it takes."""

    def __init__(self, models: Models) -> None:
        self._models = models

    def routes(self) -> list[Route]:
        return [
            Route("GET", "/", None, self._root),
            Route("GET", "/ping", None, self._health),
            Route("GET", "/health", None, self._health),
            Route("GET", "/version", None, self._version),
            Route("GET", "/noria/plan", Scope.OBSERVE, self._plan),
            Route("GET", "/v1/models", Scope.PREDICT, self._names, whole=True),
            Route("GET", "/v1/models/{model}", Scope.PREDICT, self._status),
            Route("GET", "/v1/models/{model}/versions/{version}", Scope.PREDICT, self._status),
            Route("GET", "/v2", None, self._server),
            Route("GET", "/v2/health/live", None, self._live),
            Route("GET", "/v2/health/ready", None, self._ready),
            Route("GET", "/v2/models", Scope.PREDICT, self._names, whole=True),
            Route("POST", "/v2/repository/index", Scope.PREDICT, self._index, whole=True),
            Route("POST", "/v2/repository/models/{model}/load", Scope.PREDICT, self._refuse_to_load),
            Route("POST", "/v2/repository/models/{model}/unload", Scope.PREDICT, self._refuse_to_load),
            Route("GET", "/v2/models/{model}", Scope.PREDICT, self._metadata),
            Route("GET", "/v2/models/{model}/versions/{version}", Scope.PREDICT, self._metadata),
            Route("GET", "/v2/models/{model}/ready", Scope.PREDICT, self._model_ready),
            Route("GET", "/v2/models/{model}/versions/{version}/ready", Scope.PREDICT, self._model_ready),
            Route("GET", "/v2/models/{model}/config", Scope.PREDICT, self._configuration),
            Route("GET", "/v2/models/{model}/versions/{version}/config", Scope.PREDICT, self._configuration),
            Route("GET", "/v2/models/{model}/stats", Scope.PREDICT, self._statistics),
            Route("GET", "/v2/models/{model}/versions/{version}/stats", Scope.PREDICT, self._statistics),
        ]

    # --- the gateway

    def _root(self, request: Request, reply: Reply) -> None:
        about = {"status": "alive", "model": self._models.default.name, "noria": noria.__version__}
        _say(reply, about)

    def _server(self, request: Request, reply: Reply) -> None:
        _say(reply, {"name": "noria", "version": noria.__version__, "extensions": metadata.EXTENSIONS})

    def _live(self, request: Request, reply: Reply) -> None:
        _say(reply, {"live": True, "ready": self._all_serve()})

    def _ready(self, request: Request, reply: Reply) -> None:
        ready = self._all_serve()
        _say(reply, {"live": True, "ready": ready}, 200 if ready else 503)

    def _health(self, request: Request, reply: Reply) -> None:
        reply(Response(200 if self._all_serve() else 503, b"\n", content_type=_TEXT))

    def _version(self, request: Request, reply: Reply) -> None:
        reply(Response(200, mlflow.VERSION, content_type=_TEXT))

    def _all_serve(self) -> bool:
        return all(_serving(model) for model in self._models)

    def _plan(self, request: Request, reply: Reply) -> None:
        model = self._models.meant(request.headers)
        served = model.router.served
        hosts = {
            str(version): {"pid": lane.link.pid, "up": lane.link.up, "waiting": lane.rows}
            for version, lane in (served.lanes.items() if served else ())
        }
        plan = served.plan if served else None
        _say(reply, {"plan": plan, "hosts": hosts, "not_logged": model.recorder.lost})

    # --- its models

    def _names(self, request: Request, reply: Reply) -> None:
        _say(reply, {"models": self._models.names})

    def _index(self, request: Request, reply: Reply) -> None:
        _say(reply, metadata.index({model.name: _up(_serving(model)) for model in self._models}))

    def _refuse_to_load(self, request: Request, reply: Reply, model: str) -> None:
        name = self._models.named(model).name
        raise RequestError(403, f"which version of {name} is loaded is decided by noria promote alone")

    def _status(self, request: Request, reply: Reply, model: str, version: str | None = None) -> None:
        status = predict_v1.status(model, _up(_serving(self._models.named(model), version)))
        _say(reply, status, 200 if status["ready"] else 503)

    def _model_ready(self, request: Request, reply: Reply, model: str, version: str | None = None) -> None:
        serving = _serving(self._models.named(model))
        ready = bool(serving) if version is None else version_number(version) in serving
        _say(reply, {"name": model, "ready": ready}, 200 if ready else 503)

    def _metadata(self, request: Request, reply: Reply, model: str, version: str | None = None) -> None:
        self._tell(reply, model, version, metadata.metadata)

    def _configuration(self, request: Request, reply: Reply, model: str, version: str | None = None) -> None:
        self._tell(reply, model, version, metadata.configuration)

    def _statistics(self, request: Request, reply: Reply, model: str, version: str | None = None) -> None:
        lanes = _serving(self._models.named(model), version)
        told = [metadata.statistics(model, number, lane.tally) for number, lane in lanes.items()]
        _say(reply, {"model_stats": told})

    def _tell(self, reply: Reply, name: str, version: str | None, tell: Any) -> None:
        model = self._models.named(name)
        schema = model.router.ready().schema
        _say(reply, tell(name, [str(each) for each in _serving(model, version)], schema))


def _say(reply: Reply, content: Any, status: int = 200) -> None:
    reply(Response(status, _json(content)))


def _serving(model: Model, version: str | None = None) -> dict[int, Lane]:
    """Return the lanes of the versions that answer, the champion first, or of the one that was asked for.

    Raises:
        RequestError: 404, the version does not serve.
    """
    served = model.router.served
    lanes = (
        {} if served is None else {arm.version: served.lanes[arm.version] for arm in served.plan.arms[::-1]}
    )
    if version is None:
        return lanes
    number = version_number(version)
    if number not in lanes:
        known = ", ".join(map(str, lanes)) or "none"
        raise RequestError(404, f"version {number} does not serve; serving: {known}")
    return {number: lanes[number]}


def _up(lanes: dict[int, Lane]) -> dict[int, bool]:
    return {version: lane.link.up for version, lane in lanes.items()}
