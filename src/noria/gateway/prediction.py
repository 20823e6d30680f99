"""One prediction: from a request by its protocol to the router, and back."""

from __future__ import annotations

import asyncio
import logging
from functools import lru_cache
from typing import Any

from noria.errors import RequestError
from noria.gateway import outliers
from noria.gateway.answer import Answer
from noria.gateway.batch import Batch
from noria.gateway.decoding import Decoding
from noria.gateway.http.messages import Reply, Request, Response
from noria.gateway.models import Model, Models
from noria.gateway.protocols.protocol import Decode, Protocol
from noria.gateway.protocols.sagemaker import INFERENCE_ID
from noria.gateway.schema import Schema

logger = logging.getLogger(__name__)

MAX_ID = 256
LARGE = 256 * 2**10
"""Bytes of a body from which on it is decoded in another process: it would keep the others waiting."""
_KEPT = {
    "buffered": b"x-noria-log: buffered\r\n",
    "durable": b"x-noria-log: durable\r\n",
    "": b"x-noria-logged: false\r\n",
}


class Prediction:
    """The endpoint for the predictions of a protocol."""

    def __init__(self, protocol: Protocol, models: Models, decoding: Decoding) -> None:
        self._protocol = protocol
        self._models = models
        self._decoding = decoding
        self._tasks: set[asyncio.Task[None]] = set()

    def __call__(
        self, request: Request, reply: Reply, model: str | None = None, version: str | None = None
    ) -> None:
        """Answer a request by the model and the version of its path, if that names them."""
        meant = self._models.meant(request.headers) if model is None else self._models.named(model)
        if len(request.body) < LARGE:
            self._answer(request, reply, meant, version, self._protocol.decode)
            return
        task = asyncio.get_running_loop().create_task(self._answer_large(request, reply, meant, version))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer_large(self, request: Request, reply: Reply, meant: Model, version: str | None) -> None:
        found: Batch | RequestError
        try:
            schema = meant.router.ready().schema
            found = await self._decoding(self._protocol.decode, request.body, request.headers, schema)
        except RequestError as error:
            found = error
        except Exception:
            logger.exception("a large body was not decoded")
            found = RequestError(500, "noria itself failed; its log says why")

        def decoded(*_: Any) -> Batch:
            if isinstance(found, RequestError):
                raise found
            return found

        self._answer(request, reply, meant, version, decoded)

    def _answer(
        self, request: Request, reply: Reply, meant: Model, version: str | None, decode: Decode
    ) -> None:
        protocol, headers = self._protocol, request.headers
        key, scores = "", b""

        def done(answer: Answer | RequestError) -> None:
            if isinstance(answer, RequestError):
                labels = (meant.name, "", "", protocol.name)
                reply(refusal(protocol, answer, key or sent_id(request), labels))
            else:
                more = scores + served.margin(answer) if served.margins else scores
                reply(_success(answer, protocol, meant.name, batch.form, served.schema, more))

        try:
            number = None if version is None else version_number(version)
            served = meant.router.ready()
            batch = decode(request.body, headers, served.schema)
            key = batch.id or sent_id(request)
            if not _is_id(key):
                fault = f"id: up to {MAX_ID} printable ASCII characters are allowed, not {key[:40]!r}"
                raise RequestError(400, fault)
            entity = headers.get(b"x-noria-entity", b"").decode("latin-1")
            if outliers.ASKED in headers:
                scores = outliers.header(batch, served.detector)
            meant.router.answer(batch, done, key=key, entity=entity, client=request.client, version=number)
        except RequestError as error:
            done(error)


def refusal(protocol: Protocol, error: RequestError, key: str, labels: tuple[str, ...] = ()) -> Response:
    """Return an error in the protocol's form, with the id that the client has sent, if it has."""
    content = protocol.fail(error.status, error.message)
    lines = b"%b%b%b%b" % (
        content.headers,
        b"retry-after: %d\r\n" % error.retry if error.status in (429, 503) else b"",
        b"www-authenticate: Bearer\r\n" if error.status == 401 else b"",
        b"x-request-id: %b\r\n" % key.encode() if key and _is_id(key) else b"",
    )
    return Response(error.status, content.body, lines, content.content_type, labels)


def sent_id(request: Request) -> str:
    """Return the id that the headers of a request carry, or ""."""
    headers = request.headers
    return (headers.get(b"x-request-id") or headers.get(INFERENCE_ID) or b"").decode("latin-1")


def version_number(text: str) -> int:
    """Return the number of a version.

    Raises:
        RequestError: 404, it is no number.
    """
    if not (text.isascii() and text.isdecimal() and len(text) < 20):
        raise RequestError(404, f"a version is a number, not {text[:40]!r}")
    return int(text)


def _is_id(key: str) -> bool:
    return len(key) <= MAX_ID and key.isascii() and key.isprintable()


def _success(
    answer: Answer, protocol: Protocol, model: str, form: Any, schema: Schema, more: bytes
) -> Response:
    content = protocol.encode(answer, form, model, schema)
    versions, roles, origin = _origin(answer.versions, answer.roles)
    key, kept = answer.id.encode(), _KEPT[answer.log]
    lines = b"%b%bx-request-id: %b\r\n%b%b" % (content.headers, origin, key, kept, more)
    return Response(200, content.body, lines, content.content_type, (model, versions, roles, protocol.name))


@lru_cache(maxsize=1024)
def _origin(versions: tuple[int, ...], roles: tuple[str, ...]) -> tuple[str, str, bytes]:
    """Return the versions and the roles as one text each, and their headers."""
    first, second = ",".join(map(str, versions)), ",".join(roles)
    return first, second, f"x-noria-version: {first}\r\nx-noria-role: {second}\r\n".encode()
