"""Has past predictions explained beside the event loop, one after the other."""

from __future__ import annotations

import asyncio
import logging
from asyncio import TimerHandle

import msgspec

from noria.errors import RequestError
from noria.gateway.child import Child
from noria.gateway.http.messages import Reply, Request, Response
from noria.gateway.models import Models
from noria.gateway.prediction import refusal
from noria.gateway.protocols import body, open_inference

logger = logging.getLogger(__name__)

MODULE = "noria.explain.answering"
WAITING = 16
"""Requests that may wait for an explanation at a time."""
PATIENCE = 30.0
"""Seconds that one may take; the first one loads the libraries and the version."""
IDLE = 300.0
"""Seconds without a request after which the process ends, and gives its memory back."""


class Asked(msgspec.Struct, forbid_unknown_fields=True):
    """Which prediction is to be explained, as in `noria explain`."""

    id: str
    at: str = ""
    entity: str = ""
    flip: bool = False


class Answered(msgspec.Struct):
    """What the process says: with 200 the explanation, else what was wrong."""

    status: int
    body: msgspec.Raw


_decoder = msgspec.json.Decoder(Asked)
_read = msgspec.json.Decoder(Answered).decode


class Explanations:
    """The endpoint for explanations. Its process starts with the first request, and ends when idle."""

    def __init__(self, models: Models) -> None:
        self._models = models
        self._child: Child | None = None
        self._turn = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._rest: TimerHandle | None = None

    def __call__(self, request: Request, reply: Reply, model: str) -> None:
        """Explain the prediction of a request's body.

        Raises:
            RequestError: 400, the body is none; 503, too many wait.
        """
        name = self._models.named(model).name
        asked = body.decode(_decoder, request.body)
        if len(self._tasks) >= WAITING:
            raise RequestError(503, f"{WAITING} explanations wait already")
        task = asyncio.get_running_loop().create_task(self._answer(name, asked, reply))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, model: str, asked: Asked, reply: Reply) -> None:
        try:
            told = await self._ask(model, asked)
        except RequestError as error:
            reply(refusal(open_inference.PROTOCOL, error, ""))
        else:
            reply(Response(200, bytes(told)))

    async def _ask(self, model: str, asked: Asked) -> msgspec.Raw:
        homes = {each.name: str(each.settings.home.parent) for each in self._models}
        call = msgspec.json.encode({"model": model, "roots": homes, "asked": asked})
        async with self._turn:
            try:
                async with asyncio.timeout(PATIENCE):
                    self._child = self._child or await Child.start(MODULE)
                    said = _read(await self._child.ask(call))
            except (TimeoutError, OSError, asyncio.IncompleteReadError) as error:
                logger.warning("a prediction could not be explained: %r", error)
                self.close()
                raise RequestError(503, "the process that explains has failed; the log says why") from None
            self._rest_later()
        if said.status != 200:
            raise RequestError(said.status, msgspec.json.decode(said.body))
        return said.body

    def _rest_later(self) -> None:
        if self._rest:
            self._rest.cancel()
        self._rest = asyncio.get_running_loop().call_later(IDLE, self._end_if_idle)

    def _end_if_idle(self) -> None:
        if not self._tasks:
            self.close()

    def close(self) -> None:
        """End the process; the next request starts another one."""
        child, self._child = self._child, None
        if child:
            child.end()
