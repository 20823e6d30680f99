"""A process beside the event loop that answers calls, frame by frame, on its standard input and output."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
import sys
from asyncio import StreamReader, StreamWriter
from subprocess import Popen
from typing import Self

HEADER = struct.Struct("<I")
"""What stands before each frame: its length in bytes."""


class Child:
    """`python -m MODULE`; it ends when the gateway does, since its input does then."""

    def __init__(self, process: Popen[bytes], reader: StreamReader, writer: StreamWriter) -> None:
        self._process = process
        self._reader = reader
        self._writer = writer

    @classmethod
    async def start(cls, module: str) -> Self:
        """Start the process, which need not be ready yet: its calls wait."""
        ours, theirs = socket.socketpair()
        environment = os.environ | {"OPENBLAS_NUM_THREADS": "1"}  # its threads would reserve the memory
        reader, writer = await asyncio.open_connection(sock=ours)
        with theirs:
            command = (sys.executable, "-m", module)
            process = Popen(command, stdin=theirs.fileno(), stdout=theirs.fileno(), env=environment)
        return cls(process, reader, writer)

    async def ask(self, call: bytes) -> bytes:
        """Return the answer to a call; one at a time.

        Raises:
            OSError, asyncio.IncompleteReadError: the process has ended.
        """
        self._writer.write(HEADER.pack(len(call)))
        self._writer.write(call)
        await self._writer.drain()
        size = HEADER.unpack(await self._reader.readexactly(HEADER.size))[0]
        return await self._reader.readexactly(size)

    def end(self) -> None:
        self._writer.transport.abort()
        self._process.kill()
        self._process.wait()
