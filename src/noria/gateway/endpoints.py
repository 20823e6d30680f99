"""The gateway's paths: which request is which protocol's, and what each is answered."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial

import msgspec

import noria
from noria.errors import RequestError
from noria.gateway import feedback
from noria.gateway.answer import Answer
from noria.gateway.batch import Batch
from noria.gateway.http import Reply, Request, Response
from noria.gateway.models import Model
from noria.gateway.protocols import mlflow, open_inference
from noria.gateway.schema import Schema
from noria.ports import Clock

Decode = Callable[[bytes, Schema], Batch]
Encode = Callable[[Answer, str, Schema], bytes]
Endpoint = Callable[[Request, Reply], None]

MAX_ID = 256
_MODEL = re.compile(r"/v2/models/([^/]+)(?:/versions/([^/]+))?(/infer|/ready)?$")
_OK = Response(200, b"{}")
_RETRY = b"retry-after: 1\r\n"
_json = msgspec.json.Encoder().encode


class Endpoints:
    """Answers every request of the clients of some models; `default` is meant where a path names none."""

    def __init__(self, models: Mapping[str, Model], default: str, clock: Clock) -> None:
        self._models = models
        self._default = models[default]
        self._clock = clock
        self._fixed: dict[tuple[bytes, str], Endpoint] = {
            (b"POST", "/invocations"): self._invoke,
            (b"POST", "/feedback"): self._feedback,
            (b"GET", "/"): self._root,
            (b"GET", "/v2"): self._server,
            (b"GET", "/v2/health/live"): self._live,
            (b"GET", "/v2/health/ready"): self._ready,
            (b"GET", "/ping"): self._health,
            (b"GET", "/health"): self._health,
            (b"GET", "/version"): lambda _, reply: reply(
                Response(200, mlflow.VERSION, content_type=b"text/plain")
            ),
            (b"GET", "/noria/plan"): self._plan,
        }
        for name, model in models.items():
            infer = partial(self._predict, model, open_inference.decode, open_inference.encode)
            self._fixed[b"POST", f"/v2/models/{name}/infer"] = infer
        self._paths = {path for _, path in self._fixed}

    def handle(self, request: Request, reply: Reply) -> None:
        """Answer a request, now or when its version has answered."""
        endpoint = self._fixed.get((request.method, request.path)) or self._find
        try:
            endpoint(request, reply)
        except RequestError as error:
            reply(self.refuse(request.path, error.status, error.message))

    def refuse(self, path: str, status: int, message: str) -> Response:
        mlflows = path in ("/invocations", "/ping", "/health", "/version")
        content = mlflow.error(status, message) if mlflows else open_inference.error(message)
        return Response(status, content, _RETRY if status == 503 else b"")

    # --- predictions

    def _predict(
        self,
        model: Model,
        decode: Decode,
        encode: Encode,
        request: Request,
        reply: Reply,
        version: int | None = None,
    ) -> None:
        headers = request.headers
        schema = model.router.ready().schema
        batch = decode(request.body, schema)
        key = batch.id or headers.get(b"x-request-id", b"").decode("latin-1")
        if len(key) > MAX_ID or not (key.isascii() and key.isprintable()):
            fault = f"id: up to {MAX_ID} printable ASCII characters are allowed, not {key[:40]!r}"
            raise RequestError(400, fault)
        entity = headers.get(b"x-noria-entity", b"").decode("latin-1")

        def done(answer: Answer | RequestError) -> None:
            if isinstance(answer, RequestError):
                reply(self.refuse(request.path, answer.status, answer.message))
            else:
                reply(Response(200, encode(answer, model.name, schema), _headers(answer)))

        model.router.answer(batch, done, key=key, entity=entity, version=version)

    def _invoke(self, request: Request, reply: Reply) -> None:
        kind = request.headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
        if kind != b"application/json":
            raise RequestError(415, f"the content type is application/json, not {kind.decode('latin-1')!r}")
        self._predict(self._meant(request), mlflow.decode, mlflow.encode, request, reply)

    def _feedback(self, request: Request, reply: Reply) -> None:
        model = self._meant(request)
        ids, labels = feedback.decode(request.body)
        source = request.headers.get(b"x-noria-source", b"feedback").decode("latin-1")
        record = {"k": "l", "at": self._clock.now().timestamp(), "model": model.name, "ids": ids}
        if not model.recorder.append(record | {"labels": labels, "source": source}):
            raise RequestError(503, "the labels could not be kept: the disk refuses")
        reply(Response(200, _json({"accepted": len(ids)})))

    def _meant(self, request: Request) -> Model:
        """Return the model of a path that names none: the header says which, or it is the default."""
        name = request.headers.get(b"x-noria-model")
        return self._named(name.decode("latin-1")) if name else self._default

    def _named(self, name: str) -> Model:
        if name not in self._models:
            raise RequestError(404, f"there is no model {name!r}; this gateway serves {self._names()}")
        return self._models[name]

    def _names(self) -> str:
        return ", ".join(self._models)

    # --- Open Inference: paths with a model's name

    def _find(self, request: Request, reply: Reply) -> None:
        match = _MODEL.match(request.path)
        if not match:
            allowed = request.path in self._paths
            raise RequestError(
                405 if allowed else 404, f"there is no {request.method.decode()} {request.path}"
            )
        name, version, verb = match.groups()
        model = self._named(name)
        if (request.method == b"POST") != (verb == "/infer"):
            raise RequestError(405, f"{request.method.decode()} is not for {request.path}")
        if verb == "/infer":
            number = self._version(version)
            self._predict(model, open_inference.decode, open_inference.encode, request, reply, number)
        elif verb == "/ready":
            ready = self._serves(model, version)
            reply(Response(200 if ready else 503, _json({"name": name, "ready": ready})))
        else:
            served = model.router.ready()
            versions = tuple(arm.version for arm in reversed(served.plan.arms))
            reply(Response(200, open_inference.metadata(name, versions, served.schema)))

    def _version(self, text: str) -> int:
        if not text.isdecimal():
            raise RequestError(404, f"a version is a number, not {text!r}")
        return int(text)

    def _serves(self, model: Model, version: str | None = None) -> bool:
        served = model.router.served
        if served is None or not served.plan.arms:
            return False
        return version is None or self._version(version) in {arm.version for arm in served.plan.arms}

    def _all_serve(self) -> bool:
        return all(map(self._serves, self._models.values()))

    # --- what the gateway says about itself

    def _root(self, request: Request, reply: Reply) -> None:
        about = {"status": "alive", "model": self._default.name, "noria": noria.__version__}
        reply(Response(200, _json(about)))

    def _server(self, request: Request, reply: Reply) -> None:
        about = {"name": "noria", "version": noria.__version__, "extensions": open_inference.EXTENSIONS}
        reply(Response(200, _json(about)))

    def _live(self, request: Request, reply: Reply) -> None:
        reply(Response(200, _json({"live": True, "ready": self._all_serve()})))

    def _ready(self, request: Request, reply: Reply) -> None:
        ready = self._all_serve()
        reply(Response(200 if ready else 503, _json({"live": True, "ready": ready})))

    def _health(self, request: Request, reply: Reply) -> None:
        reply(Response(200 if self._all_serve() else 503, b"\n", content_type=b"text/plain"))

    def _plan(self, request: Request, reply: Reply) -> None:
        model = self._meant(request)
        served = model.router.served
        hosts = {
            str(version): {"pid": lane.host.pid, "up": lane.host.up, "waiting": lane.rows}
            for version, lane in (served.lanes.items() if served else ())
        }
        plan = served.plan if served else None
        reply(Response(200, _json({"plan": plan, "hosts": hosts, "not_logged": model.recorder.lost})))


def _headers(answer: Answer) -> bytes:
    return b"x-noria-version: %b\r\nx-noria-role: %b\r\nx-request-id: %b\r\n%b" % (
        ",".join(map(str, answer.versions)).encode(),
        ",".join(answer.roles).encode(),
        answer.id.encode(),
        b"" if answer.logged else b"x-noria-logged: false\r\n",
    )
