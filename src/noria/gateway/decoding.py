"""Has large bodies decoded beside the event loop, one after the other."""

from __future__ import annotations

import asyncio
import logging
import os
import pickle
import socket
import sys
from asyncio import StreamReader, StreamWriter
from subprocess import Popen
from typing import Any, Self

from noria.errors import RequestError
from noria.gateway.batch import Batch
from noria.gateway.decoder import HEADER
from noria.gateway.protocols.protocol import Decode

logger = logging.getLogger(__name__)

PATIENCE = 10.0
"""Seconds that one body may take."""


class Decoding:
    """The process that decodes (see decoder.py); it starts with the first large body."""

    def __init__(self) -> None:
        self._worker: _Worker | None = None
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
                    self._worker = self._worker or await _Worker.start()
                    found = await self._worker.ask(call)
            except (TimeoutError, OSError, asyncio.IncompleteReadError) as error:
                logger.warning("a large body could not be decoded: %r", error)
                self.close()
                raise RequestError(413, "the body is too large to be read in time") from None
        if isinstance(found, Batch):
            return found
        raise RequestError(*found)

    def close(self) -> None:
        """End the process; the next large body starts another one."""
        worker, self._worker = self._worker, None
        if worker:
            worker.end()


class _Worker:
    def __init__(self, process: Popen[bytes], reader: StreamReader, writer: StreamWriter) -> None:
        self._process = process
        self._reader = reader
        self._writer = writer

    @classmethod
    async def start(cls) -> Self:
        ours, theirs = socket.socketpair()
        environment = os.environ | {"OPENBLAS_NUM_THREADS": "1"}  # its threads would reserve the memory
        with theirs:
            command = (sys.executable, "-m", "noria.gateway.decoder")
            process = Popen(command, stdin=theirs.fileno(), stdout=theirs.fileno(), env=environment)
        return cls(process, *await asyncio.open_connection(sock=ours))

    async def ask(self, call: bytes) -> Any:
        self._writer.write(HEADER.pack(len(call)))
        self._writer.write(call)
        await self._writer.drain()
        size = HEADER.unpack(await self._reader.readexactly(HEADER.size))[0]
        return pickle.loads(await self._reader.readexactly(size))

    def end(self) -> None:
        self._writer.transport.abort()
        self._process.kill()
        self._process.wait()
