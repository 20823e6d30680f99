"""Has large bodies decoded beside the event loop, one after the other."""

from __future__ import annotations

import asyncio
import logging
import pickle
from typing import Any

from noria.errors import RequestError
from noria.gateway.batch import Batch
from noria.gateway.child import Child
from noria.gateway.protocols.protocol import Decode

logger = logging.getLogger(__name__)

MODULE = "noria.gateway.decoder"
PATIENCE = 10.0
"""Seconds that one body may take."""


class Decoding:
    """The process that decodes (see decoder.py); it starts with the first large body."""

    def __init__(self) -> None:
        self._child: Child | None = None
        self._turn = asyncio.Lock()

    async def __call__(self, decode: Decode, *arguments: Any) -> Batch:
        """Return what `decode` makes of the arguments.

        Raises:
            RequestError: what `decode` raised; 413, it took too long or too much memory.
        """
        call = pickle.dumps((decode, *arguments), protocol=5)
        async with self._turn:
            try:
                async with asyncio.timeout(PATIENCE):
                    self._child = self._child or await Child.start(MODULE)
                    found = pickle.loads(await self._child.ask(call))
            except (TimeoutError, OSError, asyncio.IncompleteReadError) as error:
                logger.warning("a large body could not be decoded: %r", error)
                self.close()
                raise RequestError(413, "the body is too large to be read in time") from None
        if isinstance(found, Batch):
            return found
        raise RequestError(*found)

    def close(self) -> None:
        """End the process; the next large body starts another one."""
        child, self._child = self._child, None
        if child:
            child.end()
