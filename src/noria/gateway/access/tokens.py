"""Bearer tokens: a random secret that is shown once, and what the gateway keeps of it instead.

A secret is `noria_`, 43 characters of base 62 (256 random bits) and 6 that check them (their CRC-32), so that
a scanner of source code knows one when it sees one.
https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from string import ascii_lowercase, ascii_uppercase, digits
from zlib import crc32

import msgspec

PREFIX = "noria_"
_ALPHABET = digits + ascii_uppercase + ascii_lowercase


class Scope(StrEnum):
    """What a token is for: to ask for predictions, to have past ones explained, to send labels, to look at
    the gateway itself, or all."""

    PREDICT = "predict"
    EXPLAIN = "explain"
    FEEDBACK = "feedback"
    OBSERVE = "observe"
    ALL = "all"


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a token: the SHA-256 of its secret, and what it allows; () of `models` means all."""

    name: str
    digest: str
    scopes: tuple[Scope, ...]
    models: tuple[str, ...] = ()
    created: datetime
    expires: datetime

    def allows(self, scope: Scope, model: str | None) -> bool:
        """Return whether it may do this to a model, or, with None, to all models of the gateway."""
        rightful = scope in self.scopes or Scope.ALL in self.scopes
        return rightful and (not self.models or model in self.models)


class Tokens:
    """The tokens that a gateway knows at the time."""

    def __init__(self, tokens: Iterable[Token] = ()) -> None:
        self.know(tokens)

    def know(self, tokens: Iterable[Token]) -> None:
        """Know these from now on, and no others."""
        self._by_digest = {token.digest: token for token in tokens}

    def find(self, headers: Mapping[bytes, bytes], now: datetime) -> Token | None:
        """Return the token that a request carries as `Authorization: Bearer`, unless it has expired.

        How long this takes tells nothing about a secret: only hashes are compared.
        """
        kind, _, secret = headers.get(b"authorization", b"").partition(b" ")
        if kind.lower() != b"bearer":
            return None
        token = self._by_digest.get(digest(secret.strip()))
        return token if token and now < token.expires else None


def mint() -> str:
    """Return a new secret."""
    body = _base62(int.from_bytes(secrets.token_bytes(32)), 43)
    return PREFIX + body + _base62(crc32(body.encode()), 6)


def digest(secret: bytes) -> str:
    """Return what is kept of a secret. 256 random bits cannot be guessed from it: it needs no salt."""
    return sha256(secret).hexdigest()


def _base62(number: int, length: int) -> str:
    text = ""
    for _ in range(length):
        number, rest = divmod(number, 62)
        text = _ALPHABET[rest] + text
    return text
