"""Where the tokens of a project lie, `.noria/gateway/tokens.json`, and when each was used last.

The gateway looks at the file by itself, so a token is revoked while the control state is out of reach.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import msgspec

from noria.errors import StateError
from noria.gateway.access.tokens import Token

_used = msgspec.json.Decoder(dict[str, datetime])


class TokenFile:
    """The tokens of the project whose `.noria` is `home`."""

    def __init__(self, home: Path) -> None:
        self._folder = home / "gateway"
        self.path = self._folder / "tokens.json"

    def read(self) -> list[Token]:
        """Return all tokens, in the order in which they were made.

        Raises:
            StateError: the file cannot be read.
        """
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=list[Token])
        except FileNotFoundError:
            return []
        except (OSError, msgspec.DecodeError) as error:
            raise StateError(f"{self.path} cannot be read: {error}", hint=f"rm {self.path}") from error

    def add(self, token: Token) -> None:
        """Keep a new token.

        Raises:
            StateError: its name is taken.
        """
        with self._locked():
            tokens = self.read()
            if any(each.name == token.name for each in tokens):
                hint = f"noria token revoke --name {token.name}"
                raise StateError(f"there is a token {token.name!r} already", hint=hint)
            self._write([*tokens, token])

    def remove(self, name: str) -> None:
        """Forget a token: within a second no gateway takes it any more.

        Raises:
            StateError: there is none of this name.
        """
        with self._locked():
            tokens = self.read()
            rest = [token for token in tokens if token.name != name]
            if len(rest) == len(tokens):
                raise StateError(f"there is no token {name!r}", hint="noria token list")
            self._write(rest)

    def note_use(self, worker: int, used: Mapping[str, datetime]) -> None:
        """Keep when a worker of the gateway last saw each token, by name."""
        _replace(self._folder / f"tokens-used-{worker}.json", msgspec.json.encode(used))

    def last_used(self) -> dict[str, datetime]:
        """Return when each token that was ever used was used last, by name."""
        seen: dict[str, datetime] = {}
        for path in self._folder.glob("tokens-used-*.json"):
            for name, at in _used.decode(path.read_bytes()).items():
                seen[name] = max(at, seen.get(name, at))
        return seen

    def _write(self, tokens: list[Token]) -> None:
        _replace(self.path, msgspec.json.format(msgspec.json.encode(tokens), indent=2))

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / "tokens.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _replace(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read, so that it is there whole, or as it was before."""
    draft = path.with_suffix(".draft")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
