"""Which request is whose: a table of methods and paths, found without a search where it matters."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import msgspec

from noria.errors import RequestError
from noria.gateway.access.tokens import Scope
from noria.gateway.http.messages import Reply, Request

Endpoint = Callable[[Request, Reply], None]


class Route(msgspec.Struct, frozen=True):
    """A path, the right that it takes, and who answers it.

    `path` may hold `{names}`, whose parts of the path the endpoint gets as arguments, and `*` for any part.
    Without a `scope` it is open to everybody. `whole` says that it tells of all models of the gateway.
    """

    method: str
    path: str
    scope: Scope | None
    endpoint: Callable[..., None]
    whole: bool = False


class Paths:
    """The routes of a gateway. One that names a model and no more is found at once."""

    def __init__(self, routes: Sequence[Route], models: Iterable[str]) -> None:
        self._exact: dict[tuple[bytes, str], Endpoint] = {}
        self._patterns: list[tuple[re.Pattern[str], Route]] = []
        for route in routes:
            self._patterns.append((_pattern(route.path), route))
            for path, arguments in _spelled_out(route.path, models):
                self._exact[route.method.encode(), path] = partial(route.endpoint, **arguments)

    def find(self, method: bytes, path: str) -> Endpoint:
        """Return who answers a request.

        Raises:
            RequestError: 404, there is no such path; 405, not with this method.
        """
        return self._exact.get((method, path)) or self._search(method.decode("latin-1"), path)

    def _search(self, method: str, path: str) -> Endpoint:
        allowed = []
        for pattern, route in self._patterns:
            if match := pattern.fullmatch(path):
                if route.method == method:
                    return partial(route.endpoint, **match.groupdict())
                allowed.append(route.method)
        if allowed:
            raise RequestError(405, f"{path[:200]} takes {', '.join(sorted(set(allowed)))}, not {method}")
        raise RequestError(404, f"there is no {method} {path[:200]}")


def _pattern(path: str) -> re.Pattern[str]:
    escaped = re.escape(path).replace(r"\*", "[^/]+")
    return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/:]+)", escaped))


def _spelled_out(path: str, models: Iterable[str]) -> list[tuple[str, dict[str, Any]]]:
    """Return the paths that a path means, with their arguments; none if it names more than a model."""
    if "{" in path.replace("{model}", "") or "*" in path:
        return []
    if "{model}" not in path:
        return [(path, {})]
    return [(path.replace("{model}", name), {"model": name}) for name in models]
