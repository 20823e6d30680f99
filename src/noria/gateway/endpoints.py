"""The gateway's paths: which request is which protocol's, and who answers it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

import msgspec

from noria.errors import RequestError
from noria.gateway import feedback
from noria.gateway.about import About
from noria.gateway.access.tokens import Scope
from noria.gateway.decoding import Decoding
from noria.gateway.explaining import Explanations
from noria.gateway.http.messages import Reply, Request, Response
from noria.gateway.models import Models
from noria.gateway.paths import Paths, Route
from noria.gateway.prediction import Prediction, refusal, sent_id
from noria.gateway.protocols import mlflow, open_inference, predict_v1, sagemaker, vertex
from noria.gateway.protocols.protocol import Protocol
from noria.ports import Clock

_OWNERS = {
    "/v1/projects/": vertex.PROTOCOL,
    "/v1/": predict_v1.PROTOCOL,
    "/endpoints/": sagemaker.PROTOCOL,
    "/invocations": mlflow.PROTOCOL,
    "/ping": mlflow.PROTOCOL,
    "/health": mlflow.PROTOCOL,
    "/version": mlflow.PROTOCOL,
}
"""Whose form an error has, by the start of the path; Open Inference's elsewhere."""
MAX_SOURCE = 64
"""Characters of the name of a source that are kept."""
_json = msgspec.json.Encoder().encode

Guard = Callable[[Route], Route]


class Endpoints:
    """Answers every request of the clients of some models."""

    def __init__(
        self, models: Models, clock: Clock, *, more: Iterable[Route] = (), guard: Guard = lambda route: route
    ) -> None:
        """Answer on the routes of all protocols and on `more`, each as `guard` returns it."""
        self._models = models
        self._clock = clock
        self.routes = tuple(map(guard, (*self._predictions(), *About(models).routes(), *more)))
        self._paths = Paths(self.routes, models.names)

    def handle(self, request: Request, reply: Reply) -> None:
        """Answer a request, now or when its version has answered."""
        try:
            self._paths.find(request.method, request.path)(request, reply)
        except RequestError as error:
            reply(refusal(_owner(request.path), error, sent_id(request)))

    def refuse(self, path: str, status: int, message: str) -> Response:
        return refusal(_owner(path), RequestError(status, message), "")

    def _predictions(self) -> list[Route]:
        by = partial(Prediction, models=self._models, decoding=Decoding())
        v1, v2 = by(predict_v1.PROTOCOL), by(open_inference.PROTOCOL)
        self._variants = by(sagemaker.PROTOCOL)
        vertexes = "/v1/projects/*/locations/*/endpoints/{model}"
        return [
            Route("POST", "/v2/models/{model}/infer", Scope.PREDICT, v2),
            Route("POST", "/v2/models/{model}/versions/{version}/infer", Scope.PREDICT, v2),
            Route("POST", "/v2/models/{model}/explain", Scope.EXPLAIN, Explanations(self._models)),
            Route("POST", "/v1/models/{model}:predict", Scope.PREDICT, v1),
            Route("POST", "/v1/models/{model}/versions/{version}:predict", Scope.PREDICT, v1),
            Route("POST", "/v1/models/{model}:explain", Scope.PREDICT, self._refuse_to_explain),
            Route("POST", "/invocations", Scope.PREDICT, by(mlflow.PROTOCOL)),
            Route("POST", "/endpoints/{model}/invocations", Scope.PREDICT, self._invoke_variant),
            Route("POST", f"{vertexes}:predict", Scope.PREDICT, by(vertex.PROTOCOL)),
            Route("POST", f"{vertexes}:rawPredict", Scope.PREDICT, by(vertex.RAW)),
            Route("POST", f"{vertexes}:explain", Scope.PREDICT, self._refuse_to_explain),
            Route("POST", "/feedback", Scope.FEEDBACK, self._feedback),
        ]

    def _invoke_variant(self, request: Request, reply: Reply, model: str) -> None:
        variant = request.headers.get(sagemaker.TARGET_VARIANT)
        version = variant.decode("latin-1") if variant else None
        self._variants(request, reply, model, version)

    def _refuse_to_explain(self, request: Request, reply: Reply, model: str) -> None:
        name = self._models.named(model).name
        raise RequestError(501, f"past predictions are explained, by id: POST /v2/models/{name}/explain")

    def _feedback(self, request: Request, reply: Reply) -> None:
        model = self._models.meant(request.headers)
        given = feedback.decode(request.body, sent_id(request))
        named = request.headers.get(b"x-noria-source", b"feedback").decode("latin-1")

        def settled(kept: bool) -> None:
            if kept:
                reply(Response(200, _json({"accepted": len(given.ids)})))
            else:
                reply(self.refuse(request.path, 503, "the labels could not be kept: the disk refuses"))

        record = {
            "k": "l",
            "at": self._clock.now().timestamp(),
            "model": model.name,
            "ids": given.ids,
            "labels": given.labels,
            "times": given.times,
            "source": request.client or named[:MAX_SOURCE],
            "client": request.client if request.own else None,
        }
        model.recorder.append(record, settled)


def _owner(path: str) -> Protocol:
    return next(
        (owner for start, owner in _OWNERS.items() if path.startswith(start)), open_inference.PROTOCOL
    )
