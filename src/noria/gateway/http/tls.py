"""The certificate of the gateway's port, taken anew when its files change."""

from __future__ import annotations

import asyncio
import logging
import ssl
from pathlib import Path

from noria.errors import ProjectError

logger = logging.getLogger(__name__)

POLL = 1.0
"""Seconds between two looks at the files."""


class Certificate:
    """A certificate with its key; `context` is what a listener speaks TLS with, 1.2 or later."""

    def __init__(self, certificate: Path, key: Path | None) -> None:
        """Load the PEM files; without `key` it is in the file of the certificate.

        Raises:
            ProjectError: a file is missing, is no PEM, or the key is another certificate's.
        """
        self._files = certificate, key or certificate
        try:
            self._seen = self._modified()
            self._newest = self.context = _load(*self._files)
        except (OSError, ssl.SSLError) as error:
            fault = f"serve.certificate {certificate}, serve.key {key or 'none'}: {error}"
            raise ProjectError((fault,), hint=f"openssl x509 -in {certificate} -noout -subject") from None
        self.context.sni_callback = self._hand_out

    async def follow(self) -> None:
        """Load the files anew whenever they change, for ever; files that do not fit change nothing."""
        while True:
            await asyncio.sleep(POLL)
            try:
                if (modified := self._modified()) != self._seen:
                    self._newest = _load(*self._files)
                    self._seen = modified
                    logger.info("the certificate was taken anew")
            except (OSError, ssl.SSLError) as error:  # perhaps only one of the two is written yet
                logger.warning("the certificate stays as it was: %s", error)

    def _modified(self) -> list[int]:
        return [file.stat().st_mtime_ns for file in self._files]

    def _hand_out(self, client: ssl.SSLObject, name: str | None, context: ssl.SSLContext) -> None:
        client.context = self._newest


def _load(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    return context
