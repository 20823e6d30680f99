"""Follows the project's tokens, so that a new one works and a revoked one does not, within a second."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import MutableMapping
from datetime import datetime
from time import monotonic

from noria.errors import StateError
from noria.gateway.access.token_file import TokenFile
from noria.gateway.access.tokens import Tokens

logger = logging.getLogger(__name__)

POLL = 0.2
NOTE_EVERY = 60.0
"""Seconds between two notes of when tokens were used."""


class TokenWatch:
    """Keeps `tokens` as the file has them, and writes down what is put into `used`, time by name."""

    def __init__(self, file: TokenFile, worker: int) -> None:
        """Read the tokens; without a file there are none."""
        self.tokens = Tokens()
        self.used: MutableMapping[str, datetime] = {}
        self._file = file
        self._worker = worker
        self._seen: tuple[int, int] | None = None
        self._look()

    async def follow(self) -> None:
        """Follow the file, for ever."""
        noted = monotonic()
        try:
            while True:
                await asyncio.sleep(POLL)
                self._look()
                if self.used and monotonic() - noted > NOTE_EVERY:
                    noted = monotonic()
                    await asyncio.to_thread(self._note)
        finally:
            self._note()

    def _look(self) -> None:
        try:
            status = self._file.path.stat()
            seen = status.st_mtime_ns, status.st_ino
        except FileNotFoundError:
            seen = 0, 0
        if seen != self._seen:
            self._seen = seen
            try:
                self.tokens.know(self._file.read())
            except StateError as error:
                logger.error("the tokens known so far stay: %s", error)

    def _note(self) -> None:
        try:
            self._file.note_use(self._worker, dict(self.used))
        except OSError as error:
            logger.error("when tokens were used could not be noted: %s", error)
